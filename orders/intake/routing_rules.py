"""The routing rules of a project: read for a page of orders, saved all at once, and tried on existing orders before."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from decimal import Decimal
from typing import Any

import msgspec
from django.db import transaction

from config.kit import true_time
from config.kit.refusals import Refused
from orders.intake.choosing import Facts, Place, Route, Routing, facts, plain
from orders.intake.incoming import IncomingAddress
from orders.models import Order, OrderLine, RoutingRule
from stock import ledger, warehouses
from stock.availability import Shelves
from stock.warehouses import Warehouses

MOST_RULES = 50
TRIED_DAYS = 30
# Orders that rules are tried on, the newest.
MOST_TRIED = 5_000


class RoutingRefused(Refused):
    """Rules that cannot be saved; nothing was written. The message is for staff."""


@dataclass(frozen=True)
class RoutingWish:
    """A rule as somebody wants it; see `orders.models.RoutingRule`. `warehouse_id` None: by what is in stock."""

    warehouse_id: int | None
    integration_id: int | None = None
    countries: str = ""
    postcodes: str = ""
    shipping: str = ""
    currency: str = ""
    total_from: Decimal | None = None
    total_to: Decimal | None = None
    sku_prefix: str = ""


def of(project_id: int) -> Routing:
    """The rules in force. One statement where a project has one warehouse, else two."""
    return among(project_id, warehouses.of(project_id))


def among(project_id: int, here: Warehouses) -> Routing:
    """The rules in force, where the warehouses have just been read."""
    if not here.several:
        return Routing((), None, (None,), here.first)
    return routing(here, [_wish(row) for row in _saved(project_id)])


def routing(here: Warehouses, wishes: Iterable[RoutingWish]) -> Routing:
    """Rules as they act: those that name a warehouse which is switched off, or is none, do nothing."""
    active = [here.place(row.pk) for row in here.active]
    routes = [_route(wish, here) for wish in wishes]
    return Routing([each for each in routes if each.by_stock or each.place in active], here.default, active, here.first)


def saved(project_id: int) -> tuple[list[RoutingWish], str]:
    """The rules as they are, and what tells them from others: pass it on as `seen`."""
    wishes = [_wish(row) for row in _saved(project_id)]
    return wishes, _mark(wishes)


@transaction.atomic
def save(project_id: int, wishes: Sequence[RoutingWish], seen: str) -> None:
    """Let these be the rules, in this order, for orders that come from now on.

    Raises RoutingRefused, also when the rules are not those any more that were `seen`.
    """
    ledger.lock_project(project_id)  # a page that is on its way has read the old rules, or reads the new ones
    if _mark([_wish(row) for row in _saved(project_id)]) != seen:
        raise RoutingRefused("The rules were changed since you opened this page: look at them, then do it again.")
    if len(wishes) > MOST_RULES:
        raise RoutingRefused(f"A project has at most {MOST_RULES} routing rules.")
    here = warehouses.of(project_id)
    active = {row.pk for row in here.active}
    for number, wish in enumerate(wishes, start=1):
        if wish.warehouse_id is not None and wish.warehouse_id not in active:
            raise RoutingRefused(f"Rule {number}: its warehouse is switched off: choose another one.")
    RoutingRule.objects.filter(project_id=project_id).delete()
    RoutingRule.objects.bulk_create(
        RoutingRule(project_id=project_id, position=position, **_fields(wish))
        for position, wish in enumerate(wishes, start=1)
    )


@dataclass(frozen=True)
class RoutingTrial:
    """What rules would have done to existing orders: counts by place, and how many would have gone elsewhere."""

    orders: int
    cut: bool
    """More than MOST_TRIED orders: the oldest were left out."""
    now: Mapping[Place, int]
    then: Mapping[Place, int]
    elsewhere: int


def try_on(project_id: int, here: Warehouses, wishes: Sequence[RoutingWish]) -> RoutingTrial:
    """Decide the orders of the last TRIED_DAYS days anew, oldest first, from what is available now. Writes nothing."""
    rules = routing(here, wishes)
    since = true_time.now() - timedelta(days=TRIED_DAYS)
    rows = Order.objects.filter(project_id=project_id, placed_at__gte=since).order_by("-placed_at", "-pk")
    read = rows.values(
        "pk", "integration_id", "shipping", "billing", "shipping_code", "shipping_title", "currency", "total",
        "warehouse_id",
    )[: MOST_TRIED + 1]  # fmt: skip
    newest = list(read)
    orders = newest[:MOST_TRIED][::-1]
    lines = _lines([row["pk"] for row in orders])
    products = {line["product_id"] for own in lines.values() for line in own if line["product_id"]}
    shelves = ledger.seen_levels(project_id, dict.fromkeys(rules.places, products))
    now: dict[Place, int] = {}
    then: dict[Place, int] = {}
    elsewhere = 0
    for row in orders:
        place = _place(rules, row, lines.get(row["pk"], []), shelves)
        now[row["warehouse_id"]] = now.get(row["warehouse_id"], 0) + 1
        then[place] = then.get(place, 0) + 1
        elsewhere += place != row["warehouse_id"]
    return RoutingTrial(len(orders), len(newest) > MOST_TRIED, now, then, elsewhere)


def _place(rules: Routing, row: Mapping[str, Any], lines: Sequence[Mapping[str, Any]], shelves: Shelves) -> Place:
    wanted: dict[int, int] = {}
    for line in lines:
        units = line["quantity"] - line["cancelled"]
        if line["product_id"] is not None and units:
            wanted[line["product_id"]] = wanted.get(line["product_id"], 0) + units
    place = rules.place(_facts(row, lines), wanted, shelves)
    for product_id, units in wanted.items():
        if product_id in shelves[place]:
            shelves[place][product_id].take(units)
    return place


def _lines(order_ids: Sequence[int]) -> dict[int, list[Mapping[str, Any]]]:
    found: dict[int, list[Mapping[str, Any]]] = {}
    rows = OrderLine.objects.filter(order_id__in=order_ids).order_by("order_id", "position")
    for line in rows.values("order_id", "product_id", "sku", "quantity", "cancelled"):
        found.setdefault(line["order_id"], []).append(line)
    return found


def _facts(row: Mapping[str, Any], lines: Sequence[Mapping[str, Any]]) -> Facts:
    """Of an order of the book."""
    address = msgspec.convert(row["shipping"] or row["billing"] or {}, IncomingAddress)
    return facts(
        row["integration_id"],
        address,
        (row["shipping_code"], row["shipping_title"]),
        row["currency"],
        row["total"],
        (line["sku"] for line in lines),
    )


def _saved(project_id: int) -> list[RoutingRule]:
    return list(RoutingRule.objects.filter(project_id=project_id).order_by("position"))


def _wish(row: RoutingRule) -> RoutingWish:
    return RoutingWish(**{name: getattr(row, name) for name in RoutingWish.__dataclass_fields__})


def _fields(wish: RoutingWish) -> dict[str, Any]:
    return {name: getattr(wish, name) for name in RoutingWish.__dataclass_fields__}


def _mark(wishes: Sequence[RoutingWish]) -> str:
    told = [[None if value is None else str(value) for value in _fields(wish).values()] for wish in wishes]
    return hashlib.blake2b(msgspec.json.encode(told), digest_size=8).hexdigest()


def _route(wish: RoutingWish, here: Warehouses) -> Route:
    return Route(
        place=here.place(wish.warehouse_id),
        by_stock=wish.warehouse_id is None,
        integration_id=wish.integration_id,
        countries=tuple(part.upper() for part in parts(wish.countries)),
        postcodes=tuple(map(plain, parts(wish.postcodes))),
        shipping=wish.shipping,
        currency=wish.currency.upper(),
        total_from=wish.total_from,
        total_to=wish.total_to,
        sku_prefix=wish.sku_prefix,
    )


def parts(text: str) -> list[str]:
    """What stands between commas."""
    return [part.strip() for part in text.split(",") if part.strip()]
