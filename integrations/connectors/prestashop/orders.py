"""Listing and finding orders.

Sorted by "modified", PrestaShop's pages lose orders: many share a second, and nothing else sorts them (observed on
8.2.1: 286 of 300). So a window is listed by id, and each page asks for the ids above the last one read: what leaves or
joins the list meanwhile moves nothing. The payload of an order is

    {"order": the order as the list has it, "currency": its code, "details": [...], "slips": [...], "payments": [...],
     "vouchers": [...], "messages": [...], "said": [...], "customer": {...}, "addresses": [...], "carrier": {...}}
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from datetime import datetime
from typing import Any

import msgspec

from integrations.connectors.contract import Paging, Shop
from integrations.connectors.errors import Failure, PayloadError, ShopError
from integrations.connectors.http import Operation
from integrations.connectors.kit import local_times
from integrations.connectors.kit.broken_orders import in_halves, told
from integrations.connectors.kit.clocks import told_clock
from integrations.connectors.kit.json_documents import lenient
from integrations.connectors.kit.lookups import is_whole_number, typed_number, wanted
from integrations.connectors.kit.windows import SECOND, cursor_of
from integrations.connectors.listings import Cursor, OrderPage, Window
from integrations.connectors.prestashop import zones
from integrations.connectors.prestashop.companions import PLAIN, completed
from integrations.connectors.prestashop.requests import any_of, ask, entries, page_size

# A page with fewer orders is the last. Longer ones are not judged by the limit, which a host may have lowered.
SURE_LAST = 10
MOST_IDS = 100


class WindowCursor(msgspec.Struct, frozen=True):
    """The cursor of a window."""

    since: datetime
    until: datetime
    # Whether the window's end was asked for: then the list ends there, too.
    bounded: bool
    last_id: int = 0


class _Brief(msgspec.Struct):
    id: Any = None
    reference: Any = None
    date_upd: Any = None


_brief = lenient(_Brief)
Briefs = list[tuple[bytes, _Brief]]


def orders_in_window(shop: Shop, window: Window, cursor: Cursor | None) -> Paging:
    """One page, by id, of the orders whose "modified" lies in the window, as the shop's own clock shows it.

    What the clock may have shown in an hour that comes twice is within the bounds.
    """
    progress, found, done = yield from _next(shop, window, cursor, "full")
    documents = [document for document, brief in found if not _is_older(brief, progress, shop)]
    return _page(progress, (yield from completed(shop, documents)), done)


def past_a_fault(shop: Shop, window: Window, cursor: Cursor | None) -> Paging:
    """That page without the orders that the shop fails at: their ids first, then the orders in halves."""
    progress, found, done = yield from _next(shop, window, cursor, "[id]")
    apart = yield from in_halves(orders_by_ids, shop, [str(brief.id) for _, brief in found], MOST_IDS)
    return replace(_page(progress, apart.payloads, done), broken=apart.broken, note=told(apart.broken))


def _next(
    shop: Shop, window: Window, cursor: Cursor | None, display: str
) -> Operation[tuple[WindowCursor, Briefs, bool]]:
    """The entries of a page, where the next one begins, and whether there is none."""
    if cursor is not None:
        progress = msgspec.convert(cursor, WindowCursor)
    else:
        progress = WindowCursor(window.since, window.until or window.since, window.until is not None)
    params = {"filter[date_upd]": _stamps(progress, shop), "date": "1", "sort": "[id_ASC]", "display": display}
    if progress.last_id:
        params["filter[id]"] = f">[{progress.last_id}]"
    response = yield from ask(shop, "orders", {**params, "limit": str(page_size(shop))})
    listed = [(document, _brief(document)) for document in entries(response, "orders")]
    ids = [brief.id for _, brief in listed if type(brief.id) is int]
    if ids != sorted(ids) or len(listed) > page_size(shop):
        raise ShopError(Failure.NONSENSE, "The shop does not keep to the order of ids and the limit asked for.")
    if cursor is None:
        now = told_clock(response)
        zones.compare(shop, (yield from zones.told(shop)), now)
        progress = progress if progress.bounded else msgspec.structs.replace(progress, until=max(progress.since, now))
    done = len(listed) < min(SURE_LAST, page_size(shop))
    if not done and not (ids and ids[-1] > progress.last_id):
        raise ShopError(Failure.NONSENSE, "The shop answers every page with the same orders.")
    fresh = [each for each in listed if type(each[1].id) is not int or each[1].id > progress.last_id]
    return msgspec.structs.replace(progress, last_id=max([progress.last_id, *ids])), fresh, done


def _stamps(progress: WindowCursor, shop: Shop) -> str:
    """The filter: a range with both ends, or what is later than the second before the window."""
    least, greatest = local_times.bounds(progress.since - SECOND, progress.until + SECOND, shop.zone)
    return f"[{least},{greatest}]" if progress.bounded else f">[{least}]"


def _is_older(brief: _Brief, progress: WindowCursor, shop: Shop) -> bool:
    """Whether it was surely not asked for: a filter that PrestaShop does not understand lists everything."""
    try:
        return local_times.latest(brief.date_upd, shop.zone, "date_upd") < progress.since - SECOND
    except PayloadError:
        return False  # the order's reading will say why


def _page(progress: WindowCursor, payloads: tuple[bytes, ...], done: bool) -> OrderPage:
    return OrderPage(payloads, None if done else cursor_of(progress), until=progress.until)


def orders_by_ids(shop: Shop, ids: tuple[str, ...]) -> Paging:
    """At most 100, in the order of their ids; what was not asked for is left out."""
    asked = wanted(ids, MOST_IDS, is_whole_number) - {"0"}
    if not asked:
        return OrderPage((), None, 0)
    found = yield from _found(shop, "id", sorted(asked, key=int))
    return _all((yield from completed(shop, [document for document, brief in found if str(brief.id) in asked])))


def order_by_number(shop: Shop, number: str) -> Paging:
    """Every order with this reference: a cart that was split has several. Ids are looked for by `orders_by_ids`."""
    number = typed_number(number).upper()
    if PLAIN.fullmatch(number) is None:
        return OrderPage((), None, 0)
    found = yield from _found(shop, "reference", [number])
    same = [document for document, brief in found if str(brief.reference).upper() == number]
    return _all((yield from completed(shop, same)))


def _found(shop: Shop, field: str, values: Iterable[str]) -> Operation[Briefs]:
    params = {f"filter[{field}]": any_of(values), "display": "full", "sort": "[id_ASC]", "limit": str(MOST_IDS)}
    response = yield from ask(shop, "orders", params)
    return [(document, _brief(document)) for document in entries(response, "orders")]


def _all(payloads: tuple[bytes, ...]) -> OrderPage:
    return OrderPage(payloads, None, len(payloads))
