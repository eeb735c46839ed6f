"""Change an order that is in the book: fields, lines and their stock, history, all in one transaction.

Whoever changes an order opens it here, sets what is to be different and notes why. At the end reservations and levels
follow from the lines, units that came free serve waiting orders, and the tab follows from both. New units are never
reserved directly: they wait, and are served like everybody else's, oldest order first.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from django.db import transaction
from django.db.models import Field, Model

from config.kit import true_time
from config.kit.refusals import Refused
from orders import announcements
from orders.choices import EventKind, OrderStatus
from orders.intake.allocation import refresh_tabs, serve_waiting
from orders.intake.tabs import tab_of
from orders.models import Order, OrderEvent, OrderLine
from orders.search import vector_of
from orders.segments import due
from stock import ledger
from stock.availability import Level
from stock.ledger import Change

STOCKED = ("product_id", "quantity", "reserved", "waiting", "shipped", "cancelled", "returned")
LINE_FIELDS = (
    *STOCKED, "position", "key", "sku", "name", "unit_price", "total", "tax", "tax_name", "discount", "metadata",
)  # fmt: skip


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
    levels: dict[int, Level]
    seen: announcements.PartnerLook
    """How partners saw it before."""
    changes: list[dict[str, Any]] = field(default_factory=list)
    """What the history will tell: [{"field", "old", "new"}], JSON values."""
    removed: list[OrderLine] = field(default_factory=list)
    moves: list[Change] = field(default_factory=list)
    """Units that leave or come back, see `orders.work.moving`."""
    _fields: set[str] = field(default_factory=set)
    _notes: list[tuple[EventKind, str]] = field(default_factory=list)
    _before: dict[int, dict[str, Any]] = field(default_factory=dict)
    _customer_before: int | None = None

    @property
    def is_open(self) -> bool:
        """Whether its units may be held back or wait."""
        return self.order.status in {OrderStatus.PROCESSING, OrderStatus.ON_HOLD}

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

    def lock_products(self, product_ids: Iterable[int]) -> None:
        """Lock the levels of products the order did not have before."""
        new = set(product_ids) - set(self.levels)
        if new:
            self.levels |= ledger.lock_levels(self.order.project_id, new)

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
        order = Order.objects.select_for_update(of=("self",)).get(pk=order_id)
        if seen is not None and seen != order.version:
            raise ChangedMeanwhile
        lines = list(order.lines.order_by("position", "pk"))
        levels = ledger.lock_levels(project_id, {line.product_id for line in lines if line.product_id})
        change = Opened(order, lines, true_time.now(), actor_id, levels, announcements.look(order, lines))
        change._customer_before = order.customer_id
        change._before = {line.pk: state_of(line) for line in lines}
        yield change
        if change._notes:
            _write(change)


def state_of(line: OrderLine) -> dict[str, Any]:
    """All that can change about a line, by field."""
    return {name: getattr(line, name) for name in LINE_FIELDS}


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


def _write(change: Opened) -> None:
    order = change.order
    _follow_in_stock(change)
    _write_lines(change)
    ledger.write_levels(change.levels.values())
    if change.moves:
        moves = [(change.levels[move.product_id].id, move) for move in change.moves]
        ledger.record_movements(order.project_id, moves, change.at, change.actor_id)
    fresh = {
        product_id: Level(level.id, level.on_hand - level.issued, level.reserved + level.taken)
        for product_id, level in change.levels.items()
    }
    stocked = [(line.reserved, line.waiting) for line in change.lines if line.product_id]
    order.tab = tab_of(OrderStatus(order.status), stocked)
    order.search = vector_of(order, change.lines)
    order.updated_at = change.at
    order.version += 1
    order.save(update_fields=[*sorted(change._fields), "tab", "search", "updated_at", "version"])
    due.mark(order.project_id, (change._customer_before, order.customer_id), change.at)
    serve_waiting(fresh, change.at, silent={order.pk})
    refresh_tabs([order.pk], change.at)
    for number, (kind, message) in enumerate(change._notes):
        OrderEvent.objects.create(
            order=order,
            kind=kind,
            message=message[:500],
            actor_id=change.actor_id,
            at=change.at,
            changes=change.changes if number == 0 else [],
        )
    announcements.announce_change(change.seen, order, change.lines, change.at)


def _follow_in_stock(change: Opened) -> None:
    """Make levels and reservations follow from what the lines reserve now."""
    levels, released, held = change.levels, [], []
    for line in (*change.lines, *change.removed):
        before = change._before.get(line.pk) or {"product_id": None, "reserved": 0}
        now = (None, 0) if line in change.removed else (line.product_id, line.reserved)
        if (before["product_id"], before["reserved"]) == now:
            continue
        if before["product_id"] is not None and before["reserved"]:
            levels[before["product_id"]].taken -= before["reserved"]
            released.append(line.pk)
        if now[0] is not None and now[1]:
            levels[now[0]].taken += now[1]
            held.append((levels[now[0]].id, line.pk, now[1]))
    ledger.drop_reservations(released)
    ledger.record_reservations(held)


def _write_lines(change: Opened) -> None:
    OrderLine.objects.filter(pk__in=[line.pk for line in change.removed]).delete()
    new = [line for line in change.lines if line.pk is None]
    changed = [line for line in change.lines if line.pk and change._before[line.pk] != state_of(line)]
    OrderLine.objects.bulk_create(new)
    if changed:
        OrderLine.objects.bulk_update(changed, list(LINE_FIELDS))


def plain(value: Any) -> Any:
    """As JSON keeps it: amounts and times as text."""
    if value is None or isinstance(value, bool | int | str | list | dict):
        return value
    if isinstance(value, datetime):
        return value.isoformat()
    return str(value)


def value_of(model: type[Model], name: str, told: Any) -> Any:
    """What `plain` wrote down, as the field `name` of the model has it."""
    found = model._meta.get_field(name)
    return found.to_python(told) if isinstance(found, Field) else told
