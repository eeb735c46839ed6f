"""Shipment confirmations: what left is shipped here, each parcel once, and what cannot be is told in words."""

from __future__ import annotations

from typing import Any

import pytest
from django.utils import timezone

from integrations.choices import RunKind, RunState
from integrations.models import ExchangedFile, FileRowError, Integration, OrderInFile
from integrations.simulator.file_server import SimulatedFileServer
from orders.choices import OrderStatus
from orders.models import Order, Shipment
from orders.work import lifecycle, shipping
from tests.admin.conftest import imported
from tests.factories import IntegrationFactory, give_stock, incoming, line
from tests.integrations.warehouses.conftest import files, put, set_feed, there, work
from tests.payloads import PAYLOADS

KIND = RunKind.SHIPMENT_FILES
COLUMNS = {"order": "order", "sku": "sku", "quantity": "quantity", "carrier": "carrier", "tracking": "tracking"}
HEADER = "order,sku,quantity,carrier,tracking\n"


@pytest.fixture(autouse=True)
def feed(warehouse: Integration) -> None:
    set_feed(warehouse, KIND, COLUMNS, folder="out", pattern="*.csv")


@pytest.fixture
def shop(warehouse: Integration) -> Integration:
    give_stock(warehouse.project, MUG_1=10, **{"000123": 10})
    return IntegrationFactory.create(project=warehouse.project)


@pytest.fixture
def order(shop: Integration) -> Order:
    return imported(shop, [incoming(line("MUG-1", 3), line("000123", 1), number="1001")])[0]


def confirm(warehouse: Integration, server: SimulatedFileServer, rows: str, name: str = "") -> Any:
    put(server, name or f"s{ExchangedFile.objects.count()}.csv", HEADER + rows)
    run = work(warehouse, KIND)
    assert run.state == RunState.SUCCEEDED
    return run


def parcels() -> list[tuple[str, str, list[tuple[str, int]]]]:
    return [
        (each.carrier, each.tracking_number, list(each.lines.order_by("pk").values_list("sku", "quantity")))
        for each in Shipment.objects.filter(cancelled_at=None).order_by("pk")
    ]


def errors() -> list[str]:
    return list(FileRowError.objects.order_by("pk").values_list("sentence", flat=True))


def test_parcels_are_shipped_as_they_left(warehouse: Integration, server: SimulatedFileServer, order: Order) -> None:
    """Two parcels of one order, in the columns of a real format; another order nobody knows."""
    columns = {"order": "order_id", "sku": "item_product_sku", "quantity": "item_quantity"}
    columns |= {"carrier": "courier", "tracking": "tracking_number"}
    set_feed(warehouse, KIND, columns, folder="out", pattern="*.csv")
    content = (PAYLOADS / "warehouse/despatchcloud_fulfilments.csv").read_bytes()
    put(server, "a.csv", content.replace(b"9999,X,DHL,1,NOPE,1\n", b""))
    run = work(warehouse, KIND)
    assert (run.updated, run.failed) == (3, 0)
    assert parcels() == [
        ("Zásilkovna", "Z1234567890", [("MUG-1", 1)]),
        ("Zásilkovna", "Z1234567891", [("MUG-1", 1), ("000123", 1)]),
    ]
    order.refresh_from_db()
    assert order.status == OrderStatus.PROCESSING
    set_feed(warehouse, KIND, COLUMNS)
    confirm(warehouse, server, "1001,MUG-1,1,DHL,D-1\n9999,NOPE,1,DHL,X\n" + "1001,MUG-1,1,DHL,D-1\n" * 8)
    order.refresh_from_db()
    assert order.status == OrderStatus.COMPLETE
    assert errors()[0] == "There is no order 9999."


def test_xml_confirmations(warehouse: Integration, server: SimulatedFileServer, order: Order) -> None:
    columns = {"order": "/order_number", "tracking": "/consignment", "sku": "product_code", "quantity": "quantity"}
    layout = {"format": "xml", "record": "Despatch_note", "rows": "despatch_lines/line"}
    set_feed(warehouse, KIND, columns, folder="out", pattern="*.xml", **layout)
    put(server, "note.xml", (PAYLOADS / "warehouse/prosku_despatch_note.xml").read_bytes())
    work(warehouse, KIND)
    assert parcels() == [("", "Z1234567890", [("MUG-1", 1), ("000123", 1)])]


def test_what_was_told_before_is_told_once(warehouse: Integration, server: SimulatedFileServer, order: Order) -> None:
    confirm(warehouse, server, "1001,MUG-1,2,DHL,D-1\n")
    run = confirm(warehouse, server, "1001,MUG-1,2,DHL,D-1\n1001,000123,1,DHL,D-2\n")
    assert (run.updated, run.unchanged, run.failed) == (1, 1, 0)
    assert parcels() == [("DHL", "D-1", [("MUG-1", 2)]), ("DHL", "D-2", [("000123", 1)])]


def test_a_number_that_comes_late_is_added(warehouse: Integration, server: SimulatedFileServer, order: Order) -> None:
    confirm(warehouse, server, "1001,MUG-1,3,DHL,\n1001,000123,1,DHL,\n")
    confirm(warehouse, server, "1001,MUG-1,3,DHL,\n", "again.csv")  # once more without a number says nothing new
    run = confirm(warehouse, server, "1001,MUG-1,3,DHL,D-9\n1001,000123,1,DHL,D-9\n")
    assert parcels() == [("DHL", "D-9", [("MUG-1", 3), ("000123", 1)])]
    assert (run.updated, run.failed) == (1, 0)


def test_what_cannot_have_left_is_an_error_of_its_row(
    warehouse: Integration, server: SimulatedFileServer, order: Order, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("integrations.warehouses.incoming_files.MOST_BAD", 1)
    run = confirm(warehouse, server, "1001,MUG-1,4,,\n1001,NOPE,1,,\n1001,MUG-1,0,,\n77,MUG-1,1,,\n1001,MUG-1,1,,T\n")
    assert errors() == [
        "Order 1001, SKU MUG-1: 4 left, and 3 are ordered.",
        "Order 1001 has no SKU NOPE.",
        "Order 1001, SKU MUG-1: 0 units cannot leave.",
        "There is no order 77.",
    ]
    assert (run.updated, run.failed, parcels()) == (1, 4, [("", "T", [("MUG-1", 1)])])
    confirm(warehouse, server, "1001,MUG-1,3,,T2\n")
    assert errors()[-1] == "Order 1001, SKU MUG-1: 3 left, and only 2 were still to be sent."


def test_orders_that_are_held_cancelled_or_lack_stock(
    warehouse: Integration, server: SimulatedFileServer, shop: Integration, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("integrations.warehouses.incoming_files.MOST_BAD", 1)
    held, cancelled, _ = imported(
        shop, [incoming(line("MUG-1", 1), number=n) for n in ("H", "C")] + [incoming(line("MUG-1", 20), number="S")]
    )
    lifecycle.hold(held.pk)
    lifecycle.cancel(cancelled.pk)
    confirm(warehouse, server, "H,MUG-1,1,,T1\nC,MUG-1,1,,T2\nS,MUG-1,15,,T3\n")
    assert errors() == [
        "Order H is on hold, and 1 × MUG-1 left: decide what it is, then ship it by hand.",
        "Order C has no SKU MUG-1.",
        "Order S, SKU MUG-1: 15 left, and only 9 are in stock here. Receive the stock, then ship.",
    ]
    assert parcels() == []


def test_a_change_in_the_shop_is_no_obstacle_to_what_has_left(
    warehouse: Integration, server: SimulatedFileServer, order: Order
) -> None:
    Order.objects.filter(pk=order.pk).update(shop_changed_at=timezone.now())
    confirm(warehouse, server, "1001,MUG-1,3,,T\n1001,000123,1,,T\n")
    assert len(parcels()) == 1


def test_of_two_orders_of_one_number_the_one_that_was_sent_is_meant(
    warehouse: Integration, server: SimulatedFileServer, order: Order
) -> None:
    other = IntegrationFactory.create(project=warehouse.project)
    [twin] = imported(other, [incoming(line("MUG-1", 1), number="1001")])
    confirm(warehouse, server, "1001,MUG-1,1,,T\n")
    assert "2 orders have the number 1001" in ExchangedFile.objects.get().row_errors.get().sentence
    feed = warehouse.feeds.get(kind=RunKind.ORDERS_OUT)
    file = ExchangedFile.objects.create(project=warehouse.project, feed=feed, name="o.csv", state="sent")
    OrderInFile.objects.create(feed=feed, file=file, order_id=twin.pk)
    confirm(warehouse, server, "1001,MUG-1,1,,T2\n")
    assert Shipment.objects.get().order_id == twin.pk
    confirm(warehouse, server, f"{order.pk},MUG-1,1,,T3\n")  # ours, and not sent: our id says nothing here
    assert Shipment.objects.count() == 1


def test_a_shipment_that_was_taken_back_may_leave_again(
    warehouse: Integration, server: SimulatedFileServer, order: Order
) -> None:
    confirm(warehouse, server, "1001,MUG-1,3,,T\n")
    shipping.take_shipment_back(Shipment.objects.get().pk)
    confirm(warehouse, server, "1001,MUG-1,3,,T\n", "second.csv")
    # Its content is the same to the byte: it is another file only where it says something new.
    assert files(warehouse)[-1][1] == "repeated"
    confirm(warehouse, server, "1001,MUG-1,3,DPD,T\n", "third.csv")
    assert parcels() == [("DPD", "T", [("MUG-1", 3)])]


def test_another_projects_orders_are_not_there(warehouse: Integration, server: SimulatedFileServer) -> None:
    foreign = IntegrationFactory.create()
    give_stock(foreign.project, MUG_1=5)
    imported(foreign, [incoming(line("MUG-1", 1), number="1001")])
    confirm(warehouse, server, "1001,MUG-1,1,,T\n")
    assert errors() == ["There is no order 1001."]
    assert there(server) == ["out/failed/s0.csv", "out/failed/s0.csv.errors.txt"]
