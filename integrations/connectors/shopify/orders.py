"""Listing and finding orders.

A window is read by id with Shopify's cursors, which hold the place after which to go on and not how many entries were
read: what comes or goes meanwhile moves nobody. The window's end is fixed on Shopify's clock before the first page, so
that all pages belong to one question; what changes later is in the next window.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any, TypeVar

import msgspec
from msgspec import Raw, Struct

from integrations.connectors.contract import Shop
from integrations.connectors.errors import Failure, ShopError
from integrations.connectors.http import Operation
from integrations.connectors.kit.clocks import told_clock
from integrations.connectors.kit.stamps import zulu
from integrations.connectors.listings import Cursor, OrderPage
from integrations.connectors.shopify import queries
from integrations.connectors.shopify.payload import tail
from integrations.connectors.shopify.requests import TooCostly, call

Paging = Operation[OrderPage]
Nodes = Operation["tuple[tuple[bytes, ...], Connection, Mapping[str, Raw]]"]

T = TypeVar("T")

MOST_IDS = 100
MOST_PASSES = 3
MOST_LINE_PAGES = 20
FIRST_SIZE, LEAST_SIZE, LARGEST_SIZE = 25, 1, 250
"""Orders a question; halved where Shopify finds the question too costly, and remembered."""
SECOND = timedelta(seconds=1)


class PageInfo(Struct, rename="camel", frozen=True):
    has_next_page: bool = False
    end_cursor: str | None = None


class Connection(Struct, rename="camel"):
    """`nodes` stay as they came."""

    nodes: list[Raw] = []
    page_info: PageInfo = PageInfo()


class _Count(Struct):
    count: int = 0
    precision: str = ""


class _HasLines(Struct, rename="camel"):
    id: Any = None
    name: Any = None
    line_items: Connection | None = None


class Progress(Struct, frozen=True):
    """The cursor of a window."""

    since: datetime
    until: datetime
    after: str | None = None
    seen: int = 0
    passed: int = 0
    missing: int = 0
    """By how many orders the pass before saw less than Shopify counted."""


def beginning(since: datetime, until: datetime) -> Cursor:
    """The cursor of a window's first page."""
    return _cursor(Progress(since, until))


def page(shop: Shop, cursor: Cursor) -> Paging:
    """One page of the orders whose `updatedAt` lies in the window; both ends are widened by a second."""
    progress = msgspec.convert(cursor, Progress)
    question = f"updated_at:>='{zulu(progress.since - SECOND)}' updated_at:<='{zulu(progress.until + SECOND)}'"
    payloads, found, data = yield from _sized(shop, queries.ORDERS, {"after": progress.after, "query": question})
    if found.page_info.has_next_page and found.page_info.end_cursor in (None, progress.after):
        raise ShopError(Failure.NONSENSE, "The shop says that there are more orders, but not where.")
    count = read_part(data.get("ordersCount"), _Count)
    seen = progress.seen + len(found.nodes)
    progress = msgspec.structs.replace(progress, seen=seen, after=found.page_info.end_cursor)
    return OrderPage(
        payloads,
        _cursor(progress) if found.page_info.has_next_page else _again(progress, count),
        count.count if count.precision == "EXACT" else None,
        progress.until,
    )


def _again(progress: Progress, count: _Count) -> Cursor | None:
    """The window is complete, unless Shopify counts more than came: then it is read again, three times at most."""
    missing = max(0, count.count - progress.seen)
    if progress.passed + 1 < MOST_PASSES and missing > progress.missing:
        return _cursor(Progress(progress.since, progress.until, passed=progress.passed + 1, missing=missing))
    return None


def _cursor(progress: Progress) -> Cursor:
    cursor: Cursor = msgspec.to_builtins(progress)
    return cursor


def time_there(shop: Shop) -> Operation[datetime]:
    """Shopify's clock, for the price of the smallest question."""
    _, response = yield from call(shop, queries.CLOCK)
    return told_clock(response)


def page_size(shop: Shop) -> int:
    wanted = shop.memory.get("page_size") or shop.settings.get("per_page") or FIRST_SIZE
    return min(LARGEST_SIZE, max(LEAST_SIZE, wanted)) if isinstance(wanted, int) else FIRST_SIZE


def _sized(shop: Shop, query: str, variables: Mapping[str, Any]) -> Nodes:
    """A page of `orders`, as large as one question may be."""
    while True:
        size = page_size(shop)
        try:
            data, _ = yield from call(shop, query, {**variables, "first": size})
        except TooCostly:
            _halve(shop, size)
            continue
        page = read_part(data.get("orders"), Connection)
        if len(page.nodes) > size:
            raise ShopError(Failure.NONSENSE, f"The shop sent {len(page.nodes)} orders where {size} were asked for.")
        payloads = yield from _documents(shop, page.nodes)
        return payloads, page, data


def _halve(shop: Shop, size: int) -> None:
    if size <= LEAST_SIZE:
        raise TooCostly
    shop.memory["page_size"] = max(LEAST_SIZE, size // 2)


def _documents(shop: Shop, nodes: list[Raw]) -> Operation[tuple[bytes, ...]]:
    documents = []
    for node in nodes:
        try:
            more = yield from _more_lines(shop, node)
        except ShopError as error:
            if error.kind == Failure.BUSY and len(nodes) > LEAST_SIZE:
                shop.memory["page_size"] = max(LEAST_SIZE, len(nodes) // 2)  # or the page would never be complete
            raise
        documents.append(b'{"order":' + bytes(node) + b',"more_lines":[' + b",".join(more) + b"]}")
    return tuple(documents)


def _more_lines(shop: Shop, node: Raw) -> Operation[list[bytes]]:
    """The further pages of an order's lines. An order beyond them is refused by `parse`, as not read whole."""
    brief = _brief(node)
    connection = brief.line_items
    pages: list[bytes] = []
    while connection is not None and connection.page_info.has_next_page and len(pages) < MOST_LINE_PAGES:
        variables = {"id": brief.id, "after": connection.page_info.end_cursor}
        data, _ = yield from call(shop, queries.MORE_LINES, variables)
        whole = data.get("order")
        lines = read_part(whole, dict[str, Raw]).get("lineItems") if whole and bytes(whole) != b"null" else None
        if lines is None:
            break  # deleted in between
        pages.append(bytes(lines))
        connection = read_part(lines, Connection)
    return pages


def _brief(node: Raw) -> _HasLines:
    """Never raises: what is odd in one order is for `parse` to refuse."""
    try:
        return msgspec.json.decode(node, type=_HasLines)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return _HasLines()


def read_part(part: Raw | None, kind: type[T]) -> T:
    """One part of the data. ShopError where it is not what the API documents."""
    try:
        return msgspec.json.decode(part if part is not None else b"{}", type=kind)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        raise ShopError(Failure.NONSENSE, "The shop's answer is not as its API documents.") from None


def orders_by_ids(shop: Shop, ids: tuple[str, ...]) -> Paging:
    """At most 100, in as few questions as their cost allows; an unknown id comes back as null in its place."""
    if len(ids) > MOST_IDS:
        raise ValueError(f"At most {MOST_IDS} orders can be asked for at once, not {len(ids)}.")
    waiting = sorted({each for each in ids if _is_id(each)}, key=int)
    found: dict[str, bytes] = {}
    while waiting:
        size = page_size(shop)
        asked = [f"gid://shopify/Order/{each}" for each in waiting[:size]]
        try:
            data, _ = yield from call(shop, queries.ORDERS_BY_IDS, {"ids": asked})
        except TooCostly:
            _halve(shop, min(size, len(waiting)))
            continue
        nodes = read_part(data.get("nodes"), list[Raw])
        orders = [node for node in nodes if _brief(node).id in asked]
        documents = yield from _documents(shop, orders)
        found |= {tail(_brief(node).id): document for node, document in zip(orders, documents, strict=True)}
        waiting = waiting[size:]
    return OrderPage(tuple(found.values()), None, len(found))


def _is_id(text: str) -> bool:
    return text.isascii() and text.isdigit() and len(text) < 19 and text == str(int(text))


def order_by_number(shop: Shop, number: str) -> Paging:
    """`name` is the number with the shop's own prefix and suffix, by default "#1001"; it may be typed without the #.

    The search looks at words, so what it finds is compared. The spelling as typed goes first.
    """
    number = number.strip()
    plain = number.replace("\\", "").replace('"', "")
    if not plain or plain != number or len(plain) > 100:
        return OrderPage((), None, 0)
    spellings = [number, f"#{number}"] if not number.startswith("#") else [number, number[1:]]
    question = " OR ".join(f'name:"{each}"' for each in spellings if each)
    data, _ = yield from call(shop, queries.ORDERS_BY_NAME, {"query": question})
    nodes = read_part(data.get("orders"), Connection).nodes
    for spelling in spellings:
        exact = [node for node in nodes if spelling and _brief(node).name == spelling]
        if exact:
            return OrderPage((yield from _documents(shop, exact[:1])), None, 1)
    return OrderPage((), None, 0)
