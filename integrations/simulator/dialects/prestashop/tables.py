"""What a shop of PrestaShop lists beside its orders."""

from __future__ import annotations

from collections.abc import Callable

from integrations.simulator.catalogue import DELIVERIES, PRODUCTS, SHIRT
from integrations.simulator.dialects.prestashop.filtering import Json
from integrations.simulator.dialects.prestashop.orders import COUNTRIES, CUSTOM, FIRST_CARRIER
from integrations.simulator.dialects.prices import price_of
from integrations.simulator.shop import SimulatedShop

STATES = (
    "Awaiting check payment", "Payment accepted", "Processing in progress", "Shipped", "Delivered", "Canceled",
    "Refunded", "Payment error", "On backorder (paid)", "Awaiting bank wire payment", "Remote payment accepted",
    "On backorder (not paid)", "Awaiting Cash On Delivery validation",
)  # fmt: skip
# States of orders that have left, and of those that are paid.
SHIPPED, PAID = {4, 5}, {2, 3, 4, 5, 9, 11}
VARIATIONS = [product for product in PRODUCTS if product.parent]


def translated(text: str) -> list[Json]:
    """In a shop of two languages, one of them unfinished."""
    return [{"id": "1", "value": text}, {"id": "2", "value": ""}]


# As 8.2.1 has them; RoyalBlue is of older shops.
COLORS = ("#34209E", "#3498D8", "#FF8C00", "#01B887", "RoyalBlue", "#E74C3C")


def _states(shop: SimulatedShop) -> list[Json]:
    names = dict(enumerate(STATES, 1)) | {CUSTOM: "Zabaleno"}
    return [
        {
            "id": number,
            "paid": str(int(number in PAID)),
            "shipped": str(int(number in SHIPPED)),
            "deleted": "0",
            "color": COLORS[number % len(COLORS)],
            "name": translated(name),
        }
        for number, name in names.items()
    ]


def _configurations(shop: SimulatedShop) -> list[Json]:
    told = (
        ("PS_SHOP_NAME", ""),
        ("PS_SHOP_NAME", shop.name),
        ("PS_TIMEZONE", shop.zone.key),
        ("PS_LANG_DEFAULT", "1"),
        ("PS_OS_SHIPPING", "4"),
        ("PS_OS_PAYMENT", "2"),
        ("PS_OS_CANCELED", "6"),
        ("PS_OS_REFUND", "7"),
    )
    return [{"id": number, "name": name, "value": value} for number, (name, value) in enumerate(told, 1)]


def _carriers(shop: SimulatedShop) -> list[Json]:
    before = [{"id": 1, "id_reference": "1", "name": "Old courier", "deleted": "1"}]
    return before + [
        {"id": FIRST_CARRIER + place, "id_reference": str(1 + place), "name": title, "deleted": "0"}
        for place, (_, title, _) in enumerate(DELIVERIES)
    ]


def _products(shop: SimulatedShop) -> list[Json]:
    """The shirt has variations, and no reference of its own. What the shop keeps no stock of is virtual."""
    held = shop.records.quantities
    plain = [(each.key, each.sku, each.ean, each.name, price_of(shop, each)) for each in PRODUCTS if not each.parent]
    shirt = (SHIRT, "", "", VARIATIONS[0].name, price_of(shop, VARIATIONS[0]))
    return [
        {
            "id": number,
            "reference": sku,
            "ean13": ean,
            "upc": "",
            "name": translated(name),
            "price": f"{price:.6f}",
            "is_virtual": "0" if held.get(sku) is not None or number == SHIRT else "1",
        }
        for number, sku, ean, name, price in [*plain, shirt]
    ]


def _combinations(shop: SimulatedShop) -> list[Json]:
    return [
        {
            "id": each.key,
            "id_product": str(SHIRT),
            "reference": each.sku,
            "ean13": each.ean,
            "upc": "",
            "associations": {"product_option_values": [{"id": str(place)}]},
        }
        for place, each in enumerate(VARIATIONS, 1)
    ]


TABLES: dict[str, Callable[[SimulatedShop], list[Json]]] = {
    "order_states": _states,
    "configurations": _configurations,
    "currencies": lambda shop: [{"id": 1, "iso_code": shop.currency, "deleted": "0"}],
    "countries": lambda shop: [{"id": place, "iso_code": code} for place, code in enumerate(COUNTRIES, 1)],
    "states": lambda shop: [],
    "tax_rule_groups": lambda shop: [{"id": 1, "name": "Standard rate", "active": "1", "deleted": "0"}],
    "carriers": _carriers,
    "products": _products,
    "combinations": _combinations,
    "product_option_values": lambda shop: [
        {"id": place, "name": translated(each.option)} for place, each in enumerate(VARIATIONS, 1)
    ],
}
