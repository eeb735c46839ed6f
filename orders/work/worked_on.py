"""Which orders somebody has worked on here: these no longer follow their shop by themselves."""

from __future__ import annotations

from collections.abc import Collection

from config.kit.sql import execute
from orders.choices import EventKind

# Steps of people and of partners' programs; what imports, stock and shops do by themselves is no work of somebody.
WORK = (
    EventKind.HELD,
    EventKind.RELEASED,
    EventKind.CANCELLED,
    EventKind.REOPENED,
    EventKind.EDITED,
    EventKind.LOOKED_AT,
    EventKind.REVERTED,
    EventKind.SHIPPED,
    EventKind.UNSHIPPED,
    EventKind.INVOICED,
    EventKind.CREDITED,
    EventKind.NOTED,
    EventKind.PRINTED,
    EventKind.HANDED_OVER,
    EventKind.PAID,
    EventKind.NOT_PAID,
)


def worked_on(order_ids: Collection[int]) -> set[int]:
    """Those of these orders that were edited, held, noted, shipped, invoiced by hand, printed; one statement."""
    if not order_ids:
        return set()
    ids = list(order_ids)
    rows = execute(
        "SELECT order_id FROM orders_orderevent WHERE order_id = ANY(%s) AND kind = ANY(%s)"
        " UNION SELECT order_id FROM orders_ordernote WHERE order_id = ANY(%s) AND remote_key = ''"
        " UNION SELECT order_id FROM orders_attachment WHERE order_id = ANY(%s)"
        " UNION SELECT id FROM orders_order WHERE id = ANY(%s) AND edited <> '[]'",
        [ids, [kind.value for kind in WORK], ids, ids, ids],
    )
    return {row[0] for row in rows}
