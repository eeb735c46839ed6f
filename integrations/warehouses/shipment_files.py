"""Rows of shipment confirmations: what left a warehouse, in which parcel.

Rows of one order with the same carrier and tracking number, one after another, are a parcel. A warehouse says it again
now and then: units that left with that very tracking number are told once, and a number that comes late is added to
the shipment it belongs to. The goods have left, so that a change in the shop nobody has looked at is no obstacle; what
the order or its stock does not allow is an error of its row.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from itertools import groupby

from config.kit.isolating import apart
from integrations.importing import articles
from integrations.models import ExchangedFile, FileFeed, OrderInFile
from integrations.warehouses.row_work import Booked, why_not
from integrations.warehouses.typed_rows import TypedRow
from orders.choices import OrderStatus
from orders.in_shop import version_of
from orders.intake.drafts import Obstacle
from orders.models import Order, OrderLine, Shipment
from orders.work import shipping
from orders.work.moving import shippable
from stock.ledger import lock_project

Units = dict[int, int]


@dataclass
class Parcel:
    """Rows that left together."""

    order: Order
    carrier: str
    tracking: str
    rows: list[TypedRow] = field(default_factory=list)


class ShipmentRows:
    together = "order"
    in_one_place = False

    def faults(self, feed: FileFeed, rows: Sequence[TypedRow]) -> dict[int, str]:
        return _Judging(feed, rows).errors

    def book(self, run_id: int, feed: FileFeed, file: ExchangedFile, rows: Sequence[TypedRow]) -> Booked:
        lock_project(feed.feed.integration.project_id)
        judged = _Judging(feed, rows)
        booked = Booked(errors=judged.errors)
        for parcel in judged.parcels():
            unchanged, errors = apart(partial(_ship, parcel, judged), partial(_failed, parcel))
            booked.unchanged += unchanged
            booked.errors |= errors
        good = len(rows) - len(booked.errors) - booked.unchanged
        booked.counts = Counter(fetched=len(rows), updated=good, unchanged=booked.unchanged, failed=len(booked.errors))
        return booked


class _Judging:
    """The orders and lines that rows are about, and what is wrong with rows whatever has left already."""

    def __init__(self, feed: FileFeed, rows: Sequence[TypedRow]) -> None:
        self.errors: dict[int, str] = {row.number: row.fault for row in rows if row.fault}
        self._rows = [row for row in rows if not row.fault]
        self._orders = orders_called(feed, {row.values["order"] for row in self._rows})
        self._skus = _skus(feed, {row.values["sku"] for row in self._rows})
        found = [each for each in self._orders.values() if isinstance(each, Order)]
        self._lines: dict[int, list[OrderLine]] = defaultdict(list)
        for line in OrderLine.objects.filter(order__in=found).order_by("position", "pk"):
            self._lines[line.order_id].append(line)
        self._judge()

    def _judge(self) -> None:
        for row in self._rows:
            order = self._orders[row.values["order"]]
            if not isinstance(order, Order):
                self.errors[row.number] = order
                continue
            ordered = sum(line.quantity - line.cancelled for line in self.lines_of(order, row.values["sku"]))
            units, sku = row.values["quantity"], row.values["sku"]
            if not ordered:
                self.errors[row.number] = f"Order {order} has no SKU {sku}."
            elif units < 1:
                self.errors[row.number] = f"Order {order}, SKU {sku}: {units} units cannot leave."
            elif units > ordered:
                self.errors[row.number] = f"Order {order}, SKU {sku}: {units} left, and {ordered} are ordered."

    def lines_of(self, order: Order, sku: str) -> list[OrderLine]:
        meant = self._skus.get(sku, sku)
        return [line for line in self._lines[order.pk] if line.sku == meant]

    def parcels(self) -> Iterable[Parcel]:
        good = [row for row in self._rows if row.number not in self.errors]

        def key(row: TypedRow) -> tuple[str, str, str]:
            return row.values["order"], row.values.get("carrier", ""), row.values.get("tracking", "")

        for (called, carrier, tracking), some in groupby(good, key):
            order = self._orders[called]
            if isinstance(order, Order):
                yield Parcel(order, carrier, tracking, list(some))

    def fresh(self, order: Order) -> None:
        """Read the order's lines again: a parcel before this one has changed them."""
        self._lines[order.pk] = list(OrderLine.objects.filter(order=order).order_by("position", "pk"))


def orders_called(feed: FileFeed, names: set[str]) -> dict[str, Order | str]:
    """The orders by what a warehouse calls them: a number, or our id of it; a sentence where none or several are meant.

    Of orders of one number those are meant that this warehouse was sent.
    """
    project_id = feed.feed.integration.project_id
    ids = {int(name) for name in names if name.isdecimal() and name.isascii() and len(name) < 19}
    by_number = Order.objects.filter(project_id=project_id, number__in=names).defer("search")
    found: dict[str, list[Order]] = defaultdict(list)
    for order in by_number.select_related("remote_order"):
        found[order.number].append(order)
    sent = set(
        OrderInFile.objects.filter(
            feed__integration=feed.feed.integration, order_id__in=[each.pk for some in found.values() for each in some]
        ).values_list("order_id", flat=True)
    )
    by_id = (
        Order.objects.filter(project_id=project_id, pk__in=_sent_ids(feed, ids))
        .defer("search")
        .select_related("remote_order")
        .in_bulk()
    )
    return {name: _one(name, found.get(name, []), sent, by_id) for name in names}


def _sent_ids(feed: FileFeed, ids: set[int]) -> set[int]:
    """Our ids count only for orders that this warehouse was sent: others would be guessed."""
    rows = OrderInFile.objects.filter(feed__integration=feed.feed.integration, order_id__in=ids)
    return set(rows.values_list("order_id", flat=True))


def _one(name: str, called: list[Order], sent: set[int], by_id: Mapping[int, Order]) -> Order | str:
    mine = [order for order in called if order.pk in sent]
    if not mine and name.isdecimal() and name.isascii() and len(name) < 19 and int(name) in by_id:
        return by_id[int(name)]  # sent to this warehouse, which an order with that number was not
    mine = mine or called
    if not mine:
        return f"There is no order {name[:100]}."
    if len(mine) > 1:
        return f"{len(mine)} orders have the number {name[:100]}: only our id of the order says which is meant."
    return mine[0]


def _skus(feed: FileFeed, skus: set[str]) -> dict[str, str]:
    found = articles.load(feed.feed.integration, {(sku, "") for sku in skus})
    return {sku: meant for sku in skus if not isinstance(meant := found.meant(sku, ""), Obstacle)}


def _ship(parcel: Parcel, judged: _Judging) -> tuple[int, dict[int, str]]:
    """Book a parcel. How many of its rows say nothing new, and what is wrong with others."""
    order = parcel.order
    judged.fresh(order)
    earlier = _earlier(order)
    left: list[TypedRow] = []
    unchanged, errors = 0, dict[int, str]()
    for row in parcel.rows:
        if _told_before(row, parcel, judged, earlier):
            unchanged += 1
        elif (shipment := _lacks_number(row, parcel, judged, earlier)) is not None:
            shipping.set_tracking(shipment.pk, parcel.carrier or shipment.carrier, parcel.tracking)
            shipment.tracking_number = parcel.tracking
        else:
            left.append(row)
    units: Units = {}
    for row in left:
        if sentence := _share_out(row, order, judged.lines_of(order, row.values["sku"]), units):
            errors[row.number] = sentence
    if units:
        order.refresh_from_db(fields=["shop_changed_at", "shop_gone_at"])
        shipping.ship(
            order.pk, units, carrier=parcel.carrier, tracking_number=parcel.tracking, looked=version_of(order)
        )
    return unchanged, errors


def _earlier(order: Order) -> list[Shipment]:
    shipments = Shipment.objects.filter(order=order, cancelled_at=None).prefetch_related("lines")
    return list(shipments.order_by("pk"))


def _in(shipment: Shipment, lines: Sequence[OrderLine]) -> int:
    ids = {line.pk for line in lines}
    return sum(part.quantity for part in shipment.lines.all() if part.order_line_id in ids)


def _told_before(row: TypedRow, parcel: Parcel, judged: _Judging, earlier: Sequence[Shipment]) -> bool:
    """Whether these units left already, with this number, or without one where the row has none."""
    lines, units = judged.lines_of(parcel.order, row.values["sku"]), row.values["quantity"]
    same = [each for each in earlier if each.tracking_number == parcel.tracking and parcel.tracking]
    if any(_in(shipment, lines) >= units for shipment in same):
        return True
    return not parcel.tracking and not any(map(_open, lines)) and sum(line.shipped for line in lines) >= units


def _lacks_number(row: TypedRow, parcel: Parcel, judged: _Judging, earlier: Sequence[Shipment]) -> Shipment | None:
    """The shipment without a number that these units left with, where none of them can leave any more."""
    lines = judged.lines_of(parcel.order, row.values["sku"])
    if not parcel.tracking or any(map(_open, lines)):
        return None
    bare = [each for each in earlier if not each.tracking_number]
    return next((each for each in bare if _in(each, lines) == row.values["quantity"]), None)


def _open(line: OrderLine) -> int:
    return line.quantity - line.shipped - line.cancelled


def _share_out(row: TypedRow, order: Order, lines: Sequence[OrderLine], units: Units) -> str:
    """Spread the row's units over the lines with its SKU. Why that cannot be, a sentence; "" where it can."""
    wanted, sku = row.values["quantity"], row.values["sku"]
    free = sum(shippable(line) - units.get(line.pk, 0) for line in lines)
    still_open = sum(_open(line) - units.get(line.pk, 0) for line in lines)
    if wanted > free or order.status != OrderStatus.PROCESSING:
        return _why_not_now(order, sku, wanted, free, still_open)
    for line in lines:
        taken = min(wanted, shippable(line) - units.get(line.pk, 0))
        if taken > 0:
            units[line.pk] = units.get(line.pk, 0) + taken
            wanted -= taken
    return ""


def _why_not_now(order: Order, sku: str, wanted: int, free: int, still_open: int) -> str:
    if order.status in {OrderStatus.ON_HOLD, OrderStatus.CANCELLED}:
        is_now = OrderStatus(order.status).label.lower()
        return f"Order {order} is {is_now}, and {wanted} × {sku} left: decide what it is, then ship it by hand."
    if wanted > still_open:
        return f"Order {order}, SKU {sku}: {wanted} left, and only {still_open} were still to be sent."
    return f"Order {order}, SKU {sku}: {wanted} left, and only {free} are in stock here. Receive the stock, then ship."


def _failed(parcel: Parcel, error: Exception) -> tuple[int, dict[int, str]]:
    sentence = why_not(error)
    return 0, {row.number: sentence for row in parcel.rows}
