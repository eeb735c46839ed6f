"""Listing and finding orders.

A window is read by id with Shopify's cursors, which hold the place after which to go on and not how many entries were
read: what comes or goes meanwhile moves nobody. The window's end is fixed on Shopify's clock before the first page, so
that all pages belong to one question; what changes later is in the next window.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime

import msgspec
from msgspec import Raw, Struct

from integrations.connectors.contract import Paging, Shop
from integrations.connectors.errors import Failure, ShopError
from integrations.connectors.http import Operation
from integrations.connectors.kit.broken_orders import in_halves, told
from integrations.connectors.kit.clocks import told_clock
from integrations.connectors.kit.lookups import is_whole_number, wanted
from integrations.connectors.kit.stamps import zulu
from integrations.connectors.kit.windows import SECOND, cursor_of
from integrations.connectors.listings import OrderPage
from integrations.connectors.shopify import queries
from integrations.connectors.shopify.errors import TooCostly
from integrations.connectors.shopify.order_payloads import brief, documents, halve, page_size
from integrations.connectors.shopify.payload import tail
from integrations.connectors.shopify.requests import Connection, Data, call, read_part

MOST_IDS = 100
MOST_PASSES = 3


class Count(Struct):
    count: int = 0
    precision: str = ""


class WindowCursor(Struct, frozen=True):
    """The cursor of a window."""

    since: datetime
    until: datetime
    after: str | None = None
    seen: int = 0
    passed: int = 0
    # By how many orders the pass before saw less than Shopify counted.
    missing: int = 0


def page(shop: Shop, progress: WindowCursor) -> Paging:
    """One page of the orders whose `updatedAt` lies in the window; both ends are widened by a second."""
    found, data = yield from _sized(shop, {"after": progress.after, "query": _question(progress)})
    payloads = yield from documents(shop, found.nodes)
    return _page(progress, found, data, payloads)


def page_of_ids(shop: Shop, progress: WindowCursor) -> Paging:
    """That page without the orders that Shopify fails at: their ids first, then the orders in halves."""
    asked = {"after": progress.after, "query": _question(progress), "first": page_size(shop)}
    data, _ = yield from call(shop, queries.ORDER_IDS, asked)
    found = read_part(data.get("orders"), Connection)
    apart = yield from in_halves(orders_by_ids, shop, [tail(brief(bytes(node)).id) for node in found.nodes], MOST_IDS)
    return replace(_page(progress, found, data, apart.payloads), broken=apart.broken, note=told(apart.broken))


def _question(progress: WindowCursor) -> str:
    return f"updated_at:>='{zulu(progress.since - SECOND)}' updated_at:<='{zulu(progress.until + SECOND)}'"


def _page(progress: WindowCursor, found: Connection, data: Data, payloads: tuple[bytes, ...]) -> OrderPage:
    if found.page_info.has_next_page and found.page_info.end_cursor in (None, progress.after):
        raise ShopError(Failure.NONSENSE, "The shop says that there are more orders, but not where.")
    count = read_part(data.get("ordersCount"), Count)
    seen = progress.seen + len(found.nodes)
    progress = msgspec.structs.replace(progress, seen=seen, after=found.page_info.end_cursor)
    following = progress if found.page_info.has_next_page else _again(progress, count)
    total = count.count if count.precision == "EXACT" else None
    return OrderPage(payloads, cursor_of(following) if following else None, total, progress.until)


def _again(progress: WindowCursor, count: Count) -> WindowCursor | None:
    """The window is complete, unless Shopify counts more than came: then it is read again, three times at most."""
    missing = max(0, count.count - progress.seen)
    if progress.passed + 1 < MOST_PASSES and missing > progress.missing:
        return WindowCursor(progress.since, progress.until, passed=progress.passed + 1, missing=missing)
    return None


def _sized(shop: Shop, variables: Mapping[str, str | None]) -> Operation[tuple[Connection, Data]]:
    """A page of `orders`, as large as one question may be."""
    while True:
        size = page_size(shop)
        try:
            data, _ = yield from call(shop, queries.ORDERS, {**variables, "first": size})
        except TooCostly:
            halve(shop, size)
            continue
        found = read_part(data.get("orders"), Connection)
        if len(found.nodes) > size:
            raise ShopError(Failure.NONSENSE, f"The shop sent {len(found.nodes)} orders where {size} were asked for.")
        return found, data


def time_there(shop: Shop) -> Operation[datetime]:
    """Shopify's clock, for the price of the smallest question."""
    _, response = yield from call(shop, queries.CLOCK)
    return told_clock(response)


def orders_by_ids(shop: Shop, ids: tuple[str, ...]) -> Paging:
    """At most 100, in as few questions as their cost allows; an unknown id comes back as null in its place."""
    waiting = sorted(wanted(ids, MOST_IDS, is_whole_number), key=int)
    found: dict[str, bytes] = {}
    while waiting:
        size = page_size(shop)
        asked = [f"gid://shopify/Order/{each}" for each in waiting[:size]]
        try:
            data, _ = yield from call(shop, queries.ORDERS_BY_IDS, {"ids": asked})
        except TooCostly:
            halve(shop, min(size, len(waiting)))
            continue
        nodes = [node for node in read_part(data.get("nodes"), list[Raw]) if brief(bytes(node)).id in asked]
        payloads = yield from documents(shop, nodes)
        found |= {tail(brief(bytes(node)).id): payload for node, payload in zip(nodes, payloads, strict=True)}
        waiting = waiting[size:]
    return OrderPage(tuple(found.values()), None, len(found))


def order_by_number(shop: Shop, number: str) -> Paging:
    """`name` is the number with the shop's own prefix and suffix, by default "#1001"; it may be typed without the #.

    The search looks at words, so what it finds is compared. The spelling as typed goes first.
    """
    number = number.strip()
    if not number or len(number) > 100 or "\\" in number or '"' in number:
        return OrderPage((), None, 0)
    spellings = [each for each in (number, number[1:] if number.startswith("#") else f"#{number}") if each]
    question = " OR ".join(f'name:"{each}"' for each in spellings)
    data, _ = yield from call(shop, queries.ORDERS_BY_NAME, {"query": question})
    nodes = read_part(data.get("orders"), Connection).nodes
    exact = [node for spelling in spellings for node in nodes if brief(bytes(node)).name == spelling][:1]
    return OrderPage((yield from documents(shop, exact)), None, len(exact))
