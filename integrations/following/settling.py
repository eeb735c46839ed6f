"""Orders that were read while their shop was still writing them: some shops save an order in steps."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime, timedelta

from config.kit.sql import execute
from integrations.models import Integration
from orders.models import Order

# A document changed so shortly before it was read may not be the last of its kind.
YOUNG = timedelta(minutes=5)
# For so long an order that was read young is replaced by what comes after, whatever the integration's setting.
SETTLES_WITHIN = timedelta(minutes=30)
# Between two readings: those of a shop come in one request.
LOOK_AGAIN = timedelta(minutes=2)


def is_young(stamp: datetime | None, at: datetime) -> bool:
    """Whether a document with this stamp, read now, may be half-written."""
    return stamp is not None and stamp > at - YOUNG


def still_settling(order: Order, at: datetime) -> bool:
    """Whether an order of the book was read young, a moment ago."""
    written = order.remote_modified_at
    return order.created_at > at - SETTLES_WITHIN and is_young(written, order.created_at)


def look_soon(integration: Integration, external_ids: Collection[str], at: datetime) -> None:
    """Have these orders read again in a moment, as if the shop had told of them: once nothing is new it is over.

    Not in a page's transaction: a notification that comes just then may hold the hint, and waits for the page's run.
    """
    if not external_ids or integration.connector.by_files:  # a file was whole when it was read
        return
    execute(
        "INSERT INTO integrations_orderhint AS told"
        " (integration_id, external_id, deliveries, first_at, last_at, look_at)"
        " SELECT %s, external_id, 0, %s, %s, %s FROM unnest(%s::text[]) AS new (external_id)"
        " ON CONFLICT (integration_id, external_id) DO NOTHING",
        [integration.pk, at, at, at + LOOK_AGAIN, sorted({key[:255] for key in external_ids})],
    )
