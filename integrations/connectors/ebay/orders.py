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

from integrations.connectors.contract import Shop
from integrations.connectors.ebay.requests import FULFILLMENT, ask, refusal
from integrations.connectors.errors import Failure, ShopError
from integrations.connectors.http import Operation, Response
from integrations.connectors.kit.clocks import told_clock
from integrations.connectors.kit.json_documents import repaired, too_deep, utf8
from integrations.connectors.kit.paging import page_size
from integrations.connectors.listings import Cursor, OrderPage, Window

Paging = Operation[OrderPage]

LARGEST_PAGE = 200
"""200 is eBay's limit (error 31100 above)."""
MOST_IDS = 50
"""Error 30900 above."""
MOST_PASSES = 3
MOST_ENTRIES = 1000
SECOND = timedelta(seconds=1)
OLDEST = timedelta(days=730) - timedelta(hours=1)
"""eBay finds orders of the last two years; dates before them are refused, as are dates in the future (30850)."""
ORDER_ID = re.compile(r"[0-9]{1,20}(?:-[0-9]{1,20}){0,2}(?:![0-9]{1,20})?")
"""`12-34567-89012`; older ones `1234567890-1234567890` or a plain number."""


class Progress(msgspec.Struct, frozen=True):
    """The cursor of a window."""

    since: datetime
    until: datetime
    offset: int = 0
    """Where the next page begins: at the last order read."""
    known: tuple[str, ...] = ()
    """The ids of the last pages read, as many as three hold."""
    seen: int = 0
    passed: int = 0


class _Page(msgspec.Struct):
    orders: list[msgspec.Raw] | None = None
    total: int | None = None


class _Brief(msgspec.Struct):
    orderId: Any = None
    legacyOrderId: Any = None


_PAGE = msgspec.json.Decoder(_Page)
_BRIEF = msgspec.json.Decoder(_Brief)


def orders_in_window(shop: Shop, window: Window, cursor: Cursor | None) -> Paging:
    """One page of the orders last modified in the window, both ends included. The first page fixes its end."""
    if cursor is None:
        progress, response = yield from _begin(shop, window)
    else:
        progress = msgspec.convert(cursor, Progress)
        response = yield from _ask(shop, progress.since, progress.until, progress.offset)
    size, offset = page_size(shop, LARGEST_PAGE), progress.offset
    step = size // 2
    entries, total = _read(response)
    while offset and not (entries and entries[0][0] in progress.known):
        offset, step = max(0, offset - step), step * 2
        entries, total = _read((yield from _ask(shop, progress.since, progress.until, offset)))
    fresh = [(identifier, document) for identifier, document in entries if identifier not in progress.known]
    reached = offset + len(entries)
    ids = tuple(identifier for identifier, _ in entries)
    if len(ids) > 1 and ids == progress.known[-len(ids) :]:
        raise ShopError(Failure.NONSENSE, "eBay answers every page with the one before.", status=200)
    done = not entries or (reached >= total if total is not None else len(entries) < size)
    seen = progress.seen + len({identifier for identifier, _ in fresh})
    following = None
    if not done:
        following = _cursor(
            progress,
            offset=max(0, reached - 1),
            known=(*progress.known, *(identifier for identifier, _ in fresh))[-3 * size :],
            seen=seen,
        )
    elif total is not None and seen < total and progress.passed + 1 < MOST_PASSES:
        following = _cursor(progress, offset=0, known=(), seen=0, passed=progress.passed + 1)
    return OrderPage(tuple(document for _, document in fresh), following, total, progress.until)


def _begin(shop: Shop, window: Window) -> Operation[tuple[Progress, Response]]:
    """The first page, asked without an end, which the clock of its answer then sets: the second before, because
    orders may still join the running one.

    A window that begins too early, or ends in the future by eBay's clock, is cut to what eBay allows and asked again.
    """
    response = yield from _ask(shop, window.since, window.until, 0)
    now = told_clock(response, "eBay")
    since = min(max(window.since, now - OLDEST), now)
    until = max(since, min(window.until or now, now - SECOND))
    if response.status == 400 and (since != window.since or window.until not in (None, until)):
        response = yield from _ask(shop, since, until, 0)
    return Progress(since, until), response


def _ask(shop: Shop, since: datetime, until: datetime | None, offset: int) -> Operation[Response]:
    span = f"lastmodifieddate:[{_stamp(since)}..{_stamp(until) if until else ''}]"
    return (
        yield from ask(
            shop, f"{FULFILLMENT}/order", filter=span, limit=str(page_size(shop, LARGEST_PAGE)), offset=str(offset)
        )
    )


def _stamp(moment: datetime) -> str:
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.000Z")


def _cursor(progress: Progress, **changes: Any) -> Cursor:
    cursor: Cursor = msgspec.to_builtins(msgspec.structs.replace(progress, **changes))
    return cursor


def _read(response: Response) -> tuple[list[tuple[str, bytes]], int | None]:
    """(orderId, document) of every order as eBay wrote it, and how many the listing has."""
    if response.status != 200:
        raise refusal(response)
    try:
        body = utf8(response.body)
    except ValueError as error:
        raise ShopError(Failure.NONSENSE, str(error), status=200) from None
    page = _page(body)
    documents = [bytes(part) for part in page.orders or ()]
    if len(documents) > MOST_ENTRIES:
        raise ShopError(Failure.NONSENSE, f"eBay's answer holds {len(documents)} orders, more than {MOST_ENTRIES}.")
    return [(str(_brief(document).orderId or ""), document) for document in documents], page.total


def _page(body: bytes) -> _Page:
    if too_deep(body):
        raise ShopError(Failure.NONSENSE, "eBay's answer is nested too deeply to be a list of orders.", status=200)
    for attempt in (body, repaired(body)):
        try:
            page = _PAGE.decode(attempt)
        except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
            continue
        if page.orders is None and page.total is None:
            break
        return page
    raise ShopError(Failure.NONSENSE, "eBay's answer is not a list of orders; it may have been cut off.", status=200)


def _brief(document: bytes) -> _Brief:
    try:
        return _BRIEF.decode(document)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return _Brief()


def orders_by_ids(shop: Shop, ids: tuple[str, ...]) -> Paging:
    """At most 50. What came back is compared with what was asked; ids eBay cannot know are not sent."""
    if len(ids) > MOST_IDS:
        raise ValueError(f"At most {MOST_IDS} orders can be asked for at once, not {len(ids)}.")
    wanted = sorted({identifier for identifier in ids if ORDER_ID.fullmatch(identifier)})
    found = yield from _by_ids(shop, wanted)
    payloads = tuple(document for identifier, document in found if identifier in wanted)
    return OrderPage(payloads, None, len(payloads))


def _by_ids(shop: Shop, wanted: list[str]) -> Operation[list[tuple[str, bytes]]]:
    """eBay may refuse a whole list for one id it does not know: then each half is asked for by itself."""
    if not wanted:
        return []
    response = yield from ask(shop, f"{FULFILLMENT}/order", orderIds=",".join(wanted))
    if response.status not in (400, 404):
        return _read(response)[0]
    if len(wanted) == 1:
        return []
    middle = len(wanted) // 2
    first = yield from _by_ids(shop, wanted[:middle])
    second = yield from _by_ids(shop, wanted[middle:])
    return first + second


def order_by_number(shop: Shop, number: str) -> Paging:
    """The number is the order's id; its id of the years before 2019 is accepted too."""
    number = number.strip().removeprefix("#").strip()
    if not ORDER_ID.fullmatch(number):
        return OrderPage((), None, 0)
    found = yield from _by_ids(shop, [number])
    exact = tuple(document for identifier, document in found if number in (identifier, _brief(document).legacyOrderId))
    return OrderPage(exact[:1], None, len(exact[:1]))
