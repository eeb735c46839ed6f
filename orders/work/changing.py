"""Change an order that is in the book: fields, lines and their stock, history, all in one transaction.

Whoever changes an order opens it here, sets what is to be different and notes why. At the end reservations and levels
follow from the lines, units that came free serve waiting orders, and the tab follows from both. New units are never
reserved directly: they wait, and are served like everybody else's, oldest order first. Many orders are opened and
written together in as few statements as one.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from operator import attrgetter
from typing import Any

from django.db import transaction

from config.kit import true_time
from config.kit.plain_values import plain
from config.kit.postgresql.model_columns import Columns
from config.kit.refusals import Refused
from config.kit.round_trips import ask_together, say, together
from config.kit.sql import copy_rows, next_ids, rows_changed, rows_updated, updating
from orders import announcements
from orders.choices import ORDER_OPEN, EventKind, OrderStatus
from orders.intake.allocation import serve_waiting
from orders.intake.rows import as_json
from orders.intake.tabs import tab_of
from orders.models import Order, OrderEvent, OrderLine
from orders.search import vector_of
from orders.segments import due
from stock import ledger
from stock.availability import Level, Shelves
from stock.ledger import Change
from stock.warehouses import Place

STOCKED = ("product_id", "quantity", "reserved", "waiting", "shipped", "cancelled", "returned")
LINE_FIELDS = (
    *STOCKED, "position", "key", "sku", "name", "unit_price", "total", "tax", "tax_name", "discount", "metadata",
)  # fmt: skip
# All that can change about a line, in their order; and where in it some stand.
state_of = attrgetter(*LINE_FIELDS)
PRODUCT, RESERVED, SKU = map(LINE_FIELDS.index, ("product_id", "reserved", "sku"))
# What the words of the search are made from, beside the lines' SKUs.
SEARCHED = {"number", "email", "phone", "billing", "shipping"}
ORDER, LINE = Columns(Order, "book", without=["search"]), Columns(OrderLine, "line")  # search is made anew
ORDERS = (
    f"SELECT {ORDER} FROM orders_order AS book WHERE book.project_id = %s AND book.id = ANY(%s)"  # noqa: S608
    " ORDER BY book.id FOR UPDATE"
)
LINES = (
    f"SELECT {LINE} FROM orders_orderline AS line WHERE line.order_id = ANY(%s)"  # noqa: S608
    " ORDER BY line.position, line.id"
)


class ChangeRefused(Refused):
    """The order does not allow this change; nothing was written. The message is for staff."""


CHANGED = (
    "The order was changed since you opened this page, maybe by your own click before."
    " Look at its history; do it again only if it is not there."
)
NEWER = "The shop has sent a newer version of this order meanwhile: look at what differs once more."


class ChangedMeanwhile(ChangeRefused):
    """Somebody, maybe the same person, has changed the order since the page was opened."""

    def __init__(self, message: str = CHANGED) -> None:
        super().__init__(message)


@dataclass
class Opened:
    """An order while it is being changed; locked, with its lines and the levels of their products.

    Set fields by `set`, so that the history can tell old and new. Lines are changed in place by the functions below;
    what they reserve may only shrink here.
    """

    order: Order
    lines: list[OrderLine]
    at: datetime
    actor_id: int | None
    shelves: Shelves
    """Locked; orders that are opened together share them."""
    seen: announcements.PartnerLook | None
    """How partners saw it before; None where they are told nothing of it."""
    changes: list[dict[str, Any]] = field(default_factory=list)
    """What the history will tell: [{"field", "old", "new"}], JSON values."""
    removed: list[OrderLine] = field(default_factory=list)
    moves: list[Change] = field(default_factory=list)
    """Units that leave or come back, see `orders.work.moving`."""
    _fields: set[str] = field(default_factory=set)
    _notes: list[tuple[EventKind, str]] = field(default_factory=list)
    _before: dict[int, tuple[Any, ...]] = field(default_factory=dict)
    _customer_before: int | None = None
    _place_before: Place = None

    @property
    def is_open(self) -> bool:
        """Whether its units may be held back or wait."""
        return self.order.status in ORDER_OPEN

    @property
    def has_other_words(self) -> bool:
        """Whether a search finds it by other words than before."""
        if self.removed or not SEARCHED.isdisjoint(self._fields):
            return True
        before = self._before
        return any(line.id not in before or before[line.id][SKU] != line.sku for line in self.lines)

    @property
    def is_changed(self) -> bool:
        """Whether anything of the order or its lines is different from what was opened."""
        if self._fields or self.removed or self.moves:
            return True
        return any(self._before.get(line.id) != state_of(line) for line in self.lines)

    def set(self, name: str, value: Any) -> bool:
        """Give a field of the order another value. Whether it is another one."""
        old = getattr(self.order, name)
        if old == value:
            return False
        setattr(self.order, name, value)
        self._fields.add(name)
        self.tell(name, old, value)
        return True

    def keep(self, name: str, value: Any) -> None:
        """Set a field that the history does not tell of."""
        if getattr(self.order, name) != value:
            setattr(self.order, name, value)
            self._fields.add(name)

    def tell(self, name: str, old: Any, new: Any) -> None:
        """Add a change to what the history tells, e.g. of a line."""
        self.changes.append({"field": name, "old": plain(old), "new": plain(new)})

    def mark_edited(self, *parts: str) -> None:
        """Remember that these parts were edited here; a synchronisation may be told to leave them alone."""
        self.keep("edited", sorted({*self.order.edited, *parts}))

    def note(self, kind: EventKind, message: str) -> None:
        """Say in the history what happened. A change without a note is not written."""
        self._notes.append((kind, message))

    def line(self, line_id: int) -> OrderLine:
        for line in self.lines:
            if line.pk == line_id:
                return line
        raise ChangeRefused("This line is not part of the order any more: open the page again.")

    def level(self, product_id: int) -> Level:
        """The product's level in the order's warehouse."""
        return self.shelves[self.order.warehouse_id][product_id]

    def lock_products(self, product_ids: Iterable[int]) -> None:
        """Lock the levels of products the order did not have before, in its warehouse as it is set now."""
        shelf = self.shelves.setdefault(self.order.warehouse_id, {})
        new = set(product_ids) - set(shelf)
        if new:
            shelf.update(
                ledger.make_and_lock_levels(self.order.project_id, {self.order.warehouse_id: new})[
                    self.order.warehouse_id
                ]
            )

    def reroute(self, place: Place) -> None:
        """Serve it from another warehouse: what is reserved is let go of, and waits there."""
        self.keep("warehouse_id", place)
        for line in self.lines:
            line.waiting, line.reserved = line.waiting + line.reserved, 0
        self.lock_products(line.product_id for line in self.lines if line.product_id)

    def remove(self, line: OrderLine) -> None:
        """Take a line out of the order; only one of which nothing was shipped."""
        if line.shipped:
            raise ChangeRefused(f"{line.shipped} × {line.sku or line.name} are shipped already.")
        self.lines.remove(line)
        if line.pk:
            self.removed.append(line)


@contextmanager
def opened(order_id: int, *, seen: int | None = None, actor_id: int | None = None) -> Iterator[Opened]:
    """Open an order for a change and write the change at the end, unless nothing was noted or an error leaves.

    `seen` is the order's `version` as the person saw it: raises ChangedMeanwhile when it is another one by now.
    Raises Order.DoesNotExist. The project's stock and the order stay locked until the transaction ends.
    """
    with transaction.atomic():
        project_id = Order.objects.values_list("project_id", flat=True).get(pk=order_id)
        ledger.lock_project(project_id)
        change = next(iter(_opened(project_id, [order_id], actor_id)), None)
        if change is None:
            raise Order.DoesNotExist
        if seen is not None and seen != change.order.version:
            raise ChangedMeanwhile
        yield change
        write_together([change])


def open_together(project_id: int, order_ids: Iterable[int], *, stock: bool = True) -> dict[int, Opened]:
    """Open many orders of a project, for `write_together`; by their ids, those that are gone left out.

    In the caller's transaction, which holds the project's lock (`stock.ledger.lock_project`). `stock` False: it need
    not, no level is looked at, and lines and whether an order is open may not be changed.
    """
    return {change.order.pk: change for change in _opened(project_id, list(order_ids), None, stock=stock)}


def write_together(changes: Iterable[Opened], *, marked: Collection[int] = ()) -> None:
    """Write those of these orders of a project of which something was noted, in the caller's transaction, which has
    marked the customers `marked` as due already."""
    noted = [change for change in changes if change._notes]
    if noted:
        with together():
            _write(noted, marked)


def _opened(project_id: int, ids: list[int], actor_id: int | None, *, stock: bool = True) -> list[Opened]:
    """They share their levels: what one of them lets go of is counted where the others look."""
    orders, found_lines = ask_together(ORDER.asked(ORDERS, [project_id, ids]), LINE.asked(LINES, [ids]))
    lines: dict[int, list[OrderLine]] = {order.pk: [] for order in orders}
    for line in found_lines:
        if line.order_id in lines:  # else its order is another project's
            lines[line.order_id].append(line)
    wanted: dict[Place, set[int]] = {order.warehouse_id: set() for order in orders}
    for order in orders:
        wanted[order.warehouse_id].update(line.product_id for line in lines[order.pk] if line.product_id)
    shelves = ledger.make_and_lock_levels(project_id, wanted) if stock else {place: {} for place in wanted}
    at = true_time.now()
    found = []
    for order in orders:
        own = lines[order.pk]
        change = Opened(order, own, at, actor_id, shelves, announcements.look_before(order, own))
        change._customer_before, change._place_before = order.customer_id, order.warehouse_id
        change._before = {line.id: state_of(line) for line in own}
        found.append(change)
    return found


def open_units(line: OrderLine) -> int:
    """Units neither shipped nor cancelled."""
    return line.quantity - line.shipped - line.cancelled


def cancel_units(line: OrderLine, units: int) -> None:
    """Cancel open units, those that wait before those that are reserved."""
    if not 0 < units <= open_units(line):
        raise ChangeRefused(f"Only {open_units(line)} × {line.sku or line.name} can be cancelled.")
    line.cancelled += units
    _shrink(line, units)


def reopen_units(line: OrderLine, units: int) -> None:
    """Take a cancellation back: the units wait for stock again."""
    if not 0 < units <= line.cancelled:
        raise ChangeRefused(f"Only {line.cancelled} × {line.sku or line.name} are cancelled.")
    line.cancelled -= units
    _grow(line, units)


def resize(line: OrderLine, quantity: int) -> None:
    """Another quantity, none of it cancelled; more units wait for stock, fewer let go of theirs.

    Not below what is shipped: the caller says so before.
    """
    quantity = max(quantity, line.shipped)
    before = open_units(line)
    line.quantity, line.cancelled = quantity, 0
    after = open_units(line)
    if after < before:
        _shrink(line, before - after)
    else:
        _grow(line, after - before)


def exchange(line: OrderLine, product_id: int | None) -> None:
    """Put another product behind the line; its open units wait for that one's stock."""
    if line.shipped and product_id != line.product_id:
        raise ChangeRefused(f"{line.shipped} × {line.sku or line.name} are shipped already: the product stays.")
    line.product_id = product_id
    line.reserved, line.waiting = 0, 0
    _grow(line, open_units(line))


def _grow(line: OrderLine, units: int) -> None:
    if line.product_id is not None:
        line.waiting += units


def _shrink(line: OrderLine, units: int) -> None:
    if line.product_id is not None:
        from_waiting = min(line.waiting, units)
        line.waiting -= from_waiting
        line.reserved -= units - from_waiting


def _write(changes: Sequence[Opened], marked: Collection[int]) -> None:
    """The changes of some orders of one project, opened together."""
    first = changes[0]
    project_id, at, shelves = first.order.project_id, first.at, first.shelves
    _follow_in_stock(changes)
    with _lines_written(changes):
        of_orders = _updating_orders(changes)
    ledger.write_levels(shelves)
    for change in changes:
        if change.moves:
            moves = [(change.level(move.product_id).id, move) for move in change.moves]
            ledger.record_movements(project_id, moves, at, change.actor_id)
    with rows_changed(len(changes), of_orders):
        events = [
            (change.order.pk, kind.value, message[:500], change.actor_id, at, as_json([] if n else change.changes))
            for change in changes
            for n, (kind, message) in enumerate(change._notes)
        ]
    orders = [change.order.pk for change in changes]
    buyers = {pk for each in changes for pk in (each._customer_before, each.order.customer_id)}
    serve_waiting(ledger.as_written(shelves), at, silent=set(orders))  # and the tabs of those it serves
    due.mark(project_id, buyers.difference(marked), at)  # after all orders, as whoever has not the project's lock does
    copy_rows(OrderEvent, ("order_id", "kind", "message", "actor_id", "at", "changes"), events)
    for change in changes:
        announcements.announce_change(change.seen, change.order, change.lines, at)


def _updating_orders(changes: Sequence[Opened]) -> tuple[str, Sequence[Any]]:
    fields = {"tab", "updated_at", "version"}.union(*(change._fields for change in changes))
    # To write the same words again costs more than all else of an order: their index has an entry for each.
    if any(change.has_other_words for change in changes):
        fields.add("search")
    for change in changes:
        order = change.order
        order.tab = tab_of(
            OrderStatus(order.status), [(line.reserved, line.waiting) for line in change.lines if line.product_id]
        )
        if "search" in fields:
            order.search = vector_of(order, change.lines)
        order.updated_at = change.at
        order.version += 1
    return updating(Order, sorted(fields), [change.order for change in changes])


def _follow_in_stock(changes: Sequence[Opened]) -> None:
    """Make levels and reservations follow from what the lines reserve now."""
    released, held = [], []
    for change in changes if any(changes[0].shelves.values()) else ():  # where no level is, nothing is reserved
        before_there = change.shelves[change._place_before]
        now_of = [(line, (line.product_id, line.reserved)) for line in change.lines]
        for line, now in (*now_of, *((line, (None, 0)) for line in change.removed)):
            before = change._before.get(line.id)
            product_id, reserved = (None, 0) if before is None else (before[PRODUCT], before[RESERVED])
            if (product_id, reserved) == now and change._place_before == change.order.warehouse_id:
                continue
            if product_id is not None and reserved:
                before_there[product_id].taken -= reserved
                released.append(line.pk)
            if now[0] is not None and now[1]:
                change.level(now[0]).taken += now[1]
                held.append((change.level(now[0]).id, line.pk, now[1]))
    ledger.drop_reservations(released)
    ledger.record_reservations(held)


@contextmanager
def _lines_written(changes: Sequence[Opened]) -> Iterator[None]:
    removed = [line.pk for change in changes for line in change.removed]
    if removed:  # nothing of them was shipped, so that nothing else refers to them
        say("DELETE FROM orders_preparedline WHERE order_line_id = ANY(%s)", [removed])
        say("DELETE FROM orders_orderline WHERE id = ANY(%s)", [removed])
    _add_lines([line for change in changes for line in change.lines if line.pk is None])
    changed: list[OrderLine] = []
    same = list(range(len(LINE_FIELDS)))
    for change in changes:
        for line in change.lines:
            before = change._before.get(line.id)
            if before is None or before == (now := state_of(line)):
                continue
            changed.append(line)
            same = [place for place in same if before[place] == now[place]]
    with rows_updated(OrderLine, [name for place, name in enumerate(LINE_FIELDS) if place not in same], changed):
        yield


def _add_lines(lines: Sequence[OrderLine]) -> None:
    for line, line_id in zip(lines, next_ids(OrderLine, len(lines)), strict=True):
        line.pk = line_id
    copy_rows(
        OrderLine,
        ("id", "order_id", *LINE_FIELDS),
        ((line.pk, line.order_id, *state_of(line)[:-1], as_json(line.metadata)) for line in lines),
    )
