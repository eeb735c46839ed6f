"""Listing and finding orders.

A window is cut by ids and never by page numbers: each request asks for what is modified in the window and has an id
above the last one read, lowest ids first. What leaves or joins the list behind the place reached moves nothing, equal
seconds do not matter, and the page beyond the end, which Magento up to 2.3 fills with the last orders again
(magento2#3787), is never asked for. Page and filters are checked by what comes: Magento answers a filter that it does
not understand with all orders.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, datetime, timedelta

from integrations.connectors.contract import Paging, Shop
from integrations.connectors.errors import Failure, PayloadError, ShopError
from integrations.connectors.http import Operation
from integrations.connectors.kit.broken_orders import told
from integrations.connectors.kit.id_windows import IdCursor, past, progress_of
from integrations.connectors.kit.json_documents import lenient
from integrations.connectors.kit.lookups import is_whole_number, typed_number, wanted
from integrations.connectors.kit.windows import cursor_of
from integrations.connectors.listings import Cursor, OrderPage, Window
from integrations.connectors.magento2.copies import without_copies
from integrations.connectors.magento2.history import moment
from integrations.connectors.magento2.requests import BEHIND_ALL, LARGEST_PAGE, listing, page_size, search
from integrations.connectors.magento2.status import Brief

MOST_IDS = 100
# Of an order's number, unless a plugin makes them.
DIGITS = 9
# How far outside of the window an order may seem to lie before filters are not believed.
TOLERATED = timedelta(days=1)
_brief = lenient(Brief)


def _bounds(progress: IdCursor) -> list[tuple[str, str, str]]:
    """The window as filters; both ends belong to it."""
    until = [("updated_at", "lteq", _stamp(progress.until))] if progress.bounded else []
    return [("updated_at", "gteq", _stamp(progress.since)), *until]


def orders_in_window(shop: Shop, window: Window, cursor: Cursor | None) -> Paging:
    """One page, by id, of the orders modified in the window."""
    progress, size = progress_of(window, cursor), page_size(shop)
    response = yield search(shop, "orders", [*_bounds(progress), _above(progress.last_id)], size)
    found, total = listing(response)
    progress = progress.told(cursor, response)
    ids = _rising(progress, found)
    done = total <= len(found) < size
    if not done and not ids:
        raise ShopError(Failure.NONSENSE, "The shop lists orders without ids, so its list has no end.")
    following = None if done else cursor_of(progress, last_id=ids[-1])
    return OrderPage(_kept(found), following, total if cursor is None else None, progress.until)


def past_a_fault(shop: Shop, window: Window, cursor: Cursor | None) -> Paging:
    """The orders up to a later one that can be read, without those that Magento fails at."""
    progress = progress_of(window, cursor)
    response = yield search(shop, "orders", [*_bounds(progress), _above(BEHIND_ALL)], 1)
    listing(response)
    progress = progress.told(cursor, response)

    def lowest(first: int) -> Operation[int | None]:
        found, _ = listing((yield search(shop, "orders", [*_bounds(progress), _above(first - 1)], 1)))
        return next(iter(_rising(progress, found)), None)

    def within(first: int, last: int) -> Operation[list[tuple[int, bytes]]]:
        there: list[tuple[int, bytes]] = []
        while True:
            span = [_above(first - 1), ("entity_id", "lteq", str(last))]
            found, total = listing((yield search(shop, "orders", [*_bounds(progress), *span], LARGEST_PAGE)))
            ids = _rising(progress, found)
            there += [(_brief(each).entity_id, each) for each in found if type(_brief(each).entity_id) is int]
            if not ids or total <= len(found):
                return there
            first = ids[-1] + 1

    passed = yield from past(lowest, within, progress.last_id + 1, page_size(shop), BEHIND_ALL)
    following = None if passed.reached is None else cursor_of(progress, last_id=passed.reached)
    kept = _kept(passed.documents)
    return OrderPage(kept, following, until=progress.until, broken=passed.broken, note=told(passed.broken))


def _rising(progress: IdCursor, found: Iterable[bytes]) -> list[int]:
    """The ids. ShopError where they do not rise from the last one on, or orders come from another time."""
    briefs = [_brief(document) for document in found]
    ids = [brief.entity_id for brief in briefs if type(brief.entity_id) is int]
    if ids != sorted(ids) or (ids and ids[0] <= progress.last_id):
        raise ShopError(Failure.NONSENSE, "The shop does not keep to the order of ids that was asked for.")
    if not all(progress.holds(_changed(brief), TOLERATED) for brief in briefs):
        raise ShopError(
            Failure.NONSENSE,
            "The shop lists orders from outside of the time that was asked for; a plugin may break its filters.",
        )
    return ids


def _changed(brief: Brief) -> datetime | None:
    try:
        return moment(brief.updated_at, "updated_at")
    except PayloadError:
        return None


def _kept(documents: Iterable[bytes]) -> tuple[bytes, ...]:
    return tuple(map(without_copies, documents))


def _above(number: int) -> tuple[str, str, str]:
    return "entity_id", "gt", str(number)


def _stamp(when: datetime) -> str:
    """UTC; an offset would be ignored, not converted (observed on 2.4.7)."""
    return when.astimezone(UTC).strftime("%Y-%m-%d %H:%M:%S")


def orders_by_ids(shop: Shop, ids: tuple[str, ...]) -> Paging:
    """At most 100, in one request. Ids that came back are compared with those asked."""
    asked = wanted(ids, MOST_IDS, is_whole_number) - {"0"}
    if not asked:
        return OrderPage((), None, 0)  # no ids would ask for all orders
    response = yield search(shop, "orders", [("entity_id", "in", ",".join(sorted(asked, key=int)))], MOST_IDS)
    found, _ = listing(response)
    exact = tuple(document for document in found if str(_brief(document).entity_id) in asked)
    return OrderPage(_kept(exact), None, len(exact))


def order_by_number(shop: Shop, number: str) -> Paging:
    """The number people see, whose zeros before it they leave out: 41 is 000000041 and not the id 41.

    It is one store's own: shops of several stores may have it more than once.
    """
    number = typed_number(number)
    if not number or len(number) > 50:
        return OrderPage((), None, 0)
    asked = ("increment_id", "eq", number)
    if number.isascii() and number.isdigit():
        asked = ("increment_id", "in", f"{number},{number.zfill(DIGITS)}")
    found, _ = listing((yield search(shop, "orders", [asked], LARGEST_PAGE)))
    named = [(str(_brief(document).increment_id), document) for document in found]
    for meant in (number, number.zfill(DIGITS)):
        if exact := tuple(document for each, document in named if each == meant):
            return OrderPage(_kept(exact), None, len(exact))
    return OrderPage((), None, 0)
