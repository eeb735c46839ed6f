"""What the demo consists of."""

from __future__ import annotations

from dataclasses import dataclass, field

from integrations.choices import AccountPlan, ImportAction, Role

PASSWORD = "countinghouse"  # noqa: S105  of the demo's people, on this machine only
# How far back the shops' history reaches.
DAYS = 30

# Address, tax numbers, bank account and foot of the demo's documents; the company is the account.
LETTERHEAD = (
    "Dlouhá 12\n110 00 Praha 1\nCzech Republic",
    "Company ID: 00000019\nVAT ID: CZ00000019",
    "Sample Bank\nIBAN: CZ65 0800 0000 1920 0014 5399",
    "Thank you for your order. Goods can be sent back within 30 days.",
)


@dataclass(frozen=True, eq=False)
class DemoShop:
    """A simulated shop. `rules` are the ones that differ from the connector's."""

    title: str
    zone: str
    currency: str
    seed: int
    port: int
    platform: str = "woocommerce"
    rules: dict[str, ImportAction] = field(default_factory=dict)

    def at(self, port: int) -> str:
        return f"http://127.0.0.1:{port}"


PRAGUE = DemoShop("Prague Tea House", "Europe/Prague", "EUR", seed=11, port=8711)
BROOKLYN = DemoShop(
    "Brooklyn Coffee",
    "America/New_York",
    "USD",
    seed=22,
    port=8712,
    rules={
        "processing": ImportAction.INVOICE,
        "completed": ImportAction.COMPLETE,
        "cancelled": ImportAction.CANCEL,
    },
)
MARKETPLACES = (
    DemoShop("Kyoto Tea", "Asia/Tokyo", "USD", seed=33, port=8713, platform="shopify"),
    DemoShop("Berlin Roasters", "Europe/Berlin", "EUR", seed=44, port=8714, platform="bigcommerce"),
    DemoShop("Leaf & Bean on eBay", "Europe/London", "GBP", seed=55, port=8715, platform="ebay"),
    DemoShop("Village Shop", "Europe/Vienna", "EUR", seed=66, port=8716, platform="ecwid"),
    DemoShop("Payments by PayPal", "UTC", "EUR", seed=77, port=8717, platform="paypal"),
    DemoShop("Atelier Lyon", "Europe/Paris", "EUR", seed=88, port=8719, platform="magento2"),
    DemoShop("Maison du Thé", "Europe/Paris", "EUR", seed=99, port=8718, platform="prestashop"),
    DemoShop("Old Mill Museum Shop", "Europe/Amsterdam", "EUR", seed=110, port=8720, platform="magento1"),
)
# Its new orders are made in the shop in Prague, and come into the book from there.
OUTLET = DemoShop("Tea Outlet on eBay", "Europe/Berlin", "EUR", seed=121, port=8721, platform="ebay")
# A warehouse ships its orders: they go there and come back in files.
PANTRY = DemoShop("Highland Pantry", "Europe/London", "GBP", seed=132, port=8722, platform="shopify")
SHOPS = (PRAGUE, BROOKLYN, *MARKETPLACES, OUTLET, PANTRY)
# Shops that are told of shipments and stock from the start.
TOLD = (PRAGUE, OUTLET, PANTRY)


@dataclass(frozen=True)
class Person:
    username: str
    role: Role


@dataclass(frozen=True)
class DemoAccount:
    name: str
    plan: AccountPlan
    project: str
    shops: tuple[DemoShop, ...]
    people: tuple[Person, ...]


# An order book each; the same account may stand here twice.
ACCOUNTS = (
    DemoAccount(
        "Leaf & Bean",
        AccountPlan.STANDARD,
        "Main shops",
        (PRAGUE, BROOKLYN),
        (
            Person("admin", Role.IMPORT_ADMIN),
            Person("orders", Role.ORDER_STAFF),
            Person("warehouse", Role.WAREHOUSE),
            Person("reader", Role.READ_ONLY),
        ),
    ),
    DemoAccount("Corner Café", AccountPlan.TRIAL, "Web shop", (PRAGUE,), (Person("trial", Role.IMPORT_ADMIN),)),
    DemoAccount("Leaf & Bean", AccountPlan.STANDARD, "Marketplaces", MARKETPLACES, ()),
    DemoAccount("Leaf & Bean", AccountPlan.STANDARD, "Shipped by Northgate", (PANTRY,), ()),
)
# A superuser: runs the installation, sees every account.
OPERATOR = "operator"
