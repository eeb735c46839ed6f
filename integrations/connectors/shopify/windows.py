"""The orders of a window: a long and full one by a bulk operation, any other page by page."""

from __future__ import annotations

from dataclasses import replace

import msgspec

from integrations.connectors.contract import Paging, Shop
from integrations.connectors.listings import Cursor, Window
from integrations.connectors.shopify import bulk, orders
from integrations.connectors.shopify.orders import WindowCursor


def orders_in_window(shop: Shop, window: Window, cursor: Cursor | None) -> Paging:
    """One page of the orders whose `updatedAt` lies in the window; both ends are widened by a second."""
    if cursor is not None and "bulk" in cursor:
        return (yield from bulk.go_on(shop, bulk.progress_of(cursor)))
    if cursor is not None:
        return (yield from orders.page(shop, msgspec.convert(cursor, WindowCursor)))
    note = ""
    until = window.until or max(window.since, (yield from orders.time_there(shop)))
    if window.until is None and until - window.since > bulk.LONG:
        begun, note = yield from bulk.begin(shop, window.since, until)
        if begun is not None:
            return begun
    page = yield from orders.page(shop, WindowCursor(window.since, until))
    return replace(page, note=note)


def past_a_fault(shop: Shop, window: Window, cursor: Cursor | None) -> Paging:
    """The page at the cursor without the orders that Shopify fails at. A file that cannot be read is left alone."""
    if cursor is not None and "bulk" not in cursor:
        return (yield from orders.page_of_ids(shop, msgspec.convert(cursor, WindowCursor)))
    since = window.since if cursor is None else bulk.progress_of(cursor).since
    until = window.until or max(since, (yield from orders.time_there(shop)))
    return (yield from orders.page_of_ids(shop, WindowCursor(since, until)))
