"""Listing and finding orders.

V2 lists orders by id and filters `min_id`, so pages are cut by id and never by number: what leaves or joins the list
behind the place reached moves nothing. The payload of an order is

    {"order": the V2 order with its consignments, lines and fees,
     "products": [...], "shipping_addresses": [...],   only where the order came with links to them,
     "refunds": [...]}                                  its V3 refunds, only where its status tells of some
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, datetime

import msgspec

from integrations.connectors.bigcommerce.payload import identify, status
from integrations.connectors.bigcommerce.requests import all_data, entries, get, page_size, refusal
from integrations.connectors.bigcommerce.shapes import RawOrder, is_whole
from integrations.connectors.contract import Paging, Shop
from integrations.connectors.errors import Failure, ShopError
from integrations.connectors.http import Operation, Request, Response
from integrations.connectors.kit.broken_orders import told
from integrations.connectors.kit.id_windows import IdCursor, past, progress_of
from integrations.connectors.kit.json_documents import lenient
from integrations.connectors.kit.lookups import is_whole_number, typed_number, wanted
from integrations.connectors.kit.windows import SECOND, cursor_of
from integrations.connectors.listings import Cursor, OrderPage, Window

INCLUDED = {"include": "consignments.line_items,fees", "consignment_structure": "object"}
# An abandoned checkout. It becomes an order with another status, and is then modified.
INCOMPLETE = "0"
REFUNDED = {"4", "14"}
# A page with fewer orders is the last. Longer ones are not judged by the limit that was asked for: whether `include`
# lowers it, as V3 does to 10 for some parts of products, is not documented.
SURE_LAST = 10
MOST_IDS = 100
MOST_REFUND_PAGES = 99
# Above every id that BigCommerce gives, a signed number of 32 bits.
BEHIND_ALL = 2**31 - 1
WIDEST_RANGE, WIDEST_GAP = 200, 10
# What cannot be decoded has no id, and `parse` will say why.
_raw = lenient(RawOrder)


def _bounds(progress: IdCursor) -> dict[str, str]:
    """The window as parameters, both ends widened by a second."""
    until = {"max_date_modified": _stamp(progress.until + SECOND)} if progress.bounded else {}
    return {"min_date_modified": _stamp(progress.since - SECOND), **until}


def orders_in_window(shop: Shop, window: Window, cursor: Cursor | None) -> Paging:
    """One page, by id, of the orders modified in the window; both ends are widened by a second.

    `min_id` asks for the last id again, and what is not higher is left out: right whether the filter includes or not.
    """
    progress = progress_of(window, cursor)
    after = {"min_id": str(progress.last_id)} if progress.last_id else {}
    response = yield _list(shop, page_size(shop), **_bounds(progress), **after)
    progress = progress.told(cursor, response)
    listed = [(document, _raw(document)) for document in entries(response)]
    ids = [raw.id for _, raw in listed if type(raw.id) is int]
    if ids != sorted(ids):
        raise ShopError(Failure.NONSENSE, "BigCommerce does not keep to the order of ids that was asked for.")
    fresh = [(doc, raw) for doc, raw in listed if type(raw.id) is not int or raw.id > progress.last_id]
    done = len(listed) < min(SURE_LAST, page_size(shop))
    if not done and not (ids and ids[-1] > progress.last_id):
        raise ShopError(Failure.NONSENSE, "BigCommerce answers every page with the same orders.")
    following = None if done else cursor_of(progress, last_id=ids[-1])
    return OrderPage((yield from _payloads(shop, fresh)), following, until=progress.until)


def past_a_fault(shop: Shop, window: Window, cursor: Cursor | None) -> Paging:
    """The orders up to a later one that can be read, without those that BigCommerce fails at."""
    progress = progress_of(window, cursor)
    response = yield _list(shop, 1, **_bounds(progress), min_id=str(BEHIND_ALL))
    entries(response)
    progress = progress.told(cursor, response)

    def lowest(first: int) -> Operation[int | None]:
        beyond = entries((yield _list(shop, 1, **_bounds(progress), min_id=str(first))))
        number = _raw(beyond[0]).id if beyond else None
        if beyond and type(number) is not int:
            raise ShopError(
                Failure.NONSENSE, "BigCommerce fails at an order, and the next one has no id to go on from."
            )
        return number

    def within(low: int, high: int) -> Operation[list[tuple[int, bytes]]]:
        found = yield from (_one(shop, low) if low == high else _range(shop, low, high, **_bounds(progress)))
        return [(raw.id, document) for document, raw in found if type(raw.id) is int]

    passed = yield from past(lowest, within, progress.last_id + 1, page_size(shop), BEHIND_ALL)
    payloads = yield from _payloads(shop, [(document, _raw(document)) for document in passed.documents])
    held = tuple(payload for payload in payloads if progress.holds(identify(payload, shop).modified_at, SECOND))
    following = None if passed.reached is None else cursor_of(progress, last_id=passed.reached)
    return OrderPage(held, following, until=progress.until, broken=passed.broken, note=told(passed.broken))


def _list(shop: Shop, size: int, **params: str) -> Request:
    return get(shop, "v2/orders", **params, sort="id:asc", limit=str(size), **INCLUDED)


def _stamp(moment: datetime) -> str:
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S+00:00")


def _payloads(shop: Shop, found: Iterable[tuple[bytes, RawOrder]]) -> Operation[tuple[bytes, ...]]:
    """The documents of the orders: without abandoned checkouts and archived orders, with what is missing fetched."""
    kept = [
        (document, raw) for document, raw in found if status(raw.status_id) != INCOMPLETE and raw.is_deleted is not True
    ]
    refunds = yield from _refunds(shop, [raw.id for _, raw in kept if _tells_of_refunds(raw)])
    payloads = []
    for document, raw in kept:
        parts = [b'{"order":' + document]
        if type(raw.id) is int and not is_whole(raw):
            for name in ("products", "shipping_addresses"):
                rest = yield from _rest(shop, raw.id, name)
                parts.append(b'"%s":[%s]' % (name.encode(), b",".join(rest)))
        if raw.id in refunds:
            parts.append(b'"refunds":' + msgspec.json.encode(refunds[raw.id]))
        payloads.append(b",".join(parts) + b"}")
    return tuple(payloads)


def _tells_of_refunds(raw: RawOrder) -> bool:
    """`refunded_amount` of V2 always says 0 (documented); the status and the payment status do tell."""
    refunded = status(raw.status_id) in REFUNDED or "refunded" in (raw.payment_status or "")
    return refunded and type(raw.id) is int


def _refunds(shop: Shop, ids: list[int]) -> Operation[dict[int, list[msgspec.Raw]]]:
    """The V3 refunds of these orders, by order; one request for all, more where it comes in pages."""
    found: dict[int, list[msgspec.Raw]] = {}
    if not ids:
        return found
    asked = ",".join(map(str, ids))
    path = "v3/orders/payment_actions/refunds"
    for refund in (yield from all_data(shop, path, MOST_REFUND_PAGES, order_id__in=asked)):
        if refund.get("order_id") in ids:
            found.setdefault(refund["order_id"], []).append(msgspec.Raw(msgspec.json.encode(refund)))
    return found


def _rest(shop: Shop, order_id: int, name: str) -> Operation[list[bytes]]:
    found: list[bytes] = []
    for page in range(1, 20):
        response = yield get(shop, f"v2/orders/{order_id}/{name}", limit="250", page=str(page))
        listed = () if response.status == 404 else entries(response)
        found += listed
        if len(listed) < SURE_LAST:
            break
    return found


def orders_by_ids(shop: Shop, ids: tuple[str, ...]) -> Paging:
    """At most 100. There is no filter for many ids: near ones come in one range, a lonely one by itself."""
    asked = sorted(map(int, wanted(ids, MOST_IDS, is_whole_number) - {"0"}))
    found: list[tuple[bytes, RawOrder]] = []
    for first, last in _ranges(asked):
        found += yield from (_one(shop, first) if first == last else _range(shop, first, last))
    found = [(document, raw) for document, raw in found if type(raw.id) is int and raw.id in set(asked)]
    payloads = yield from _payloads(shop, found)
    return OrderPage(payloads, None, len(payloads))


def _ranges(asked: list[int]) -> list[tuple[int, int]]:
    """First and last ids of runs without wide gaps, none wider than a page."""
    ranges: list[tuple[int, int]] = []
    for number in asked:
        if ranges and number - ranges[-1][1] <= WIDEST_GAP and number - ranges[-1][0] < WIDEST_RANGE:
            ranges[-1] = (ranges[-1][0], number)
        else:
            ranges.append((number, number))
    return ranges


def _range(shop: Shop, first: int, last: int, **bounds: str) -> Operation[list[tuple[bytes, RawOrder]]]:
    """One number more at both ends, in case the filters should not include. Asks again where a page was cut short."""
    found: list[tuple[bytes, RawOrder]] = []
    lowest = first - 1
    while True:
        response = yield _list(shop, 250, min_id=str(lowest), max_id=str(last + 1), **bounds)
        listed = [(document, _raw(document)) for document in entries(response)]
        found += listed
        highest = max((raw.id for _, raw in listed if type(raw.id) is int), default=last)
        if len(listed) < SURE_LAST or highest >= last or highest <= lowest:
            return found
        lowest = highest


def _one(shop: Shop, order_id: int) -> Operation[list[tuple[bytes, RawOrder]]]:
    response = yield get(shop, f"v2/orders/{order_id}", **INCLUDED)
    if response.status in (204, 404):
        return []
    if response.status != 200:
        raise refusal(response)
    (document,) = entries(Response(200, response.headers, b"[" + response.body.removeprefix(b"\xef\xbb\xbf") + b"]"))
    return [(document, _raw(document))]


def order_by_number(shop: Shop, number: str) -> Paging:
    """The number people see is the id."""
    return (yield from orders_by_ids(shop, (typed_number(number),)))
