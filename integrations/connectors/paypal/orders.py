"""Listing payments, by spans of at most 31 days of the last three years.

The filter looks at when a transaction began, not when it changed, and a transaction shows up to three hours late. So a
window ends at PayPal's `last_refreshed_datetime`, up to which its list is complete, and begins a day before it was
asked to, which brings the changes of young payments; older ones are read again by id. When a transaction began never
changes, so pages stay where they are; a total that changes in between has the span read again. A refund is in the list
on its own: its payment is then read by id, with what went back.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import msgspec

from integrations.connectors.contract import Paging, Shop
from integrations.connectors.errors import Failure, PayloadError, ShopError
from integrations.connectors.http import Operation
from integrations.connectors.kit import stamps, windows
from integrations.connectors.kit.broken_orders import in_halves, told
from integrations.connectors.kit.windows import SECOND, cursor_of
from integrations.connectors.listings import Cursor, OrderPage, Window
from integrations.connectors.paypal import refunds
from integrations.connectors.paypal.identity import identify
from integrations.connectors.paypal.lookups import MOST_IDS, orders_by_ids
from integrations.connectors.paypal.transactions import (
    BEHIND,
    IDS_ONLY,
    LONGEST_SPAN,
    TOO_LARGE,
    UNAVAILABLE_YET,
    Page,
    ask,
    first_second,
    half,
    is_refused,
    page_size,
    read,
)

OLDEST = timedelta(days=3 * 365 - 1)
READ_AGAIN = timedelta(days=1)
MOST_PASSES = 3


class WindowCursor(msgspec.Struct, frozen=True):
    """The cursor of a window: the span being read, `at` to `end`, and which page of it comes next."""

    at: datetime
    end: datetime
    until: datetime
    page: int = 1
    total: int | None = None
    passed: int = 0


def orders_in_window(shop: Shop, window: Window, cursor: Cursor | None) -> Paging:
    """One page of the payments that began in the window or the day before. The first call asks how far PayPal is."""
    return (yield from _next(shop, window, cursor, {}))


def past_a_fault(shop: Shop, window: Window, cursor: Cursor | None) -> Paging:
    """That page without the payments that PayPal fails at: their ids first, then the payments in halves."""
    page = yield from _next(shop, window, cursor, IDS_ONLY)
    ids = [identify(document, shop).external_id for document in page.payloads]
    apart = yield from in_halves(orders_by_ids, shop, ids, MOST_IDS)
    return replace(page, payloads=apart.payloads, broken=apart.broken, note=told(apart.broken))


def _next(shop: Shop, window: Window, cursor: Cursor | None, how: Mapping[str, str]) -> Paging:
    """`how`: more parameters, such as `IDS_ONLY`."""
    if cursor is None:
        since, until = yield from _begin(shop, window)
        if until < since:
            return OrderPage((), None, 0, until)
        progress = WindowCursor(since, min(until, since + LONGEST_SPAN), until)
    else:
        progress = msgspec.convert(cursor, WindowCursor)
    size = page_size(shop)
    response = yield from ask(shop, progress.at, progress.end, progress.page, size, **how)
    if is_refused(response, TOO_LARGE):
        halved = cursor_of(progress, end=half(progress.at, progress.end), page=1, total=None)
        return OrderPage((), halved, None, progress.until)
    page = read(response)
    return OrderPage(page.orders, _following(progress, page, size), None, progress.until, touched=refunds.touched(page))


def _following(progress: WindowCursor, page: Page, size: int) -> Cursor | None:
    """The span again where its total has changed, else its next page, else the next span."""
    moved = progress.total is not None and page.total_items != progress.total
    if moved and progress.passed + 1 < MOST_PASSES:
        return cursor_of(progress, page=1, total=None, passed=progress.passed + 1)
    if page.has_more(progress.page, size):
        return cursor_of(progress, page=progress.page + 1, total=page.total_items)
    if progress.end < progress.until:
        end = min(progress.until, progress.end + LONGEST_SPAN)
        return cursor_of(progress, at=progress.end, end=end, page=1, total=None, passed=0)
    return None


def _begin(shop: Shop, window: Window) -> Operation[tuple[datetime, datetime]]:
    """Where to read from and to. A window's first second, asked for alone, brings PayPal's clock and how far it is."""
    since = window.since.astimezone(UTC).replace(microsecond=0) - READ_AGAIN
    since, _, now, response = yield from windows.begin(
        lambda since, _: first_second(shop, since), Window(since), OLDEST, "PayPal"
    )
    if is_refused(response, UNAVAILABLE_YET) and since > now - READ_AGAIN - BEHIND:
        return since + SECOND, since  # nothing to read, and nothing passed over
    return since, min(now, _refreshed(read(response)), window.until or now)


def _refreshed(page: Page) -> datetime:
    try:
        return stamps.instant(page.last_refreshed_datetime, "last_refreshed_datetime")
    except PayloadError:
        raise ShopError(
            Failure.NONSENSE, "PayPal does not say how far its list is complete (last_refreshed_datetime).", status=200
        ) from None
