"""A sale: what was ordered, and how its status changes with time. All follows from the shop's seed and the id."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from random import Random
from typing import Any

from integrations.simulator.catalogue import BUYERS, BY_KEY, DELIVERIES, PAYMENTS, PRODUCTS, Buyer, Product
from integrations.simulator.chance import chance

CENT = Decimal("0.01")
# A sale takes goods off the stock in these states.
TAKING = frozenset({"pending", "processing", "on-hold", "completed"})


def as_text(moment: datetime) -> str:
    return moment.strftime("%Y-%m-%dT%H:%M:%S")


def as_moment(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


@dataclass(frozen=True)
class Amended:
    """What somebody has changed in the order itself; None: nothing of that."""

    skus: tuple[tuple[str, int], ...] | None = None
    """SKU and quantity of all its lines."""
    buyer: int | None = None
    """Another one, by his place among the buyers: name and addresses go with it."""
    note: str | None = None
    half: bool | None = None
    """Whether it is half-written: a shop that saves an order in steps has no lines and no costs at first."""


@dataclass(frozen=True)
class Change:
    """The status an order has from a moment on. `refund`: the part of the total paid back then, 0 to 1."""

    at: datetime
    status: str
    refund: float = 0
    amended: Amended | None = None


@dataclass(frozen=True)
class Item:
    product: Product
    quantity: int
    gone: bool = False
    """The product has since been deleted from the shop."""


@dataclass(frozen=True)
class Basket:
    buyer: Buyer
    guest: bool
    items: tuple[Item, ...]
    payment: tuple[str, str]
    delivery: tuple[str, str, str]
    coupon: str
    ships_elsewhere: Buyer | None
    note: str


@dataclass(frozen=True)
class GivenLine:
    sku: str
    name: str
    quantity: int
    net: str
    """Of the whole line, as `tax`."""
    tax: str


@dataclass(frozen=True)
class Given:
    """An order that was not bought in the shop: somebody wrote it there. Amounts are plain numbers as texts."""

    lines: tuple[GivenLine, ...]
    buyer: Buyer
    reference: str = ""
    """By which whoever wrote it finds it again."""
    ships_to: Buyer | None = None
    delivery: tuple[str, str] = ("", "")
    """Code and title, as `payment`."""
    payment: tuple[str, str] = ("", "")
    shipping_net: str = "0"
    shipping_tax: str = "0"
    fees: tuple[tuple[str, str, str], ...] = ()
    """Name, net and tax of each."""
    note: str = ""
    more: Mapping[str, Any] = field(default_factory=dict)
    """What the dialect keeps beside it, as JSON."""

    def items(self) -> tuple[Item, ...]:
        """What is not in the catalogue is a product of its own, without stock."""
        known = {product.sku: product for product in PRODUCTS if product.sku}
        return tuple(Item(_named(line, known.get(line.sku)), line.quantity) for line in self.lines)


def _named(line: GivenLine, known: Product | None) -> Product:
    return replace(known, name=line.name) if known else Product(0, line.sku, line.name, Decimal(line.net), 0)


def as_given(written: Mapping[str, Any]) -> Given:
    """From `asdict` and JSON."""
    pairs = {name: tuple(written[name]) for name in ("delivery", "payment")}
    lines = tuple(GivenLine(**line) for line in written["lines"])
    fees = tuple((name, net, tax) for name, net, tax in written["fees"])
    buyers = {"buyer": Buyer(**written["buyer"]), "ships_to": written["ships_to"] and Buyer(**written["ships_to"])}
    return Given(**{**written, **pairs, **buyers, "lines": lines, "fees": fees})


@dataclass
class Sale:
    id: int
    placed_at: datetime
    changes: list[Change]
    visible_at: datetime
    """Before this moment the order is in no answer, though its stamps are older (a slow database commit)."""
    wanted: dict[str, int] = field(default_factory=dict)
    """SKU to quantity, where somebody ordered something certain."""
    number: str = ""
    given: Given | None = None
    revision: int = 0
    """Another one after every write, for whoever keeps documents of it."""

    def state(self, now: datetime) -> Change:
        """The latest change that has happened."""
        return next(change for change in reversed(self.changes) if change.at <= now)

    def refunds(self, now: datetime) -> list[Change]:
        return [change for change in self.changes if change.refund and change.at <= now]

    def paid_at(self, now: datetime) -> datetime | None:
        paid = [
            change.at for change in self.changes if change.at <= now and change.status in {"processing", "completed"}
        ]
        return min(paid, default=None)


def life(random: Random, placed_at: datetime) -> list[Change]:
    """A likely course of an order."""
    way = random.random()
    later = placed_at + timedelta(minutes=random.randint(3, 90))
    days = placed_at + timedelta(days=random.randint(1, 3), minutes=random.randint(0, 600))
    if way < 0.62:
        changes = [Change(placed_at, "processing"), Change(days, "completed")]
    elif way < 0.74:
        changes = [Change(placed_at, "pending"), Change(later, "processing"), Change(days, "completed")]
    elif way < 0.82:
        changes = [Change(placed_at, "on-hold"), Change(days, "processing")]
    elif way < 0.88:
        changes = [Change(placed_at, "pending"), Change(later, "cancelled")]
    elif way < 0.91:
        changes = [Change(placed_at, "pending"), Change(later, "failed")]
    elif way < 0.94:
        back = days + timedelta(days=4)
        changes = [Change(placed_at, "processing"), Change(days, "completed"), Change(back, "refunded", refund=1)]
    elif way < 0.97:
        changes = [Change(placed_at, "processing"), Change(days, "completed", refund=0.25)]
    else:
        changes = [Change(placed_at, "checkout-draft")]
    return changes


def basket(seed: int, sale: Sale) -> Basket:
    """What is in an order; the same for ever, unless somebody amends it."""
    sold = _bought(seed, sale) if sale.given is None else _written(sale.given)
    for change in sale.changes:
        if change.amended is not None:
            sold = _amended(sold, change.amended)
    half = [change.amended.half for change in sale.changes if change.amended and change.amended.half is not None]
    if half and half[-1]:
        return replace(sold, items=(), delivery=(*sold.delivery[:2], "0"), payment=PAYMENTS[0])
    return sold


def _written(given: Given) -> Basket:
    delivery = (*given.delivery, given.shipping_net)
    return Basket(given.buyer, True, given.items(), given.payment, delivery, "", given.ships_to, given.note)


def _bought(seed: int, sale: Sale) -> Basket:
    random = chance("basket", seed, sale.id)
    buyer = random.choice(BUYERS)
    if sale.wanted:
        known = {product.sku: product for product in PRODUCTS if product.sku}
        items = [Item(known[sku], quantity) for sku, quantity in sale.wanted.items()]
    else:
        keys = random.sample(sorted(BY_KEY), k=random.choice([1, 1, 2, 2, 3, 5]))
        items = [Item(BY_KEY[key], random.choice([1, 1, 1, 2, 3]), gone=random.random() < 0.01) for key in keys]
    return Basket(
        buyer=buyer,
        guest=random.random() < 0.4,
        items=tuple(items),
        payment=random.choice(PAYMENTS),
        delivery=random.choice(DELIVERIES),
        coupon="SPRING10" if random.random() < 0.12 else "",
        ships_elsewhere=random.choice(BUYERS) if random.random() < 0.15 else None,
        note=random.choice(["", "", "", "", "Prosím zvonit 2×\r\nDěkuji 🙏", "Leave it with the neighbour <3"]),
    )


def _amended(sold: Basket, amended: Amended) -> Basket:
    if amended.skus is not None:
        known = {product.sku: product for product in PRODUCTS if product.sku}
        sold = replace(sold, items=tuple(Item(known[sku], quantity) for sku, quantity in amended.skus))
    if amended.buyer is not None:
        sold = replace(sold, buyer=BUYERS[amended.buyer % len(BUYERS)], ships_elsewhere=None)
    return sold if amended.note is None else replace(sold, note=amended.note)
