"""That an order was paid, as somebody here knows it; what its shop says of payments comes with its documents."""

from __future__ import annotations

from orders import announcements
from orders.choices import AnnouncementKind, EventKind, OrderStatus
from orders.models import Order
from orders.work import lifecycle
from orders.work.changing import ChangeRefused, opened


def is_marked_here(order: Order) -> bool:
    """Whether somebody here, and not its shop, said last that the order is paid."""
    said = order.events.filter(kind__in=[EventKind.PAID, EventKind.NOT_PAID]).order_by("-pk").first()
    return said is not None and said.kind == EventKind.PAID


def mark_paid(order_id: int, *, seen: int | None = None, actor_id: int | None = None, reason: str = "") -> None:
    """Write down that the whole order is paid now. Refused for one that is paid or cancelled."""
    with opened(order_id, seen=seen, actor_id=actor_id) as change:
        lifecycle.expect(change, OrderStatus.PROCESSING, OrderStatus.ON_HOLD, OrderStatus.COMPLETE)
        if change.order.paid_at is not None:
            raise ChangeRefused("The order is paid already.")
        change.set("paid_at", change.at)
        change.note(EventKind.PAID, lifecycle.because("Marked as paid", reason))
        announcements.tell(change.order, AnnouncementKind.MARKED_PAID, change.at)


def unmark_paid(order_id: int, *, seen: int | None = None, actor_id: int | None = None, reason: str = "") -> None:
    """Take back that an order is paid, where somebody here had said so. A shop that was told stays told."""
    with opened(order_id, seen=seen, actor_id=actor_id) as change:
        if change.order.paid_at is None:
            raise ChangeRefused("The order is not paid.")
        if not is_marked_here(change.order):
            raise ChangeRefused("The shop says that the order is paid: only the shop can take that back.")
        change.set("paid_at", None)
        change.note(EventKind.NOT_PAID, lifecycle.because("Marked as not paid", reason))
