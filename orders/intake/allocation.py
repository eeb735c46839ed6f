"""Stock comes or goes: the ledger is told, and waiting lines are served oldest first in the same transaction."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime

from django.db import transaction
from django.db.models import Sum

from config.kit import true_time
from config.kit.plurals import counted
from config.kit.round_trips import Question, ask, ask_together, say
from config.kit.sql import copy_rows, execute
from orders.choices import EventKind, OrderStatus, Tab
from orders.intake.tabs import tab_of
from orders.models import Order, OrderEvent, OrderLine
from stock import ledger
from stock.availability import Level, Shelves
from stock.ledger import Change
from stock.warehouses import Place

# Waiting lines read at a time; a receipt of a popular product may serve more, batch by batch.
SERVE_AT_ONCE = 1_000
# Products whose first waiting lines are read in one trip.
ASKED_TOGETHER = 20
BEGINNING = (datetime.min.replace(tzinfo=UTC), 0)
# Line id, order id, units, placed at.
WaitingLine = tuple[int, int, int, datetime]


@dataclass(frozen=True)
class Served:
    """What a stock change did to waiting orders."""

    units: int
    orders: int
    moved: dict[str, int]
    """How many orders went into each tab."""
    units_of: Mapping[int, int] = field(default_factory=dict)
    """Units by the ids of the orders that got them."""


def waiting_units(product_ids: Iterable[int]) -> dict[int, int]:
    """How many units orders wait for, by product; those that none waits for are left out."""
    lines = OrderLine.objects.filter(product__in=list(product_ids), waiting__gt=0).order_by()
    return {row["product"]: row["units"] for row in lines.values("product").annotate(units=Sum("waiting"))}


def change_stock(project_id: int, changes: Sequence[Change], actor_id: int | None = None) -> Served:
    """Book receipts and adjustments of a project, then serve the lines that wait for those products.

    Raises `stock.ledger.StockError` with a sentence when the stock does not allow it; nothing is written then.
    """
    at = true_time.now()
    with transaction.atomic():
        ledger.lock_project(project_id)
        shelves = ledger.move(project_id, changes, at, actor_id)
        return serve_waiting(shelves, at)


def serve_waiting(shelves: Shelves, at: datetime, silent: Collection[int] = ()) -> Served:
    """Give what is free in these locked levels to the lines that wait there, oldest order first.

    In the caller's transaction. A line waits in the warehouse of its order and nowhere else. The history of the
    `silent` orders does not tell of it: whoever changes them says so in their own words.
    """
    served: list[tuple[int, int, int, int]] = []  # level id, line id, order id, units
    for place, levels in shelves.items():
        free = {product_id: level for product_id, level in levels.items() if level.available > 0}
        waited_for = _waited_for(free)
        for start in range(0, len(waited_for), ASKED_TOGETHER):
            products = waited_for[start : start + ASKED_TOGETHER]
            first = ask_together(*(_waiting(place, product_id, BEGINNING) for product_id in products))
            for product_id, batch in zip(products, first, strict=True):
                served += _serve_product(place, product_id, free[product_id], batch)
    if not served:
        return Served(0, 0, {})
    ledger.write_levels(shelves)
    ledger.grow_reservations([(level_id, line_id, units) for level_id, line_id, _, units in served])
    say(
        "UPDATE orders_orderline AS line SET reserved = line.reserved + new.units, waiting = line.waiting - new.units"
        " FROM unnest(%s::bigint[], %s::int[]) AS new (id, units) WHERE line.id = new.id",
        [[row[1] for row in served], [row[3] for row in served]],
    )
    units_of: dict[int, int] = {}
    for _, _, order_id, units in served:
        units_of[order_id] = units_of.get(order_id, 0) + units
    moved = refresh_tabs(units_of, at)
    copy_rows(
        OrderEvent,
        ("order_id", "kind", "message", "actor_id", "at"),
        [
            (
                order_id,
                EventKind.STOCK_SERVED.value,
                f"Stock arrived: {counted(units, 'more unit')} reserved.",
                None,
                at,
            )
            for order_id, units in units_of.items()
            if order_id not in silent
        ],
    )
    return Served(sum(units_of.values()), len(units_of), moved, units_of)


def _waited_for(free: dict[int, Level]) -> list[int]:
    """The products of these that lines wait for, in the order of their levels."""
    if len(free) > 1:
        rows = execute(
            "SELECT DISTINCT product_id FROM orders_orderline WHERE waiting > 0 AND product_id = ANY(%s)", [list(free)]
        )
        waited = {row[0] for row in rows}
        free = {product_id: level for product_id, level in free.items() if product_id in waited}
    return sorted(free, key=lambda product_id: free[product_id].id)


def _serve_product(
    place: Place, product_id: int, level: Level, batch: list[WaitingLine]
) -> list[tuple[int, int, int, int]]:
    """`batch`: the first lines that wait for it."""
    served: list[tuple[int, int, int, int]] = []
    last = BEGINNING
    while level.available > 0:
        for line_id, order_id, waiting, placed_at in batch:
            units = level.take(waiting)
            if not units:
                return served
            served.append((level.id, line_id, order_id, units))
            last = (placed_at, line_id)
        if len(batch) < SERVE_AT_ONCE:
            break
        batch = ask(_waiting(place, product_id, last))
    return served


def _waiting(place: Place, product_id: int, after: tuple[datetime, int]) -> Question[list[WaitingLine]]:
    """The next lines waiting for a product there, oldest order first."""
    return Question(
        "SELECT line.id, line.order_id, line.waiting, o.placed_at FROM orders_orderline AS line"
        " JOIN orders_order AS o ON o.id = line.order_id"
        " WHERE line.product_id = %s AND line.waiting > 0 AND o.warehouse_id IS NOT DISTINCT FROM %s"
        " AND (o.placed_at, line.id) > (%s, %s)"
        " ORDER BY o.placed_at, line.id LIMIT %s",
        [product_id, place, *after, SERVE_AT_ONCE],
        lambda rows: [(row[0], row[1], row[2], row[3]) for row in rows],
    )


def refresh_tabs(order_ids: Iterable[int], at: datetime) -> dict[str, int]:
    """Recompute the tab of these orders; how many came into each tab."""
    lines: dict[int, list[tuple[int, int]]] = {order_id: [] for order_id in order_ids}
    stocked = OrderLine.objects.filter(order_id__in=lines, product__isnull=False)
    for order_id, reserved, waiting in stocked.values_list("order_id", "reserved", "waiting"):
        lines[order_id].append((reserved, waiting))
    groups: dict[Tab, list[int]] = {}
    for order_id, status, tab in Order.objects.filter(id__in=lines).values_list("id", "status", "tab"):
        new = tab_of(OrderStatus(status), lines[order_id])
        if new != tab:
            groups.setdefault(new, []).append(order_id)
    for new, ids in groups.items():
        Order.objects.filter(id__in=ids).update(tab=new, updated_at=at)
    return {new.value: len(ids) for new, ids in groups.items()}
