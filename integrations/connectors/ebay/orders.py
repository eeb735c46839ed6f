"""Listing and finding orders: `GET sell/fulfillment/v1/order`.

The list is paged by offset and cannot be sorted; whatever its order is (by creation or by modification), orders that
stay in a window keep their places relative to each other, because one that is modified leaves a window that has ended.
So a page may be trusted when it begins with an order that was read before: all that was not read comes after it. Each
page therefore overlaps the one before by one order, and steps back until it begins with a known one.
"""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from typing import Any

import msgspec

from integrations.connectors.contract import Paging, Shop
from integrations.connectors.ebay.cancellations import explained, touched
from integrations.connectors.ebay.requests import FULFILLMENT, ask, refusal
from integrations.connectors.errors import Failure, ShopError
from integrations.connectors.http import Operation, Response
from integrations.connectors.kit import windows
from integrations.connectors.kit.broken_orders import next_readable, told
from integrations.connectors.kit.json_answers import MOST_ENTRIES, listed
from integrations.connectors.kit.json_documents import lenient
from integrations.connectors.kit.lookups import typed_number, wanted
from integrations.connectors.kit.offset_paging import page_size
from integrations.connectors.listings import Cursor, OrderPage, Window

# (orderId, document) of every order as eBay wrote it.
Entries = list[tuple[str, bytes]]

# eBay's limits: error 31100 above so many orders on a page, error 30900 above so many ids.
LARGEST_PAGE = 200
MOST_IDS = 50
# A page begins with a known order, behind which there must be room for another.
LEAST_PAGE = 2
MOST_PASSES = 3
# eBay finds orders of the last two years; dates before them are refused, as are dates in the future (30850).
OLDEST = timedelta(days=730) - timedelta(hours=1)
# `12-34567-89012`; older ones `1234567890-1234567890` or a plain number.
ORDER_ID = re.compile(r"[0-9]{1,20}(?:-[0-9]{1,20}){0,2}(?:![0-9]{1,20})?")


class WindowCursor(msgspec.Struct, frozen=True):
    """The cursor of a window."""

    since: datetime
    until: datetime
    # Where the next page begins: at the last order read.
    offset: int = 0
    # The ids of the last pages read, as many as three hold.
    known: tuple[str, ...] = ()
    seen: int = 0
    passed: int = 0


class _Page(msgspec.Struct):
    orders: list[msgspec.Raw] | None = None
    total: int | None = None


class _Brief(msgspec.Struct):
    orderId: Any = None
    legacyOrderId: Any = None


_PAGE = msgspec.json.Decoder(_Page)
_brief = lenient(_Brief)


def orders_in_window(shop: Shop, window: Window, cursor: Cursor | None) -> Paging:
    """One page of the orders last modified in the window, both ends included. The first page fixes its end."""
    if cursor is None:
        since, until, _, response = yield from windows.begin(
            lambda since, until: _ask(shop, since, until, 0), window, OLDEST, "eBay"
        )
        progress, offset = WindowCursor(since, until), 0
        entries, total = read(response)
    else:
        progress = msgspec.convert(cursor, WindowCursor)
        offset, entries, total = yield from _from_known(shop, progress)
    ids = tuple(identifier for identifier, _ in entries)
    if len(ids) > 1 and ids == progress.known[-len(ids) :]:
        raise ShopError(Failure.NONSENSE, "eBay answers every page with the one before.", status=200)
    fresh = tuple(document for identifier, document in entries if identifier not in progress.known)
    following = _following(progress, offset, ids, total, _size(shop))
    return OrderPage(fresh, following, total, progress.until, touched=touched(fresh))


def past_a_fault(shop: Shop, window: Window, cursor: Cursor | None) -> Paging:
    """The order behind those that eBay fails at, by its place in the list.

    eBay lists no ids without their orders, so a broken one is named by the order before it.
    """
    if cursor is None:
        # A window of no width tells the time, which is all that is needed of the first page.
        since, until, *_ = yield from windows.begin(
            lambda since, _: _ask(shop, since, since, 0), window, OLDEST, "eBay"
        )
        progress = WindowCursor(since, until)
    else:
        progress = msgspec.convert(cursor, WindowCursor)
    first = progress.offset + 1 if progress.known else 0
    (entries, total), count = yield from next_readable(lambda offset: _alone(shop, progress, offset), first)
    fresh = tuple(document for identifier, document in entries if identifier not in progress.known)
    before = progress.known[-1] if progress.known else ""
    progress = msgspec.structs.replace(progress, seen=progress.seen + count)
    following = _following(progress, first + count, tuple(identifier for identifier, _ in entries), total, _size(shop))
    return OrderPage(fresh, following, total, progress.until, note=told(("",) * count, before))


def _alone(shop: Shop, progress: WindowCursor, offset: int) -> Operation[tuple[Entries, int | None]]:
    return read((yield from _ask(shop, progress.since, progress.until, offset, "1")))


def _size(shop: Shop) -> int:
    return page_size(shop, LARGEST_PAGE, LEAST_PAGE)


def _from_known(shop: Shop, progress: WindowCursor) -> Operation[tuple[int, Entries, int | None]]:
    """The page at the offset, or at the next one before it where a page begins with a known order; with its offset."""
    offset, step = progress.offset, _size(shop) // 2
    while True:
        entries, total = read((yield from _ask(shop, progress.since, progress.until, offset)))
        if not offset or (entries and entries[0][0] in progress.known):
            return offset, entries, total
        offset, step = max(0, offset - step), step * 2


def _following(
    progress: WindowCursor, offset: int, ids: tuple[str, ...], total: int | None, size: int
) -> Cursor | None:
    """The next page; the first again where fewer orders came than eBay counts."""
    fresh, reached = [each for each in ids if each not in progress.known], offset + len(ids)
    seen = progress.seen + len(set(fresh))
    if ids and (reached < total if total is not None else len(ids) >= size):
        known = (*progress.known, *fresh)[-3 * size :]
        return windows.cursor_of(progress, offset=max(0, reached - 1), known=known, seen=seen)
    if total is not None and seen < total and progress.passed + 1 < MOST_PASSES:
        return windows.cursor_of(progress, offset=0, known=(), seen=0, passed=progress.passed + 1)
    return None


def _ask(shop: Shop, since: datetime, until: datetime | None, offset: int, size: str = "") -> Operation[Response]:
    span = f"lastmodifieddate:[{_stamp(since)}..{_stamp(until) if until else ''}]"
    size = size or str(_size(shop))
    return (yield from ask(shop, f"{FULFILLMENT}/order", filter=span, limit=size, offset=str(offset)))


def _stamp(moment: datetime) -> str:
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.000Z")


def read(response: Response) -> tuple[Entries, int | None]:
    """The orders of a page, and how many the listing has."""
    page = listed(response, _PAGE, refusal, "eBay's answer is not a list of orders; it may have been cut off.")
    documents = [bytes(part) for part in page.orders or ()]
    if len(documents) > MOST_ENTRIES:
        raise ShopError(Failure.NONSENSE, f"eBay's answer holds {len(documents)} orders, more than {MOST_ENTRIES}.")
    return [(str(_brief(document).orderId or ""), document) for document in documents], page.total


def orders_by_ids(shop: Shop, ids: tuple[str, ...]) -> Paging:
    """At most 50. What came back is compared with what was asked; ids eBay cannot know are not sent."""
    asked = wanted(ids, MOST_IDS, _is_id)
    found = yield from _by_ids(shop, sorted(asked))
    payloads = yield from explained(shop, [document for identifier, document in found if identifier in asked])
    return OrderPage(payloads, None, len(payloads))


def _is_id(text: str) -> bool:
    return ORDER_ID.fullmatch(text) is not None


def _by_ids(shop: Shop, asked: list[str]) -> Operation[Entries]:
    """eBay may refuse a whole list for one id it does not know: then each half is asked for by itself."""
    if not asked:
        return []
    response = yield from ask(shop, f"{FULFILLMENT}/order", orderIds=",".join(asked))
    if response.status not in (400, 404):
        return read(response)[0]
    if len(asked) == 1:
        return []
    middle = len(asked) // 2
    first = yield from _by_ids(shop, asked[:middle])
    second = yield from _by_ids(shop, asked[middle:])
    return first + second


def order_by_number(shop: Shop, number: str) -> Paging:
    """The number is the order's id; its id of the years before 2019 is accepted too."""
    number = typed_number(number)
    found = yield from _by_ids(shop, [number] if _is_id(number) else [])
    exact = [document for identifier, document in found if number in (identifier, _brief(document).legacyOrderId)]
    return OrderPage((yield from explained(shop, exact[:1])), None, len(exact[:1]))
