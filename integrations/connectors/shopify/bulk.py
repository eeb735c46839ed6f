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

from datetime import UTC, datetime, timedelta

import msgspec
from msgspec import Raw, Struct

from integrations.connectors.contract import Paging, Shop
from integrations.connectors.errors import Failure, ShopError
from integrations.connectors.http import Operation
from integrations.connectors.kit.clocks import clock
from integrations.connectors.kit.stamps import zulu
from integrations.connectors.listings import Cursor, OrderPage
from integrations.connectors.shopify import orders, queries
from integrations.connectors.shopify.bulk_file import Group, download, groups_in
from integrations.connectors.shopify.order_payloads import page_size
from integrations.connectors.shopify.orders import Count
from integrations.connectors.shopify.payload import tail
from integrations.connectors.shopify.requests import call, read_part, unless_null

LONG = timedelta(days=14)
# Orders. A hundred pages take less time than most operations.
WORTH_IT = 2_500
# Days of orders an app may read without the scope read_all_orders.
KEPT_DAYS = 60
SHORTEST_WAIT, LONGEST_WAIT = 5, 60
# Bytes asked for at once, some 400 orders; more where a single order is larger.
PIECE = 2 * 1024 * 1024
LARGEST_PIECE = 16 * 1024 * 1024
BEFORE = timedelta(minutes=10)
WORKING = {"CREATED", "RUNNING"}
MOST_COUNTED = 10_000
WAITS = "Shopify gathers the orders into a file."
ONLY_RECENT = (
    f"Shopify gave orders of the last {KEPT_DAYS} days only: give the app the scope read_all_orders, which Shopify has "
    "to approve, and load again."
)


class BulkCursor(Struct, frozen=True):
    """The cursor, under "bulk"."""

    since: datetime
    # Shopify's clock before the operation began.
    began: datetime
    operation: str
    # Bytes of the file that are read.
    offset: int = 0
    total: int | None = None
    # Orders read from the file whose refunds are still to be asked for.
    again: tuple[str, ...] = ()

    def page(self, payloads: tuple[bytes, ...] = (), note: str = "", wait: float = 0, waits_for: str = "") -> OrderPage:
        """A page after which the listing goes on here."""
        cursor = {"bulk": msgspec.to_builtins(self)}
        return OrderPage(
            payloads, cursor, self.total, self.began, note=note, wait=wait, waits_for=waits_for, in_shop=wait > 0
        )


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


def progress_of(cursor: Cursor) -> BulkCursor:
    return msgspec.convert(cursor["bulk"], BulkCursor)


def begin(shop: Shop, since: datetime, now: datetime) -> Operation[tuple[OrderPage | None, str]]:
    """The first page where an operation was begun, or None; and what staff should know of what will be missing."""
    question = f"updated_at:>='{zulu(since)}'"
    data, _ = yield from call(shop, queries.BULK_COUNT, {"query": question})
    count = read_part(data.get("ordersCount"), Count).count
    scopes = {scope.handle for scope in read_part(data.get("currentAppInstallation"), _App).access_scopes}
    is_short = "read_all_orders" not in scopes and since < now - timedelta(days=KEPT_DAYS)
    note = ONLY_RECENT if is_short else ""
    if count <= WORTH_IT:
        return None, note
    operation, began = yield from _running(shop, queries.bulk_orders(question), now)
    if not operation:
        return None, note  # refused (`userErrors`): other operations of this app are running, as a rule
    progress = BulkCursor(since, began, operation, total=count if count < MOST_COUNTED else None)
    return progress.page(note=note, wait=SHORTEST_WAIT, waits_for=WAITS), note


def _running(shop: Shop, wanted: str, now: datetime) -> Operation[tuple[str, datetime]]:
    """The operation of this question and when it began: one that a worker began before it died, else a new one."""
    data, _ = yield from call(shop, queries.BULK_CURRENT)
    current = _operation(data.get("currentBulkOperation"))
    if current.id and current.status in WORKING and current.query == wanted and current.created_at is not None:
        return current.id, current.created_at.astimezone(UTC)
    data, _ = yield from call(shop, queries.BULK_RUN, {"query": wanted}, changes=True)
    begun = read_part(data.get("bulkOperationRunQuery"), _Begun).bulk_operation
    return (begun.id if begun else ""), now


def _operation(part: Raw | None) -> _Operation:
    return read_part(unless_null(part), _Operation)


def go_on(shop: Shop, progress: BulkCursor) -> Paging:
    """The next piece of the file, or a wait for it, or the first page of what changed since the operation began."""
    if len(progress.again) >= page_size(shop):
        return (yield from _refunded(shop, progress))
    of, url = shop.memory.get("bulk_url", ("", ""))
    is_fresh = of != progress.operation
    if is_fresh:
        data, response = yield from call(shop, queries.BULK_STATUS, {"id": progress.operation})
        operation = _operation(data.get("bulkOperation"))
        if operation.status in WORKING:
            return _wait(progress, operation, clock(response) or progress.began)
        if operation.status != "COMPLETED":
            return (yield from _ordinary(shop, progress.since))
        if operation.url is None:
            return (yield from _afterwards(shop, progress))
        url = operation.url
        shop.memory["bulk_url"] = (progress.operation, url)
    return (yield from _piece(shop, progress, url, is_fresh))


def _wait(progress: BulkCursor, operation: _Operation, now: datetime) -> OrderPage:
    elapsed = (now - progress.began).total_seconds()
    wait = min(LONGEST_WAIT, max(SHORTEST_WAIT, elapsed / 6))
    done = str(operation.root_object_count or 0)
    return progress.page(wait=wait, waits_for=f"{WAITS} So far: {done[:9]}.")


def _afterwards(shop: Shop, progress: BulkCursor) -> Paging:
    """What changed since the operation began, and shortly before."""
    return _ordinary(shop, max(progress.since, progress.began - BEFORE))


def _ordinary(shop: Shop, since: datetime) -> Paging:
    """What changed since then, page by page."""
    shop.memory.pop("bulk_url", None)
    until = max(since, (yield from orders.time_there(shop)))
    return (yield from orders.page(shop, orders.WindowCursor(since, until)))


def _piece(shop: Shop, progress: BulkCursor, url: str, is_fresh: bool) -> Paging:
    """As many whole orders as the piece after the offset holds."""
    size = PIECE
    while True:
        response = yield download(url, progress.offset, size)
        if response.status == 416 or (response.status == 200 and len(response.body) <= progress.offset):
            return (yield from _refunded(shop, progress) if progress.again else _afterwards(shop, progress))
        if response.status not in (200, 206):
            shop.memory.pop("bulk_url", None)
            # An address that Shopify has just given: the file is gone for good.
            return (yield from _ordinary(shop, progress.since) if is_fresh else go_on(shop, progress))
        body = response.body[progress.offset :] if response.status == 200 else response.body
        is_end = response.status == 200 or len(body) < size
        groups, read = groups_in(body, is_end)
        if read or is_end:
            return _read(progress, groups, read)
        if size >= LARGEST_PIECE:
            raise ShopError(Failure.NONSENSE, "An order in Shopify's file is larger than 16 MB.")
        size *= 2


def _read(progress: BulkCursor, groups: list[Group], size: int) -> OrderPage:
    payloads = tuple(group.payload() for group in groups if not group.is_refunded)
    again = tuple(tail(group.gid) for group in groups if group.is_refunded)
    following = msgspec.structs.replace(progress, offset=progress.offset + size, again=progress.again + again)
    return following.page(payloads)


def _refunded(shop: Shop, progress: BulkCursor) -> Paging:
    """Orders with refunds are read whole: which lines came back is a connection inside a list.

    A question a page, so that none is asked twice where their points run out.
    """
    now = page_size(shop)
    page = yield from orders.orders_by_ids(shop, progress.again[:now])
    return msgspec.structs.replace(progress, again=progress.again[now:]).page(page.payloads)


def abandon(shop: Shop, cursor: Cursor) -> Operation[None]:
    """Stop the operation in the shop."""
    yield from call(shop, queries.BULK_CANCEL, {"id": progress_of(cursor).operation}, changes=True)
