"""Listing and finding orders.

`sales_order.list` has no pages: it brings the head of every order that passes its filters. So a window is cut into
spans of time, which grow where orders are few and shrink where they are many, or where the answer is too much for the
shop. Of a span the oldest changes are read first, the orders of a page in a request for each twenty; then the rest is
listed again. An order that changes meanwhile moves to a time that is still to come, so none is passed by. Stamps are
whole seconds in UTC, and both ends of a span belong to it.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

import msgspec

from integrations.connectors.contract import Paging, Shop
from integrations.connectors.errors import Failure, PayloadError, ShopError
from integrations.connectors.http import Operation, Response
from integrations.connectors.kit import offset_paging
from integrations.connectors.kit.broken_orders import in_halves, told
from integrations.connectors.kit.clocks import told_clock
from integrations.connectors.kit.json_documents import lenient
from integrations.connectors.kit.lookups import typed_number, wanted
from integrations.connectors.kit.windows import SECOND, cursor_of
from integrations.connectors.listings import Cursor, OrderPage, Window
from integrations.connectors.magento1.requests import NOT_THERE, ask, ask_all, documents, fault_of, refused
from integrations.connectors.magento1.rows import without_the_unread
from integrations.connectors.magento2.history import moment

RIGHT = "Sales > Order > Retrieve orders info"
LARGEST_PAGE = MOST_IDS = 100
# Orders of one multiCall: about a megabyte of XML, and some seconds of PHP.
AT_ONCE = 20
# Seconds of a span.
FIRST, LONGEST, SHORTEST = 86_400, 32 * 86_400, 60
# How often a span that is too much is cut before the run waits, and to which part.
CUTS, PART = 2, 8
# A name in the shop's memory: how long a span may be after some that were too much.
SPAN = "span"
# How far outside of its span an order may seem to lie before filters are not believed.
TOLERATED = timedelta(days=1)


class Place(msgspec.Struct, frozen=True):
    """Where a listing goes on."""

    since: datetime
    until: datetime
    # Seconds.
    span: int = FIRST
    # Stamp and internal id of the last order read, where its span has more.
    after: tuple[str, int] = ("", 0)


class Head(msgspec.Struct):
    increment_id: Any = None
    order_id: Any = None
    updated_at: Any = None

    @property
    def place(self) -> tuple[str, int]:
        """What heads are sorted by."""
        number = str(self.order_id)
        return str(self.updated_at), int(number) if number.isascii() and number.isdigit() else 0

    @property
    def changed(self) -> datetime | None:
        try:
            return moment(self.updated_at, "updated_at")
        except PayloadError:
            return None

    @property
    def number(self) -> str:
        return self.increment_id.strip() if isinstance(self.increment_id, str) else ""


_head = lenient(Head)


def orders_in_window(shop: Shop, window: Window, cursor: Cursor | None) -> Paging:
    """The next orders, by the time of their last change."""
    numbers, unnamed, following, until = yield from _listed(shop, window, cursor)
    found = yield from _infos(shop, numbers)
    return OrderPage((*found.payloads, *unnamed), following, until=until)


def past_a_fault(shop: Shop, window: Window, cursor: Cursor | None) -> Paging:
    """The same, without the orders that Magento fails at."""
    numbers, unnamed, following, until = yield from _listed(shop, window, cursor)
    apart = yield from in_halves(_infos, shop, numbers, AT_ONCE)
    payloads = (*apart.payloads, *unnamed)
    return OrderPage(payloads, following, until=until, broken=apart.broken, note=told(apart.broken))


def _listed(
    shop: Shop, window: Window, cursor: Cursor | None
) -> Operation[tuple[list[str], list[bytes], Cursor | None, datetime]]:
    """Numbers of the orders of a page, heads of those without one, where the next page begins, the window's end."""
    place = msgspec.convert(cursor, Place) if cursor else Place(window.since, window.until or window.since)
    is_open = cursor is None and window.until is None
    response, end, span = yield from _span(shop, place, is_open)
    if is_open:
        place = msgspec.structs.replace(place, until=max(place.since, told_clock(response)))
    heads = sorted(((_head(each), each) for each in documents(response)), key=lambda pair: pair[0].place)
    for head, _ in heads:
        _believed(head, place.since, end)
    size = offset_paging.page_size(shop, LARGEST_PAGE)
    fresh = [pair for pair in heads if pair[0].place > place.after]
    page = fresh[:size]
    following: Cursor | None = None
    if len(fresh) > size:
        last = page[-1][0]
        shorter = max(SHORTEST, span * size // len(fresh))
        following = cursor_of(place, since=last.changed or place.since, after=last.place, span=shorter)
    elif end < place.until:
        longer = span * 2 if len(fresh) * 2 <= size else span
        following = cursor_of(place, since=end + SECOND, after=("", 0), span=min(LONGEST, longer))
    numbers = [head.number for head, _ in page if head.number]
    return numbers, [document for head, document in page if not head.number], following, place.until


def _span(shop: Shop, place: Place, is_open: bool) -> Operation[tuple[Response, datetime, int]]:
    """The heads from the place on, up to which time, and of how many seconds. Cut where it is too much for the shop.

    `is_open`: whether the window has no end yet.
    """
    span = min(place.span, shop.memory.get(SPAN, place.span))
    for cut in range(CUTS + 1):
        end = place.since + timedelta(seconds=span)
        end = end if is_open else min(end, place.until)
        between = {"updated_at": {"from": _stamp(place.since), "to": _stamp(end)}}
        try:
            response = yield from ask(shop, RIGHT, "sales_order.list", between)
        except ShopError as error:
            silent = error.kind == Failure.UNAVAILABLE and error.status is None
            if not (silent or error.may_be_one_order) or cut == CUTS or span <= SHORTEST:
                raise
            shop.memory[SPAN] = span = max(SHORTEST, span // PART)
        else:
            break
    shop.memory.pop(SPAN, None)
    return response, end, span


def _believed(head: Head, since: datetime, end: datetime) -> None:
    """ShopError for an order of another time: Magento answers filters that it does not understand with all orders."""
    if head.changed is not None and not since - TOLERATED <= head.changed <= end + TOLERATED:
        raise ShopError(
            Failure.NONSENSE,
            "The shop lists orders from outside of the time that was asked for; a plugin may break its filters.",
        )


def _stamp(when: datetime) -> str:
    return when.astimezone(UTC).strftime("%Y-%m-%d %H:%M:%S")


def _infos(shop: Shop, numbers: Sequence[str]) -> Paging:
    """The whole orders with these numbers; those that there are not are left out."""
    payloads: list[bytes] = []
    for start in range(0, len(numbers), AT_ONCE):
        part = numbers[start : start + AT_ONCE]
        answers = documents((yield from ask_all(shop, RIGHT, *(("sales_order.info", [number]) for number in part))))
        if len(answers) != len(part):
            raise ShopError(Failure.NONSENSE, "The shop does not answer each of the questions that were asked at once.")
        for answer in answers:
            code = fault_of(answer)
            if code not in ("", NOT_THERE):
                raise refused(code, RIGHT)
            payloads += [] if code else [without_the_unread(answer)]
    return OrderPage(tuple(payloads), None, len(payloads))


def orders_by_ids(shop: Shop, ids: tuple[str, ...]) -> Paging:
    """At most 100. MySQL takes "a1" for "A1", so the numbers that came back are compared with those asked."""
    asked = wanted(ids, MOST_IDS, lambda number: bool(number.strip()) and number.isprintable() and len(number) <= 50)
    found = yield from _infos(shop, sorted(asked))
    exact = tuple(document for document in found.payloads if _head(document).number in asked)
    return OrderPage(exact, None, len(exact))


def order_by_number(shop: Shop, number: str) -> Paging:
    return (yield from orders_by_ids(shop, (typed_number(number),)))
