"""Orders as documents of our own (see `shapes`), so many a question as its cost allows."""

from __future__ import annotations

from typing import Any

from msgspec import Raw, Struct

from integrations.connectors.contract import Shop
from integrations.connectors.errors import Failure, ShopError
from integrations.connectors.http import Operation
from integrations.connectors.kit.json_documents import lenient
from integrations.connectors.shopify import queries
from integrations.connectors.shopify.errors import TooCostly
from integrations.connectors.shopify.requests import Connection, call, read_part, unless_null

MOST_LINE_PAGES = 20
# Orders a question; halved where Shopify finds the question too costly, and remembered.
FIRST_SIZE, LEAST_SIZE, LARGEST_SIZE = 25, 1, 250


class _Brief(Struct, rename="camel"):
    id: Any = None
    name: Any = None
    line_items: Connection | None = None


# Never raises: what is odd in one order is for `parse` to refuse.
brief = lenient(_Brief)


def page_size(shop: Shop) -> int:
    wanted = shop.memory.get("page_size") or shop.settings.get("per_page") or FIRST_SIZE
    return min(LARGEST_SIZE, max(LEAST_SIZE, wanted)) if isinstance(wanted, int) else FIRST_SIZE


def halve(shop: Shop, size: int) -> None:
    """TooCostly where `size` cannot be made smaller."""
    if size <= LEAST_SIZE:
        raise TooCostly
    shop.memory["page_size"] = max(LEAST_SIZE, size // 2)


def documents(shop: Shop, nodes: list[Raw]) -> Operation[tuple[bytes, ...]]:
    """The payloads of these orders, each with all its lines."""
    found = []
    for node in nodes:
        try:
            more = yield from _more_lines(shop, node)
        except ShopError as error:
            if error.kind == Failure.BUSY and len(nodes) > LEAST_SIZE:
                halve(shop, len(nodes))  # or the page would never be complete
            raise
        found.append(b'{"order":%b,"more_lines":[%b]}' % (node, b",".join(more)))
    return tuple(found)


def _more_lines(shop: Shop, node: Raw) -> Operation[list[bytes]]:
    """The further pages of an order's lines. An order beyond them is refused by `parse`, as not read whole."""
    order = brief(bytes(node))
    connection = order.line_items
    pages: list[bytes] = []
    while connection is not None and connection.page_info.has_next_page and len(pages) < MOST_LINE_PAGES:
        variables = {"id": order.id, "after": connection.page_info.end_cursor}
        data, _ = yield from call(shop, queries.MORE_LINES, variables)
        lines = read_part(unless_null(data.get("order")), dict[str, Raw]).get("lineItems")
        if lines is None:
            break  # deleted in between
        pages.append(bytes(lines))
        connection = read_part(lines, Connection)
    return pages
