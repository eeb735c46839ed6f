"""Orders come into a preparation, are renewed there after a change, and are put back."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from django.db import transaction
from django.db.models import Exists, OuterRef

from config.kit import true_time
from orders.choices import OrderStatus, Tab
from orders.models import Order, OrderLine, Preparation, PreparedLine, PreparedOrder
from orders.work.changing import ChangeRefused
from orders.work.moving import destinations, shippable
from stock import ledger

# Orders of one preparation.
MOST = 100


@dataclass(frozen=True)
class LeftOut:
    """An order that cannot be prepared now, and why, in words."""

    order: Order
    why: str
    preparation_id: int | None = None
    """Where it is prepared already."""


@dataclass(frozen=True)
class Gathered:
    preparation: Preparation | None
    """None: there was nothing to prepare."""
    left_out: list[LeftOut]


@transaction.atomic
def gather(project_id: int, order_ids: Sequence[int], *, actor_id: int | None) -> Gathered:
    """A new preparation of these orders, as far as they have something in stock and wait in no other one."""
    ledger.lock_project(project_id)  # what is reserved and the version belong together
    orders = list(
        Order.objects.filter(project_id=project_id, pk__in=list(order_ids))
        .only("number", "status", "tab", "version", "placed_at")
        .prefetch_related("lines")
        .order_by("placed_at", "pk")
    )
    elsewhere = dict(
        PreparedOrder.objects.filter(order__in=orders, shipment=None).values_list("order_id", "preparation_id")
    )
    left_out, chosen = [], []
    for order in orders:
        parts = to_leave(order.lines.all())
        if order.pk in elsewhere:
            other = elsewhere[order.pk]
            left_out.append(LeftOut(order, f"is in preparation {other} already", other))
        elif why := _unready(order, parts):
            left_out.append(LeftOut(order, why))
        else:
            chosen.append((order, parts))
    if not chosen:
        return Gathered(None, left_out)
    new = Preparation.objects.create(project_id=project_id, author_id=actor_id, created_at=true_time.now())
    rows = [
        PreparedOrder(preparation=new, order=order, position=position, version=order.version)
        for position, (order, _) in enumerate(chosen, 1)
    ]
    PreparedOrder.objects.bulk_create(rows)
    PreparedLine.objects.bulk_create(
        PreparedLine(prepared=row, order_line=line, units=units)
        for row, (_, parts) in zip(rows, chosen, strict=True)
        for line, units in parts
    )
    return Gathered(new, left_out)


def to_leave(lines: Iterable[OrderLine]) -> list[tuple[OrderLine, int]]:
    """Lines with the units that can leave now in one parcel: of an order to several addresses, those to the first."""
    rows = list(lines)
    ready = [line for line in rows if shippable(line)]
    if not any(line.product_id for line in ready) and any(line.waiting for line in rows):
        return []  # goods are what a shipment is about; services go along with them
    first = next(iter(destinations(ready)), {})
    return [
        (line, shippable(line))
        for line in ready
        if line.shipping == first or (line.product_id is None and not line.shipping)
    ]


def _unready(order: Order, parts: Sequence[object]) -> str:
    """Why the order cannot be prepared; "" where it can."""
    if order.status != OrderStatus.PROCESSING:
        return f"is {OrderStatus(order.status).label.lower()}"
    if order.tab == Tab.BACKORDER or not parts:
        return "has nothing in stock"
    return ""


def locked(prepared_id: int) -> PreparedOrder:
    """An order of a preparation, locked until the caller's transaction ends. Raises ChangeRefused where it is gone."""
    rows = PreparedOrder.objects.select_for_update(of=("self",)).select_related("order", "shipment")
    row = rows.filter(pk=prepared_id).first()
    if row is None:
        raise ChangeRefused("The order was taken out of this preparation meanwhile.")
    return row


@transaction.atomic
def renew(prepared_id: int) -> str:
    """Prepare an order as it is by now; what is packed stays packed as far as it still leaves. What changed, in words.

    An order with nothing left to ship leaves the preparation.
    """
    row = locked(prepared_id)
    if row.shipment is not None:
        raise ChangeRefused(f"Order {row.order.number} is shipped already: shipment {row.shipment.code}.")
    ledger.lock_project(row.order.project_id)
    order = Order.objects.prefetch_related("lines").get(pk=row.order_id)
    parts = to_leave(order.lines.all())
    if why := _unready(order, parts):
        _drop([row])
        return f"Order {order.number} {why}: it is taken out of this preparation."
    before = {line.order_line_id: line for line in row.lines.select_related("order_line")}
    told = _differences(parts, before)
    row.lines.all().delete()
    PreparedLine.objects.bulk_create(
        PreparedLine(prepared=row, order_line=line, units=units, packed=min(units, _packed(before, line)))
        for line, units in parts
    )
    row.version, row.scans = order.version, []
    row.save(update_fields=["version", "scans"])
    return f"Order {order.number}: {told or 'the same items leave as before'}."


def _packed(before: dict[int, PreparedLine], line: OrderLine) -> int:
    return before[line.pk].packed if line.pk in before else 0


def _differences(parts: Sequence[tuple[OrderLine, int]], before: dict[int, PreparedLine]) -> str:
    """What leaves now instead of what left before, and what has to go out of the parcel."""
    now = {line.pk: units for line, units in parts}
    names = {line.pk: line.sku or line.name for line, _ in parts}
    names |= {pk: row.order_line.sku or row.order_line.name for pk, row in before.items()}
    told = []
    for pk, name in names.items():
        was, will, packed = (
            before[pk].units if pk in before else 0,
            now.get(pk, 0),
            before[pk].packed if pk in before else 0,
        )
        if was != will:
            told.append(f"{name}: {will} instead of {was}")
        if packed > will:
            told.append(f"take {packed - will} × {name} out of the parcel")
    return ", ".join(told)


@transaction.atomic
def take_out(preparation: Preparation, prepared_ids: Iterable[int] | None = None) -> int:
    """Put orders that are not shipped back into the list of orders, all of them by default. How many were."""
    rows = PreparedOrder.objects.select_for_update().filter(preparation=preparation, shipment=None)
    if prepared_ids is not None:
        rows = rows.filter(pk__in=list(prepared_ids))
    found = list(rows.order_by("pk"))
    _drop(found)
    close_when_done(preparation.pk)
    return len(found)


def _drop(rows: Sequence[PreparedOrder]) -> None:
    PreparedOrder.objects.filter(pk__in=[row.pk for row in rows]).delete()
    for preparation_id in {row.preparation_id for row in rows}:
        close_when_done(preparation_id)


def close_when_done(preparation_id: int) -> None:
    """Remember when the last order has left."""
    waiting = PreparedOrder.objects.filter(preparation=OuterRef("pk"), shipment=None)
    done = Preparation.objects.filter(~Exists(waiting), pk=preparation_id, closed_at=None)
    done.update(closed_at=true_time.now())
