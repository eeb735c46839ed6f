"""Listing and finding orders. See `integrations.connectors.paging` for why the pages overlap."""

from __future__ import annotations

from collections.abc import Generator, Iterable
from datetime import UTC, datetime, timedelta
from typing import Any

import msgspec

from integrations.connectors.base import Cursor, OrderPage, Request, Response, Shop, Window
from integrations.connectors.clocks import told_clock
from integrations.connectors.paging import Place, next_slice
from integrations.connectors.woocommerce.payload import status
from integrations.connectors.woocommerce.requests import entries, get, page_size

Paging = Generator[Request, Response, OrderPage]

NOT_ORDERS = {"checkout-draft", "auto-draft", "draft"}
"""Carts on their way to becoming orders. `status=any` leaves them out on 11.0 but includes checkout-draft on 6.7."""
MOST_PASSES = 3
MOST_IDS = 100
"""200 ids in one address broke nginx in front of a shop (the Link header repeats it); 100 of 100 have no Link."""
SCANNED_PAGES = 5
SECOND = timedelta(seconds=1)


class Progress(msgspec.Struct, frozen=True):
    """The cursor of a window."""

    since: datetime
    until: datetime
    place: Place = Place()
    passed: int = 0
    missing: int = 0
    """By how many orders the pass before saw less than the shop counted."""


def orders_in_window(shop: Shop, window: Window, cursor: Cursor | None) -> Paging:
    """One page, by id, of the orders whose "modified" lies in the window.

    The filters are strict (`>` and `<`) on whole seconds, so both ends are widened by one. Stamps go out with `Z` and
    without dates_are_gmt: with both, WooCommerce shifts the window by the shop's offset (observed on 11.0.1 and 6.7.0).
    """
    progress = None if cursor is None else msgspec.convert(cursor, Progress)
    since, until = (progress.since, progress.until) if progress else (window.since, window.until)

    def request_at(offset: int) -> Request:
        bounds = {"modified_after": _stamp(since - SECOND)}
        if until is not None:
            bounds["modified_before"] = _stamp(until + SECOND)
        return _list(shop, **bounds, offset=str(offset))

    page = yield from next_slice(request_at, entries, progress.place if progress else Place(), page_size(shop))
    if progress is None:
        progress = Progress(since, until or max(since, told_clock(page.response)))
    return OrderPage(
        payloads=tuple(document for _, document in page.fresh if not _is_cart(document)),
        next=_following(progress, page.next, page.total) if page.done else _cursor(progress, place=page.next),
        total=page.total,
        until=progress.until,
    )


def _list(shop: Shop, **params: str) -> Request:
    fixed = {"status": "any", "orderby": "id", "order": "asc", "per_page": str(page_size(shop))}
    return get(shop, "orders", **{**fixed, **params})


def _following(progress: Progress, place: Place, total: int | None) -> Cursor | None:
    """The window is complete, unless orders joined it behind our back: then it is read again, three times at most."""
    missing = max(0, (total or 0) - place.seen)
    if progress.passed + 1 < MOST_PASSES and (place.joined or missing > progress.missing):
        return _cursor(progress, place=Place(), passed=progress.passed + 1, missing=missing)
    return None


def _cursor(progress: Progress, **changes: Any) -> Cursor:
    cursor: Cursor = msgspec.to_builtins(msgspec.structs.replace(progress, **changes))
    return cursor


def _stamp(moment: datetime) -> str:
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


class _Brief(msgspec.Struct):
    id: Any = None
    number: Any = None
    status: Any = None


_BRIEF = msgspec.json.Decoder(_Brief)


def _brief(document: bytes) -> _Brief:
    """Never raises; what cannot be decoded has no id."""
    try:
        return _BRIEF.decode(document)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return _Brief()


def _is_cart(document: bytes) -> bool:
    return status(_brief(document).status) in NOT_ORDERS


def orders_by_ids(shop: Shop, ids: tuple[str, ...]) -> Paging:
    """At most 100. Ids that came back are compared with those asked: a bad question brings everything."""
    if len(ids) > MOST_IDS:
        raise ValueError(f"At most {MOST_IDS} orders can be asked for at once, not {len(ids)}.")
    wanted = {identifier for identifier in ids if _is_id(identifier)}
    if not wanted:
        return OrderPage((), None, 0)
    asked = ",".join(sorted(wanted, key=int))
    response = yield _list(shop, include=asked, per_page=str(MOST_IDS))
    found = {document: str(_brief(document).id) for document in entries(response)}
    orders = (document for document, identifier in found.items() if identifier in wanted)
    payloads = tuple(document for document in orders if not _is_cart(document))
    return OrderPage(payloads, None, len(payloads))


def _is_id(text: str) -> bool:
    return text.isascii() and text.isdigit() and len(text) < 19 and text == str(int(text))


def order_by_number(shop: Shop, number: str) -> Paging:
    """The order a person means by this number.

    `number` is free text where a plugin numbers orders; it cannot be filtered, and `search` looks at names and ids
    (observed on 11.0.1: searching for "2026/00006" found nothing). So: the id, a search, the newest 500 orders.
    """
    number = number.strip().removeprefix("#").strip()
    by_id = yield from orders_by_ids(shop, (number,))
    if not number or _with_number(by_id.payloads, number):
        return by_id
    response = yield _list(shop, search=number, per_page=str(MOST_IDS))
    found = _with_number(entries(response), number)
    if found:
        return OrderPage(found, None, 1)
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
