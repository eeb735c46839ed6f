"""The demo's warehouse of others: orders go there in files, and come back as confirmations and counts of stock."""

from __future__ import annotations

import csv
import json
import os
import sys
from datetime import timedelta
from pathlib import Path

from django.conf import settings
from django.db.models import Sum

from config.demo.director import Hands
from config.demo.telling import is_told
from config.demo.world import PANTRY
from config.running.processes import Program, manage
from integrations.choices import FileState, RunKind
from integrations.importing import feeds
from integrations.models import ExchangedFile, Feed, Integration, Project, Run
from integrations.pushes import going_live
from integrations.secrets import Secrets
from integrations.shops.connection import set_up
from integrations.simulator import file_server
from integrations.warehouses import feed_settings
from integrations.warehouses.feed_settings import FeedWish
from integrations.warehouses.presets import PLAIN
from orders.intake.allocation import change_stock
from orders.models import Order, Shipment
from stock.choices import MovementReason
from stock.ledger import Change
from stock.models import Product, StockLevel

PORT = 8723
TITLE = "Northgate Fulfilment"
PASSWORD = "countinghouse"  # noqa: S105  of a server on this machine only
EXCHANGED = (RunKind.ORDERS_OUT, RunKind.SHIPMENT_FILES, RunKind.STOCK_FILES)
SKU = "MUG-WHITE"


def folder() -> Path:
    """Where the warehouse has all that is its own."""
    return Path(settings.DATA_DIR) / "northgate"


def program(port: int, ships_after: float) -> Program:
    """The warehouse with its file server. Confirmations are whole once they are seen, so nobody waits for them."""
    os.environ.setdefault("FILE_SETTLE_SECONDS", "0")
    command = [sys.executable, manage(), "simulate_warehouse", "--port", str(port), "--folder", str(folder())]
    command += ["--password", PASSWORD, "--ships-after", str(ships_after), "--verbosity", "0"]
    return Program("warehouse", tuple(command))


def seed(project: Project, port: int) -> None:
    """Connect the warehouse at its port of this start; all else as somebody has left it."""
    folder().mkdir(exist_ok=True)
    key = file_server.host_key(folder() / "host_key")
    values = {"base_url": f"sftp://127.0.0.1:{port}"}
    credentials = Secrets(username="shop", password=PASSWORD, host_key=file_server.line_of(key))
    integration, new = Integration.objects.get_or_create(
        project=project,
        title=TITLE,
        defaults={**values, "platform": "files", "time_zone": PANTRY.zone, "credentials": credentials},
    )
    if not new:
        Integration.objects.filter(pk=integration.pk).update(**values)
        return
    set_up(integration)
    for kind in EXCHANGED:
        feed = Feed.objects.get(integration=integration, kind=kind)
        where, pattern, layout = PLAIN.feeds[kind]
        feed_settings.save(feed, FeedWish(where, pattern, layout))
        feeds.set_feed(feed, enabled=True, interval=timedelta(minutes=feeds.SHORTEST_MINUTES))
    levels = StockLevel.objects.filter(product__project=project).values_list("product__sku", "on_hand")
    (folder() / "stock").write_text(json.dumps(dict(levels)))
    going_live.go_live(integration, leave_out=False)


def check(project: Project, hands: Hands) -> None:
    """An order leaves by way of the warehouse, and its shop is told; then the warehouse's count is booked."""
    integration, shop = project.integrations.get(title=TITLE), project.integrations.get(title=PANTRY.title)
    order = hands.new_order(shop, {SKU: 1})
    product = Product.objects.get(project=project, sku=SKU)
    # Units that the warehouse does not find when it counts.
    change_stock(project.pk, [Change(product.pk, 3, MovementReason.RECEIPT, "Counted twice")])
    sent = _run(integration, RunKind.ORDERS_OUT, hands)
    file = ExchangedFile.objects.get(sent_orders__order_id=order.pk)
    hands.row(f"{integration}: {sent.reason}", file.state, FileState.SENT)
    _shipped(integration, order, hands)
    _counted(integration, product, hands)


def _shipped(integration: Integration, order: Order, hands: Hands) -> None:
    hands.until(lambda: _lying("shipments"))
    booked = _run(integration, RunKind.SHIPMENT_FILES, hands)
    shipment = Shipment.objects.get(order=order)
    confirmed = {row["order"]: row["tracking"] for row in _confirmed()}
    hands.row(f"Its confirmations, {booked.reason}", shipment.tracking_number, confirmed[order.number])
    hands.until(lambda: is_told(order.integration, shipment))
    told = hands.director.told(PANTRY, shipment.tracking_number)
    hands.row(f"{PANTRY.title}: told with the number {shipment.tracking_number}", told, 1)


def _counted(integration: Integration, product: Product, hands: Hands) -> None:
    before = _on_hand(product)
    hands.until(lambda: _lying("stock"))
    booked = _run(integration, RunKind.STOCK_FILES, hands)
    counted = json.loads((folder() / "stock").read_text())[SKU]
    hands.row(f"Its count, {booked.reason}", booked.failed, 0)
    hands.row(f"{SKU} on hand by its count, before {before}", _on_hand(product), counted)


def _run(integration: Integration, kind: RunKind, hands: Hands) -> Run:
    run = feeds.start(Feed.objects.get(integration=integration, kind=kind))
    hands.wait()
    run.refresh_from_db()
    return run


def _lying(name: str) -> list[Path]:
    """The files of the warehouse that nobody has taken yet."""
    return list((folder() / "server" / "out").glob(f"{name}*.csv"))


def _confirmed() -> list[dict[str, str]]:
    """What stands in the confirmations that were taken."""
    files = sorted((folder() / "server" / "out" / "processed").glob("shipments*.csv"))
    return [row for file in files for row in csv.DictReader(file.read_text().splitlines())]


def _on_hand(product: Product) -> int:
    return int(StockLevel.objects.filter(product=product).aggregate(units=Sum("on_hand"))["units"] or 0)
