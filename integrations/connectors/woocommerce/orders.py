"""Listing and finding orders. See `integrations.connectors.kit.offset_paging` for why the pages overlap.

An order comes with the amounts of its refunds only (`woocommerce.refunds` fetches their units).
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import replace
from datetime import datetime
from typing import Any

import msgspec

from integrations.connectors.contract import Paging, Shop
from integrations.connectors.errors import Failure, ShopError
from integrations.connectors.http import Operation, Request, Response
from integrations.connectors.kit import local_times
from integrations.connectors.kit.broken_orders import next_readable, told
from integrations.connectors.kit.clocks import told_clock
from integrations.connectors.kit.json_documents import lenient
from integrations.connectors.kit.lookups import is_whole_number, typed_number, wanted
from integrations.connectors.kit.offset_paging import Place, next_slice
from integrations.connectors.kit.stamps import zulu
from integrations.connectors.kit.windows import SECOND, cursor_of
from integrations.connectors.listings import Cursor, OrderPage, Window
from integrations.connectors.woocommerce.refunds import with_units
from integrations.connectors.woocommerce.requests import entries, get, page_size
from integrations.connectors.woocommerce.status import NOT_ORDERS, status

MOST_PASSES = 3
# 200 ids in one address broke nginx in front of a shop (the Link header repeats it); 100 of 100 have no Link.
MOST_IDS = 100
SCANNED_PAGES = 5


class WindowCursor(msgspec.Struct, frozen=True):
    """The cursor of a window."""

    since: datetime
    until: datetime
    place: Place = Place()
    passed: int = 0
    # By how many orders the pass before saw less than the shop counted.
    missing: int = 0


def orders_in_window(shop: Shop, window: Window, cursor: Cursor | None) -> Paging:
    """One page, by id, of the orders whose "modified" lies in the window.

    The filters are strict (`>` and `<`) on whole seconds, so both ends are widened by one. Stamps go out with `Z` and
    without dates_are_gmt: with both, WooCommerce shifts the window by the shop's offset (observed on 11.0.1 and 6.7.0).
    A shop that keeps orders as posts compares them with its local column (`kit.local_times`): WordPress writes a stamp
    with a zone as the site's local time (`WP_Date_Query::build_mysql_datetime`).
    """
    progress = None if cursor is None else msgspec.convert(cursor, WindowCursor)
    request_at = _requests(shop, window, progress)
    page = yield from next_slice(request_at, entries, progress.place if progress else Place(), page_size(shop))
    if progress is None:
        progress = _begun(window, page.response)
    orders = [document for _, document in page.fresh if not _is_cart(document)]
    return OrderPage(
        payloads=(yield from with_units(shop, orders)),
        next=_following(progress, page.next, page.total) if page.done else cursor_of(progress, place=page.next),
        total=page.total,
        until=progress.until,
    )


def _requests(shop: Shop, window: Window, progress: WindowCursor | None) -> Callable[..., Request]:
    """Asks for the page at an offset of the window."""
    since, until = (progress.since, progress.until) if progress else (window.since, window.until)
    after, before = local_times.moments(since - SECOND, (until or since) + SECOND, shop.zone)
    bounds = {"modified_after": zulu(after)}
    if until is not None:
        bounds["modified_before"] = zulu(before)
    return lambda offset, **more: _list(shop, **{**bounds, "offset": str(offset), **more})


def _begun(window: Window, response: Response) -> WindowCursor:
    return WindowCursor(window.since, window.until or max(window.since, told_clock(response)))


def past_a_fault(shop: Shop, window: Window, cursor: Cursor | None) -> Paging:
    """The order behind one that makes PHP fail, where a page of that one alone fails.

    What moved meanwhile is found by another pass: the broken order is counted, but not seen.
    """
    progress = None if cursor is None else msgspec.convert(cursor, WindowCursor)
    place = progress.place if progress else Place()
    request_at = _requests(shop, window, progress)
    first = place.offset + 1 if place.last_id else 0
    beyond, count = yield from next_readable(lambda offset: _alone(request_at, offset), first)
    broken = []
    for offset in range(first, first + count):
        broken.append((yield from _name(request_at, offset)))
    page = _behind(progress or _begun(window, beyond), place, first + count, entries(beyond), broken)
    return replace(page, payloads=(yield from with_units(shop, page.payloads)))


def _alone(request_at: Callable[..., Request], offset: int) -> Operation[Response]:
    response = yield request_at(offset, per_page="1")
    entries(response)
    return response


def _name(request_at: Callable[..., Request], offset: int) -> Operation[str]:
    """The id of a broken order, which may be what WordPress can still tell; "" where it cannot."""
    try:
        found = entries((yield request_at(offset, per_page="1", _fields="id")))
    except ShopError:
        return ""
    return str(_brief(found[0]).id) if found and type(_brief(found[0]).id) is int else ""


def _behind(
    progress: WindowCursor, place: Place, offset: int, documents: tuple[bytes, ...], broken: list[str]
) -> OrderPage:
    """The page of one order, or of none where the broken one was the last, and what to say of it."""
    note = told(broken, place.last_id)
    known = tuple(each for each in broken if each)
    if not documents:
        following = _following(progress, msgspec.structs.replace(place, joined=True), None)
        return OrderPage((), following, None, progress.until, known, note)
    number = _brief(documents[0]).id
    if type(number) is not int:
        raise ShopError(Failure.NONSENSE, "The shop fails at an order, and the next one has no id to go on from.")
    place = Place(
        offset,
        place.first_id or number,
        max(place.last_id, number),
        place.seen + 1,
        place.joined or number <= place.last_id,
    )
    payloads = () if _is_cart(documents[0]) else documents[:1]
    return OrderPage(payloads, cursor_of(progress, place=place), None, progress.until, known, note)


def _list(shop: Shop, **params: str) -> Request:
    fixed = {"status": "any", "orderby": "id", "order": "asc", "per_page": str(page_size(shop))}
    return get(shop, "orders", **{**fixed, **params})


def _following(progress: WindowCursor, place: Place, total: int | None) -> Cursor | None:
    """The window is complete, unless orders joined it behind our back: then it is read again, three times at most."""
    missing = max(0, (total or 0) - place.seen)
    if progress.passed + 1 < MOST_PASSES and (place.joined or missing > progress.missing):
        return cursor_of(progress, place=Place(), passed=progress.passed + 1, missing=missing)
    return None


class _Brief(msgspec.Struct):
    id: Any = None
    number: Any = None
    status: Any = None


_brief = lenient(_Brief)


def _is_cart(document: bytes) -> bool:
    return status(_brief(document).status) in NOT_ORDERS


def orders_by_ids(shop: Shop, ids: tuple[str, ...]) -> Paging:
    """At most 100. Ids that came back are compared with those asked: a bad question brings everything."""
    asked = wanted(ids, MOST_IDS, is_whole_number)
    if not asked:
        return OrderPage((), None, 0)
    response = yield _list(shop, include=",".join(sorted(asked, key=int)), per_page=str(MOST_IDS))
    found = {document: str(_brief(document).id) for document in entries(response)}
    orders = (document for document, identifier in found.items() if identifier in asked)
    payloads = yield from with_units(shop, [document for document in orders if not _is_cart(document)])
    return OrderPage(payloads, None, len(payloads))


def order_by_number(shop: Shop, number: str) -> Paging:
    """The order a person means by this number.

    `number` is free text where a plugin numbers orders; it cannot be filtered, and `search` looks at names and ids
    (observed on 11.0.1: searching for "2026/00006" found nothing). So: the id, a search, the newest 500 orders.
    """
    number = typed_number(number)
    by_id = yield from orders_by_ids(shop, (number,))
    if not number or _with_number(by_id.payloads, number):
        return by_id
    response = yield _list(shop, search=number, per_page=str(MOST_IDS))
    found = _with_number(entries(response), number)
    if found:
        return OrderPage((yield from with_units(shop, found)), None, 1)
    for page in range(1, SCANNED_PAGES + 1):
        response = yield _list(shop, order="desc", page=str(page), per_page=str(MOST_IDS), _fields="id,number,status")
        briefs = entries(response)
        found = _with_number(briefs, number)
        if found:
            return (yield from orders_by_ids(shop, (str(_brief(found[0]).id),)))
        if len(briefs) < MOST_IDS:
            break
    return by_id


def _with_number(documents: Iterable[bytes], number: str) -> tuple[bytes, ...]:
    """The first order with exactly this number."""
    exact = (document for document in documents if str(_brief(document).number) == number and not _is_cart(document))
    return tuple(document for document, _ in zip(exact, range(1), strict=False))
