"""The run that sends orders to a warehouse, each once, in files.

Which order goes in which file is written down before anything is sent. Then each step is one thing on the server and
one on record: the file is written whole under a name that nobody reads, that is noted, it is given its own name, that
is noted. A worker that dies between the two finds by the names on the server how far it was: the file is there, or lies
under the other name, or neither, and then the warehouse has taken it. So none is sent twice.
"""

from __future__ import annotations

import io
import secrets
from collections.abc import Sequence
from hashlib import sha256
from typing import Any

from django.db.models import Q, QuerySet

from config.kit import true_time
from config.kit.plurals import counted
from integrations.choices import FileState
from integrations.connectors.errors import Failure, ShopError
from integrations.models import ExchangedFile, FileFeed, Integration, OrderInFile, Run
from integrations.runs.claims import Claim
from integrations.runs.pages import RunPage, Written
from integrations.warehouses import serving, written_files
from integrations.warehouses.file_layout import FileFormat, layout_of, options_of
from orders.choices import EventKind, OrderStatus, Tab
from orders.models import Order, OrderEvent, OrderLine
from orders.work.moving import destinations, shippable
from stock.ledger import lock_project

# Orders of one file.
MOST_ORDERS = 500
ASIDE = ".tmp"
NOT_LIVE = "Nothing was sent: the integration is not live."


def orders_page(held: Claim, run: Run, integration: Integration) -> RunPage:
    """One step: choose orders, write their file aside, hand it over."""
    feed = FileFeed.objects.select_related("feed").get(feed__integration=integration, feed__kind=run.kind)
    feed.feed.integration = integration
    if not integration.live:
        return RunPage(dict(run.cursor or {}), lambda _: Written(), done=True, note=NOT_LIVE, asked=False)
    under_way = [FileState.SENDING, FileState.RENAMING]
    file = ExchangedFile.objects.filter(feed=feed.feed, state__in=under_way).order_by("pk").first()
    if file is None:
        return _choose(run, feed)
    return _write_aside(feed, file) if file.state == FileState.SENDING else _hand_over(feed, file)


def waiting_orders(feed: FileFeed) -> QuerySet[Order]:
    """What has not gone out yet and may, the oldest first.

    What its shop has changed or dropped waits until somebody has looked at that.
    """
    tabs = [Tab.IN_STOCK, Tab.PARTIAL] if options_of(feed.options).partial else [Tab.IN_STOCK]
    sent = OrderInFile.objects.filter(feed=feed.feed).values("order_id")
    found = Order.objects.filter(project_id=feed.feed.integration.project_id, tab__in=tabs)
    found = found.filter(warehouse=options_of(feed.options).place)
    found = found.filter(shop_changed_at=None, shop_gone_at=None, erased_at=None).exclude(pk__in=sent)
    return found.filter(lines__reserved__gt=0).distinct().order_by("placed_at", "pk")


def _choose(run: Run, feed: FileFeed) -> RunPage:
    """Write down which orders go in the next file; a run without any ends."""
    if not waiting_orders(feed).exists():
        return RunPage({}, _said, done=True, asked=bool(run.results))

    def write(run_id: int) -> Written:
        lock_project(feed.feed.integration.project_id)
        ids = list(dict.fromkeys(waiting_orders(feed).values_list("pk", flat=True)[:MOST_ORDERS]))
        if not ids:
            return Written()
        now = true_time.now()
        ending = FileFormat(layout_of(feed.layout).format).value
        stamp = now.astimezone(feed.feed.integration.project.zone)
        file = ExchangedFile.objects.create(
            project_id=feed.feed.integration.project_id,
            feed=feed.feed,
            name=f"{feed.pattern}_{stamp:%Y%m%d%H%M%S}_{secrets.token_hex(3)}.{ending}",
            state=FileState.SENDING,
            rows=len(ids),
            seen_at=now,
            run_id=run_id,
        )
        OrderInFile.objects.bulk_create(OrderInFile(feed=feed.feed, file=file, order_id=pk) for pk in ids)
        text = f"Goes to {feed.feed.integration} in the file {file.name}."
        OrderEvent.objects.bulk_create(
            OrderEvent(order_id=pk, kind=EventKind.HANDED_OVER, message=text, at=now) for pk in ids
        )
        return Written()

    return RunPage({}, write, asked=False)


def _said(run_id: int) -> Written:
    run = Run.objects.get(pk=run_id)
    files = len(run.results or [])
    return Written(
        note=f"{counted(run.created, 'order')} sent in {counted(files, 'file')}." if files else "Nothing to send."
    )


def _write_aside(feed: FileFeed, file: ExchangedFile) -> RunPage:
    """Write the file under a name that nobody reads; orders that cannot go any more are left out of it."""
    ids = list(file.sent_orders.order_by("pk").values_list("order_id", flat=True))
    orders = _readable(feed, ids)
    left_out = [pk for pk in ids if pk not in {order.pk for order, _ in orders}]
    layout = layout_of(feed.layout)
    zone = feed.feed.integration.zone
    content, lost = written_files.written([_values(order, lines, zone) for order, lines in orders], layout)
    if orders:
        with serving.opened(feed.feed.integration) as server:
            if feed.folder:
                server.make_folder(feed.folder)
            server.write(feed.folder, f"{file.name}{ASIDE}", io.BytesIO(content))

    def write(_: int) -> Written:
        _leave_out(feed, file, left_out)
        reason = f"{counted(lost, 'character')} not in this encoding went out as “?”." if lost else ""
        values: dict[str, Any] = {"state": FileState.RENAMING, "reason": reason}
        if not orders:
            values = {
                "state": FileState.REFUSED,
                "reason": "None of its orders could go any more, so it was not sent.",
                "finished_at": true_time.now(),
                "moved_to": "?",
            }
        ExchangedFile.objects.filter(pk=file.pk, state=FileState.SENDING).update(
            rows=len(orders), size=len(content), digest=sha256(content).digest(), **values
        )
        return Written()

    return RunPage({"file": file.pk}, write)


def _readable(feed: FileFeed, ids: Sequence[int]) -> list[tuple[Order, list[OrderLine]]]:
    """Those that still may go, with the lines of which something can leave."""
    lines: dict[int, list[OrderLine]] = {pk: [] for pk in ids}
    for line in OrderLine.objects.filter(order_id__in=ids).order_by("position", "pk"):
        lines[line.order_id].append(line)
    orders = Order.objects.filter(Q(status=OrderStatus.PROCESSING), pk__in=ids, erased_at=None).defer("search")
    found = []
    for order in sorted(orders, key=lambda each: ids.index(each.pk)):
        going = [line for line in lines[order.pk] if line.product_id is not None and shippable(line)]
        if going and len(destinations(lines[order.pk])) < 2:
            found.append((order, going))
    return found


def _leave_out(feed: FileFeed, file: ExchangedFile, ids: Sequence[int]) -> None:
    """They stay as they are; one that goes to several addresses, or is held or cancelled, is shipped by hand."""
    text = f"Left out of the file {file.name}: it is held, has nothing in stock, or goes to several addresses."
    many = {pk for pk in ids if len(destinations(OrderLine.objects.filter(order_id=pk))) > 1}
    OrderInFile.objects.filter(file=file, order_id__in=set(ids) - many).delete()
    OrderEvent.objects.bulk_create(
        OrderEvent(order_id=pk, kind=EventKind.HANDED_OVER, message=text, at=true_time.now()) for pk in ids
    )


def _hand_over(feed: FileFeed, file: ExchangedFile) -> RunPage:
    """Give the file its own name, unless that was done before."""
    with serving.opened(feed.feed.integration) as server:
        size = server.size(feed.folder, file.name)
        if size is None and server.size(feed.folder, f"{file.name}{ASIDE}") is not None:
            server.rename(feed.folder, f"{file.name}{ASIDE}", feed.folder, file.name)
            size = server.size(feed.folder, file.name)
            size = file.size if size is None else size  # taken at once
    if size is not None and size != file.size:
        text = f"On the server {file.name} has {size:,} bytes, and {file.size:,} were written: see what lies there."
        raise ShopError(Failure.REFUSED, text)
    reason = file.reason or ("" if size is not None else "The warehouse had taken it when we looked.")
    where = f"{feed.folder}/{file.name}" if feed.folder else file.name

    def write(run_id: int) -> Written:
        ExchangedFile.objects.filter(pk=file.pk, state=FileState.RENAMING).update(
            state=FileState.SENT, reason=reason, booked=file.rows, finished_at=true_time.now(), moved_to=where
        )
        results: list[dict[str, Any]] = list(Run.objects.values_list("results", flat=True).get(pk=run_id) or [])
        outcome = {"id": file.pk, "number": file.name, "outcome": FileState.SENT.value, "message": reason}
        return Written({"fetched": file.rows, "created": file.rows}, [*results, outcome])

    return RunPage({"file": None}, write)


def _values(order: Order, lines: Sequence[OrderLine], zone: Any) -> written_files.Written:
    """An order by the keys of its columns."""
    shipping = (destinations(lines)[0] if destinations(lines) else {}) or order.shipping or order.billing
    head = {
        "order": order.number,
        "order_id": str(order.pk),
        "placed_at": order.placed_at.astimezone(zone).replace(microsecond=0),
        "currency": order.currency,
        "total": order.total,
        "shipping_method": order.shipping_title,
        "email": order.email,
        "phone": order.phone,
        "note": order.note,
        **_place(shipping, "shipping."),
        **_place(order.billing or order.shipping, "billing."),
    }
    return head, [
        {
            "position": place,
            "sku": line.sku,
            "quantity": shippable(line),
            "name": line.name,
            "price": line.unit_price,
        }
        for place, line in enumerate(lines, 1)
    ]


def _place(address: dict[str, Any], where: str) -> dict[str, str]:
    parts = {key: str(address.get(key, "") or "") for key in ("company", "line_1", "line_2", "city", "state")}
    parts |= {key: str(address.get(key, "") or "") for key in ("postal_code", "country", "phone")}
    name = f"{address.get('first_name', '')} {address.get('last_name', '')}".strip()
    parts["name"] = name or parts["company"]
    return {f"{where}{key}": value for key, value in parts.items()}
