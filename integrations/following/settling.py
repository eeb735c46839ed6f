"""Orders that were read while their shop was still writing them: some shops save an order in steps."""

from __future__ import annotations

from datetime import datetime, timedelta

from orders.models import Order

# A document changed so shortly before it was read may not be the last of its kind.
YOUNG = timedelta(minutes=5)
# For so long an order that was read young is replaced by what comes after, whatever the integration's setting.
SETTLES_WITHIN = timedelta(minutes=30)


def is_young(stamp: datetime | None, at: datetime) -> bool:
    """Whether a document with this stamp, read now, may be half-written."""
    return stamp is not None and stamp > at - YOUNG


def still_settling(order: Order, at: datetime) -> bool:
    """Whether an order of the book was read young, a moment ago."""
    written = order.remote_modified_at
    return order.created_at > at - SETTLES_WITHIN and is_young(written, order.created_at)
