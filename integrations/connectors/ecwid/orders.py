"""Listing and finding orders.

In which order Ecwid lists is not documented, so no page is trusted to follow another: a window is cut into slices of
time so short that each has at most 100 orders and comes in one answer. Only a single second with more than that is
read by offset, again and again until what was seen is what the list counts. The payload of an order is

    {"order": the order as the list has it, "currency": the store's currency, which no order tells}
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace
from datetime import UTC, datetime

import msgspec

from integrations.connectors.contract import Paging, Shop
from integrations.connectors.ecwid.payload import status
from integrations.connectors.ecwid.requests import LARGEST_PAGE, currency, get, listing
from integrations.connectors.errors import Failure, ShopError
from integrations.connectors.http import Operation
from integrations.connectors.kit.broken_orders import in_halves, told
from integrations.connectors.kit.clocks import told_clock
from integrations.connectors.kit.json_documents import lenient
from integrations.connectors.kit.lookups import typed_number, wanted
from integrations.connectors.kit.offset_paging import page_size
from integrations.connectors.listings import Cursor, OrderPage, Window

# An abandoned cart; it becomes an order with another payment status, and is then updated.
INCOMPLETE = "INCOMPLETE"
MOST_PASSES = 4
# How full a slice should be, so that most fit into one answer at the first try.
AIMED_AT = 0.8
# `responseFields` names the parts of the answer that are wanted.
IDS_ONLY = {"responseFields": "total,count,offset,limit,items(id)"}


class WindowCursor(msgspec.Struct, frozen=True):
    """The cursor: seconds since 1970, both ends belong to the window."""

    start: int
    until: int
    width: int
    currency: str
    total: int | None = None


class _Brief(msgspec.Struct, frozen=True):
    id: str | int | None = None
    internalId: str | int | None = None
    paymentStatus: str | None = None
    fulfillmentStatus: str | None = None


_brief = lenient(_Brief)


def orders_in_window(shop: Shop, window: Window, cursor: Cursor | None) -> Paging:
    """One slice of the orders updated in the window. Slices overlap by a second at both ends, in case the filters
    should not include their bounds."""
    progress, found, done = yield from _next(shop, window, cursor, {})
    return _page(progress, _payloads(found, progress.currency), done)


def past_a_fault(shop: Shop, window: Window, cursor: Cursor | None) -> Paging:
    """That slice without the orders that Ecwid fails at: their ids first, then the orders in halves."""
    progress, found, done = yield from _next(shop, window, cursor, IDS_ONLY)
    ids = [str(_brief(document).id) for document in found]
    apart = yield from in_halves(orders_by_ids, shop, ids, LARGEST_PAGE)
    return replace(_page(progress, apart.payloads, done), broken=apart.broken, note=told(apart.broken))


def _next(
    shop: Shop, window: Window, cursor: Cursor | None, how: Mapping[str, str]
) -> Operation[tuple[WindowCursor, tuple[bytes, ...], bool]]:
    """The orders of a slice, where the next one begins, and whether there is none. `how`: see `_slice`."""
    size = page_size(shop, LARGEST_PAGE)
    if cursor is not None:
        progress = msgspec.convert(cursor, WindowCursor)
    else:
        progress, whole = yield from _first(shop, window, size, how)
        if whole is not None:
            return progress, whole, True
    while True:
        end = min(progress.until, progress.start + progress.width)
        found, total = yield from _slice(shop, size, progress.start, end, how)
        if total <= len(found):
            break
        if end - progress.start <= 0:
            found = yield from _second(shop, size, progress.start, how)
            break
        width = int((end - progress.start) * size * AIMED_AT / total)
        progress = msgspec.structs.replace(progress, width=min(width, (end - progress.start) // 2))
    wider = max(1, progress.width * 2) if len(found) < size // 2 else progress.width
    start = end if end > progress.start else end + 1
    return msgspec.structs.replace(progress, start=start, width=wider), found, end >= progress.until


def _first(
    shop: Shop, window: Window, size: int, how: Mapping[str, str]
) -> Operation[tuple[WindowCursor, tuple[bytes, ...] | None]]:
    """The whole window at once: enough for most; else it tells how many orders and what time there is."""
    code = yield from currency(shop)
    since = int(window.since.timestamp())
    bounds = {"updatedFrom": str(since - 1)}
    if window.until is not None:
        bounds["updatedTo"] = str(int(window.until.timestamp()) + 1)
    response = yield get(shop, "orders", **bounds, **how, limit=str(size), offset="0")
    found, total = listing(response)
    until = window.until or told_clock(response)
    ends = max(since, int(until.timestamp()))
    width = max(1, int((ends - since) * size * AIMED_AT / max(1, total)))
    return WindowCursor(since, ends, width, code, total), found if total <= len(found) else None


def _page(progress: WindowCursor, payloads: tuple[bytes, ...], done: bool) -> OrderPage:
    return OrderPage(
        payloads=payloads,
        next=None if done else msgspec.to_builtins(progress),
        total=progress.total,
        until=datetime.fromtimestamp(progress.until, UTC),
    )


def _payloads(found: Iterable[bytes], code: str) -> tuple[bytes, ...]:
    tail = b',"currency":' + msgspec.json.encode(code) + b"}"
    return tuple(b'{"order":' + document + tail for document in found if not _is_cart(document))


def _is_cart(document: bytes) -> bool:
    brief = _brief(document)
    return status(brief.paymentStatus, brief.fulfillmentStatus) == INCOMPLETE


def _slice(
    shop: Shop, size: int, start: int, end: int, how: Mapping[str, str], offset: int = 0
) -> Operation[tuple[tuple[bytes, ...], int]]:
    """The first orders of a slice, and how many it has. `how`: more parameters, such as `IDS_ONLY`."""
    bounds = {"updatedFrom": str(start - 1), "updatedTo": str(end + 1)}
    response = yield get(shop, "orders", **bounds, **how, limit=str(size), offset=str(offset))
    return listing(response)


def _second(shop: Shop, size: int, second: int, how: Mapping[str, str]) -> Operation[tuple[bytes, ...]]:
    """All orders of a second (and its neighbours) by offset, several times if orders leave or move meanwhile."""
    seen: dict[str, bytes] = {}
    for _ in range(MOST_PASSES):
        offset, totals, here = 0, set[int](), set[str]()
        while True:
            found, total = yield from _slice(shop, size, second, second, how, offset)
            totals.add(total)
            named = {str(_brief(document).id or document): document for document in found}
            seen |= named
            here |= set(named)
            offset += len(found)
            if not found or offset >= total:
                break
        if len(totals) == 1 and len(here) >= total:
            return tuple(seen.values())
    raise ShopError(
        Failure.NONSENSE, "Ecwid lists the orders of one second differently each time; the load will be tried again."
    )


def orders_by_ids(shop: Shop, ids: tuple[str, ...]) -> Paging:
    """At most 100, by the ids people see or by Ecwid's internal ones; what was not asked for is left out."""
    asked = wanted(ids, LARGEST_PAGE, _is_id)
    if not asked:
        return OrderPage((), None, 0)
    code = yield from currency(shop)
    response = yield get(shop, "orders", ids=",".join(sorted(asked)), limit=str(LARGEST_PAGE), offset="0")
    found, _ = listing(response)
    exact = [document for document in found if {str(_brief(document).id), str(_brief(document).internalId)} & asked]
    payloads = _payloads(exact, code)
    return OrderPage(payloads, None, len(payloads))


def _is_id(text: str) -> bool:
    """A comma would ask for two orders, and nothing for all."""
    return bool(text.strip()) and text == text.strip() and "," not in text and text.isprintable() and len(text) <= 255


def order_by_number(shop: Shop, number: str) -> Paging:
    """The number people see is the id, with the store's prefix and suffix; Ecwid finds it without them, too."""
    number = typed_number(number)
    found = yield from orders_by_ids(shop, (number,))
    exact = tuple(payload for payload in found.payloads if str(_wrapped(payload).order.id) == number)
    return OrderPage(exact, None, len(exact))


class _Wrapped(msgspec.Struct):
    order: _Brief = _Brief()


_wrapped = lenient(_Wrapped)
