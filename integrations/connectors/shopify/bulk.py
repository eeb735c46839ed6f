"""Long windows by a bulk operation: Shopify writes all orders of a question into a file, which is read piece by piece.

Facts (docs of 2026-07, "Perform bulk operations"): `bulkOperationRunQuery` takes one question without variables, of at
most five connections, none of them inside a list, two deep; since 2026-01 five may run at a time per app and shop.
Status goes CREATED, RUNNING, COMPLETED (or FAILED, CANCELED, EXPIRED); `url` is null where nothing was found, and lasts
seven days. The file is JSONL: an object a line, those of nested connections with `__parentId`, and with `groupObjects`
right behind their parent.

The steps are pages of the listing: begin, look whether it is done, read a piece, read the next. All that is kept is the
operation's id and a place in the file, so that a stopped run goes on where it was. What changed since the operation
began is then read in the ordinary way. So is everything where the operation cannot begin or does not come to its end; a
failed one's partial file is left alone, because what is missing in it cannot be told.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import urlsplit

import msgspec
from msgspec import Raw, Struct

from integrations.connectors.contract import Shop
from integrations.connectors.errors import Failure, ShopError
from integrations.connectors.http import Operation, Request
from integrations.connectors.kit.clocks import clock
from integrations.connectors.kit.stamps import zulu
from integrations.connectors.listings import Cursor, OrderPage
from integrations.connectors.shopify import orders, queries
from integrations.connectors.shopify.orders import Paging, read_part
from integrations.connectors.shopify.payload import tail
from integrations.connectors.shopify.requests import HERE, call

LONG = timedelta(days=14)
WORTH_IT = 2_500
"""Orders. A hundred pages take less time than most operations."""
KEPT_DAYS = 60
"""Days of orders an app may read without the scope read_all_orders."""
SHORTEST_WAIT, LONGEST_WAIT = 5, 60
PIECE = 2 * 1024 * 1024
"""Bytes asked for at once, some 400 orders; more where a single order is larger."""
LARGEST_PIECE = 16 * 1024 * 1024
BEFORE = timedelta(minutes=10)
WORKING = {"CREATED", "RUNNING"}
MOST_COUNTED = 10_000
WAITS = "Shopify gathers the orders into a file."
ONLY_RECENT = (
    f"Shopify gave orders of the last {KEPT_DAYS} days only: give the app the scope read_all_orders, which Shopify has "
    "to approve, and load again."
)


class Progress(Struct, frozen=True):
    """The cursor, under "bulk"."""

    since: datetime
    began: datetime
    """Shopify's clock before the operation began."""
    operation: str
    offset: int = 0
    """Bytes of the file that are read."""
    total: int | None = None
    again: tuple[str, ...] = ()
    """Orders read from the file whose refunds are still to be asked for."""


class _Count(Struct):
    count: int = 0


class _Scope(Struct):
    handle: str = ""


class _App(Struct, rename="camel"):
    access_scopes: list[_Scope] = []


class _Operation(Struct, rename="camel"):
    id: str = ""
    status: str = ""
    query: str = ""
    created_at: datetime | None = None
    root_object_count: int | str | None = None
    url: str | None = None


class _Begun(Struct, rename="camel"):
    bulk_operation: _Operation | None = None


@dataclass
class _Group:
    """An order as its lines in the file have it."""

    gid: str
    head: bytes
    """The order without its connections."""
    is_refunded: bool
    ways: list[bytes] = field(default_factory=list)
    lines: list[bytes] = field(default_factory=list)


class _Node(Struct, rename={"parent": "__parentId"}):
    id: Any = None
    parent: str | None = None
    refunds: list[Raw] | None = None


_NODE = msgspec.json.Decoder(_Node)


def begin(shop: Shop, since: datetime, now: datetime) -> Operation[tuple[OrderPage | None, str]]:
    """The first page where an operation was begun, or None; and what staff should know of what will be missing."""
    question = f"updated_at:>='{zulu(since)}'"
    data, _ = yield from call(shop, queries.BULK_COUNT, {"query": question})
    count = read_part(data.get("ordersCount"), _Count).count
    scopes = {scope.handle for scope in read_part(data.get("currentAppInstallation"), _App).access_scopes}
    short = "read_all_orders" not in scopes and since < now - timedelta(days=KEPT_DAYS)
    note = ONLY_RECENT if short else ""
    if count <= WORTH_IT:
        return None, note
    wanted = queries.bulk_orders(question)
    operation, began = yield from _left_running(shop, wanted)
    if not operation:
        data, _ = yield from call(shop, queries.BULK_RUN, {"query": wanted}, changes=True)
        begun = read_part(data.get("bulkOperationRunQuery"), _Begun).bulk_operation
        operation, began = (begun.id if begun else ""), now
    if not operation:
        return None, note  # refused (`userErrors`): other operations of this app are running, as a rule
    progress = Progress(since, began or now, operation, total=count if count < MOST_COUNTED else None)
    return _at_work(progress, note, SHORTEST_WAIT, WAITS), note


def _left_running(shop: Shop, wanted: str) -> Operation[tuple[str, datetime | None]]:
    """The operation of the same question that a worker began before it died; none where it is over."""
    data, _ = yield from call(shop, queries.BULK_CURRENT)
    current = _operation(data.get("currentBulkOperation"))
    if current.status not in WORKING or current.query != wanted or current.created_at is None:
        return "", None
    return current.id, current.created_at.astimezone(UTC)


def _operation(part: Raw | None) -> _Operation:
    return read_part(part if part is not None and bytes(part) != b"null" else None, _Operation)


def _cursor(progress: Progress) -> Cursor:
    return {"bulk": msgspec.to_builtins(progress)}


def go_on(shop: Shop, cursor: Cursor) -> Paging:
    """The next piece of the file, or a wait for it, or the first page of what changed since the operation began."""
    progress = msgspec.convert(cursor["bulk"], Progress)
    if len(progress.again) >= orders.page_size(shop):
        return (yield from _refunded(shop, progress))
    of, url = shop.memory.get("bulk_url", ("", ""))
    is_fresh = of != progress.operation
    if is_fresh:
        data, response = yield from call(shop, queries.BULK_STATUS, {"id": progress.operation})
        operation = _operation(data.get("bulkOperation"))
        if operation.status in WORKING:
            return _wait(progress, operation, clock(response) or progress.began)
        if operation.status != "COMPLETED":
            return (yield from _ordinary(shop, progress, progress.since))
        if operation.url is None:
            return (yield from _ordinary(shop, progress, progress.began))
        url = operation.url
        shop.memory["bulk_url"] = (progress.operation, url)
    return (yield from _piece(shop, progress, url, is_fresh))


def _wait(progress: Progress, operation: _Operation, now: datetime) -> OrderPage:
    elapsed = (now - progress.began).total_seconds()
    wait = min(LONGEST_WAIT, max(SHORTEST_WAIT, elapsed / 6))
    done = str(operation.root_object_count or 0)
    return _at_work(progress, "", wait, f"{WAITS} So far: {done[:9]}.")


def _at_work(progress: Progress, note: str, wait: float, waits_for: str) -> OrderPage:
    return OrderPage(
        (), _cursor(progress), progress.total, progress.began, note=note, wait=wait, waits_for=waits_for, in_shop=True
    )


def _ordinary(shop: Shop, progress: Progress, since: datetime) -> Paging:
    """On with the ordinary listing of what was changed since then."""
    shop.memory.pop("bulk_url", None)
    since = max(progress.since, since - BEFORE) if since == progress.began else since
    until = max(since, (yield from orders.time_there(shop)))
    return (yield from orders.page(shop, orders.beginning(since, until)))


def _piece(shop: Shop, progress: Progress, url: str, is_fresh: bool) -> Paging:
    """As many whole orders as the piece after the offset holds."""
    size = PIECE
    while True:
        response = yield _download(url, progress.offset, size)
        if response.status == 416 or (response.status == 200 and len(response.body) <= progress.offset):
            return (
                yield from _refunded(shop, progress) if progress.again else _ordinary(shop, progress, progress.began)
            )
        if response.status not in (200, 206):
            shop.memory.pop("bulk_url", None)
            if is_fresh:  # an address that Shopify has just given: the file is gone for good
                return (yield from _ordinary(shop, progress, progress.since))
            return (yield from go_on(shop, _cursor(progress)))
        body = response.body[progress.offset :] if response.status == 200 else response.body
        is_end = response.status == 200 or len(body) < size
        groups, read = _groups(body, is_end)
        if read or is_end:
            break
        if size >= LARGEST_PIECE:
            raise ShopError(Failure.NONSENSE, "An order in Shopify's file is larger than 16 MB.")
        size *= 2
    payloads = tuple(_document(group) for group in groups if not group.is_refunded)
    again = tuple(tail(group.gid) for group in groups if group.is_refunded)
    following = msgspec.structs.replace(progress, offset=progress.offset + read, again=progress.again + again)
    return OrderPage(payloads, _cursor(following), progress.total, progress.began)


def _refunded(shop: Shop, progress: Progress) -> Paging:
    """Orders with refunds are read whole: which lines came back is a connection inside a list.

    A question a page, so that none is asked twice where their points run out.
    """
    now = orders.page_size(shop)
    page = yield from orders.orders_by_ids(shop, progress.again[:now])
    following = msgspec.structs.replace(progress, again=progress.again[now:])
    return OrderPage(page.payloads, _cursor(following), progress.total, progress.began)


def _download(url: str, offset: int, size: int) -> Request:
    """The address is signed and needs no key of ours. Without packing, so that a range is one of the file's bytes."""
    address = urlsplit(url)
    if address.scheme != "https" and address.hostname not in HERE:
        raise ShopError(Failure.ADDRESS, "Shopify names an address for the file that is not safe to use.")
    ranged = {"Range": f"bytes={offset}-{offset + size - 1}", "Accept-Encoding": "identity"}
    return Request("GET", url, headers={**ranged, "Accept": "*/*"})


def _groups(body: bytes, is_end: bool) -> tuple[list[_Group], int]:
    """The orders that are whole in a piece, and how many bytes they take. The last one may go on in the next piece."""
    groups: list[_Group] = []
    starts: list[int] = []
    place = 0
    while (end := body.find(b"\n", place)) >= 0 or (is_end and place < len(body)):
        end = end if end >= 0 else len(body)
        line = body[place:end].strip()
        if line:
            _add(groups, line)
            if len(groups) > len(starts):
                starts.append(place)
        place = end + 1
    if is_end:
        return groups, len(body)
    return groups[:-1], starts[-1] if starts else 0


def _add(groups: list[_Group], line: bytes) -> None:
    try:
        node = _NODE.decode(line)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        node = _Node()  # for `parse` to refuse
    if node.parent is None:
        groups.append(_Group(str(node.id), line, bool(node.refunds) and bool(tail(node.id))))
        return
    if not groups or groups[-1].gid != node.parent:
        raise ShopError(Failure.NONSENSE, "Shopify's file of orders is not in the order that was asked for.")
    is_line = str(node.id).startswith("gid://shopify/LineItem/")
    (groups[-1].lines if is_line else groups[-1].ways).append(line)


def _document(group: _Group) -> bytes:
    ways, lines = b",".join(group.ways), b",".join(group.lines)
    connections = b',"shippingLines":{"nodes":[%s]},"lineItems":{"nodes":[%s]}}' % (ways, lines)
    return b'{"order":' + group.head.removesuffix(b"}") + connections + b',"more_lines":[]}'


def abandon(shop: Shop, cursor: Cursor) -> Operation[None]:
    """Stop the operation in the shop."""
    progress = msgspec.convert(cursor["bulk"], Progress)
    yield from call(shop, queries.BULK_CANCEL, {"id": progress.operation}, changes=True)
