"""What the demo consists of."""

from __future__ import annotations

from dataclasses import dataclass, field

from integrations.choices import ImportAction, Plan, Role

PASSWORD = "countinghouse"  # noqa: S105  of the demo's people, on this machine only
DAYS = 30
"""How far back the shops' history reaches."""


@dataclass(frozen=True, eq=False)
class DemoShop:
    """A simulated shop. `rules` are the ones that differ from the connector's."""

    title: str
    zone: str
    currency: str
    seed: int
    port: int
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
SHOPS = (PRAGUE, BROOKLYN)


@dataclass(frozen=True)
class Person:
    username: str
    role: Role


@dataclass(frozen=True)
class DemoAccount:
    name: str
    plan: Plan
    project: str
    shops: tuple[DemoShop, ...]
    people: tuple[Person, ...]


ACCOUNTS = (
    DemoAccount(
        "Leaf & Bean",
        Plan.STANDARD,
        "Web shops",
        SHOPS,
        (
            Person("admin", Role.IMPORT_ADMIN),
            Person("orders", Role.ORDER_STAFF),
            Person("warehouse", Role.WAREHOUSE),
            Person("reader", Role.READ_ONLY),
        ),
    ),
    DemoAccount("Corner Café", Plan.TRIAL, "Web shop", (PRAGUE,), (Person("trial", Role.IMPORT_ADMIN),)),
)
OPERATOR = "operator"
"""A superuser: runs the installation, sees every account."""
