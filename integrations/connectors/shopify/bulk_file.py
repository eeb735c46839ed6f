"""The file of a bulk operation: JSONL, an object a line, those of connections right behind the order they belong to."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from msgspec import Raw, Struct

from integrations.connectors.errors import Failure, ShopError
from integrations.connectors.http import Request
from integrations.connectors.kit.json_documents import lenient
from integrations.connectors.kit.mending import mended
from integrations.connectors.kit.tokens import is_safe
from integrations.connectors.shopify.payload import tail


@dataclass
class Group:
    """An order as its lines in the file have it."""

    gid: str
    # The order without its connections.
    head: bytes
    is_refunded: bool
    ways: list[bytes] = field(default_factory=list)
    lines: list[bytes] = field(default_factory=list)

    def payload(self) -> bytes:
        ways, lines = b",".join(self.ways), b",".join(self.lines)
        connections = b',"shippingLines":{"nodes":[%b]},"lineItems":{"nodes":[%b]}}' % (ways, lines)
        return b'{"order":%b%b,"more_lines":[]}' % (self.head.removesuffix(b"}"), connections)


class _Node(Struct, rename={"parent": "__parentId"}):
    id: Any = None
    parent: str | None = None
    refunds: list[Raw] | None = None


# What cannot be decoded is an order for `parse` to refuse.
_node = lenient(_Node)


def download(url: str, offset: int, size: int) -> Request:
    """The address is signed and needs no key of ours. Without packing, so that a range is one of the file's bytes."""
    if not is_safe(url):
        raise ShopError(Failure.ADDRESS, "Shopify names an address for the file that is not safe to use.")
    ranged = {"Range": f"bytes={offset}-{offset + size - 1}", "Accept-Encoding": "identity"}
    return Request("GET", url, headers={**ranged, "Accept": "*/*"})


def groups_in(body: bytes, is_end: bool) -> tuple[list[Group], int]:
    """The orders that are whole in a piece, and how many bytes they take. The last one may go on in the next piece."""
    groups: list[Group] = []
    # Where the last group begins.
    start = place = 0
    while (end := body.find(b"\n", place)) >= 0 or (is_end and place < len(body)):
        end = end if end >= 0 else len(body)
        line = body[place:end].strip()
        if line and _add(groups, line):
            start = place
        place = end + 1
    return (groups, len(body)) if is_end else (groups[:-1], start)


def _add(groups: list[Group], line: bytes) -> bool:
    """Whether the line begins a group."""
    node = _node(line)
    if node.id is None:
        line = mended(line)
        node = _node(line)
    if node.parent is None:
        groups.append(Group(str(node.id), line, bool(node.refunds) and bool(tail(node.id))))
        return True
    if not groups or groups[-1].gid != node.parent:
        raise ShopError(Failure.NONSENSE, "Shopify's file of orders is not in the order that was asked for.")
    is_line = str(node.id).startswith("gid://shopify/LineItem/")
    (groups[-1].lines if is_line else groups[-1].ways).append(line)
    return False
