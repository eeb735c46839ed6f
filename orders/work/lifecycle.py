"""Where an order stands: hold, release, cancel, reopen, and what follows when its last open unit is gone.

Every service here is one transaction. `seen` is the order's `version` as the person saw it; raises ChangedMeanwhile
when it is another one by now, and ChangeRefused with a sentence when the order does not allow the step.
"""

from __future__ import annotations

from collections.abc import Mapping

from orders.choices import ORDER_OPEN, EventKind, OrderStatus
from orders.in_shop import marks_of, version_of
from orders.work import changing
from orders.work.changing import NEWER, ChangedMeanwhile, ChangeRefused, Opened, open_units, opened

LONGEST_REASON = 300


def hold(order_id: int, *, seen: int | None = None, actor_id: int | None = None, reason: str = "") -> None:
    """Set an open order aside: it keeps what it has reserved and is not shipped."""
    with opened(order_id, seen=seen, actor_id=actor_id) as change:
        expect(change, OrderStatus.PROCESSING)
        change.set("status", OrderStatus.ON_HOLD)
        change.note(EventKind.HELD, because("Put on hold", reason))


def release(order_id: int, *, seen: int | None = None, actor_id: int | None = None, reason: str = "") -> None:
    """Take an order off hold; its tab follows from its stock."""
    with opened(order_id, seen=seen, actor_id=actor_id) as change:
        expect(change, OrderStatus.ON_HOLD)
        change.set("status", OrderStatus.PROCESSING)
        change.note(EventKind.RELEASED, because("Released from hold", reason))


def cancel(order_id: int, *, seen: int | None = None, actor_id: int | None = None, reason: str = "") -> None:
    """Cancel an order of which nothing is shipped; its stock serves orders that wait."""
    with opened(order_id, seen=seen, actor_id=actor_id) as change:
        expect(change, *ORDER_OPEN)
        if any(line.shipped for line in change.lines):
            raise ChangeRefused("Some of it is shipped already: cancel the items that are left instead.")
        for line in change.lines:
            if units := open_units(line):
                changing.cancel_units(line, units)
        change.set("status", OrderStatus.CANCELLED)
        change.note(EventKind.CANCELLED, because("Cancelled", reason))


def reopen(order_id: int, *, seen: int | None = None, actor_id: int | None = None, reason: str = "") -> None:
    """Take the cancellation of an order back; its units wait for stock like everybody else's."""
    with opened(order_id, seen=seen, actor_id=actor_id) as change:
        expect(change, OrderStatus.CANCELLED)
        for line in change.lines:
            if line.cancelled:
                changing.reopen_units(line, line.cancelled)
        change.set("status", OrderStatus.PROCESSING)
        change.note(EventKind.REOPENED, because("Reopened", reason))


def cancel_lines(change: Opened, units: Mapping[int, int]) -> list[str]:
    """Cancel units by line id of an opened order; what was cancelled, in words."""
    told = []
    for line_id, count in units.items():
        if count:
            line = change.line(line_id)
            changing.cancel_units(line, count)
            change.tell(f"{line.sku or line.name}: cancelled", line.cancelled - count, line.cancelled)
            told.append(f"{count} × {line.sku or line.name}")
    return told


def settle(change: Opened) -> None:
    """Complete an open order that has no open unit left - or cancel it, where nothing was shipped."""
    if change.is_open and not any(map(open_units, change.lines)):
        shipped = any(line.shipped for line in change.lines)
        change.set("status", OrderStatus.COMPLETE if shipped else OrderStatus.CANCELLED)


def expect(change: Opened, *statuses: OrderStatus) -> None:
    """Refuse unless the order is in one of these."""
    if change.order.status not in statuses:
        is_now = OrderStatus(change.order.status).label.lower()
        wanted = " or ".join(status.label.lower() for status in statuses)
        raise ChangeRefused(f"The order is {is_now}; this can be done while it is {wanted}.")


def expect_looked(change: Opened, *, looked: str) -> None:
    """Refuse a document of an order that its shop has changed or dropped, until somebody has looked at that.

    `looked`: what was seen, as `in_shop.version_of` says it. Raises ChangedMeanwhile when the shop has gone on since.
    """
    order = change.order
    if not marks_of(order):
        return
    if not looked:
        what = "is gone in the shop" if order.shop_gone_at is not None else "has changed in the shop since"
        raise ChangeRefused(f"The order {what}: look at it first, then say that you have looked, and it is done.")
    if looked != version_of(order):
        raise ChangedMeanwhile(NEWER)


def because(sentence: str, reason: str) -> str:
    """A sentence of the history with the reason a person gave."""
    return f"{sentence}: {reason.strip()[:LONGEST_REASON]}" if reason.strip() else f"{sentence}."
