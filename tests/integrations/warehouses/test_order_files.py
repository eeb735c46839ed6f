"""A marketplace's order files: taken in like the orders of any shop, never twice."""

from __future__ import annotations

import pytest

from integrations.choices import FileState, ImportAction, RemoteState, RunKind, RunState, UnknownProducts
from integrations.marketplaces import copies, handing_on
from integrations.models import Crossing, ExchangedFile, FileRowError, Integration, RemoteOrder, SkuMapping, StatusRule
from integrations.simulator.file_server import SimulatedFileServer
from integrations.warehouses import incoming_files
from orders.models import Order, OrderLine
from tests.factories import IntegrationFactory, give_stock
from tests.integrations.warehouses.conftest import files, put, set_feed, there, work
from tests.payloads import PAYLOADS

KIND = RunKind.ORDER_FILES
COLUMNS = {
    "order": "order_id", "placed_at": "order_date", "shipping.name": "shipping_address_name", "email": "customer_email",
    "shipping.company": "shipping_address_company_name", "shipping.line_1": "shipping_address_line_one",
    "shipping.city": "shipping_address_city", "shipping.country": "shipping_address_country_iso_code",
    "shipping.postal_code": "shipping_address_zip", "phone": "shipping_address_phone", "sku": "item_product_sku",
    "name": "item_product_name", "quantity": "item_quantity", "price": "item_price", "currency": "item_price_currency",
}  # fmt: skip
CONTENT = (PAYLOADS / "warehouse/despatchcloud_orders.csv").read_bytes()
SHORT = {"order": "order", "placed_at": "at", "sku": "sku", "quantity": "quantity", "status": "status"}


@pytest.fixture(autouse=True)
def feed(warehouse: Integration) -> None:
    set_feed(warehouse, KIND, COLUMNS, folder="out", pattern="*.csv")


def test_orders_are_taken_in(warehouse: Integration, server: SimulatedFileServer) -> None:
    give_stock(warehouse.project, MUG_1=5, **{"000123": 5})
    put(server, "orders.csv", CONTENT)
    run = work(warehouse, KIND)
    assert (run.state, run.created, run.failed) == (RunState.SUCCEEDED, 2, 0)
    first, second = Order.objects.order_by("placed_at")
    assert (first.number, first.email, first.currency, str(first.total)) == (
        *("1001", "zofie@mail.example", "EUR"),
        "21.5000",
    )
    assert first.shipping["line_1"] == "Příčná 1892/4, zadní vchod"
    assert list(OrderLine.objects.filter(order=first).values_list("sku", "quantity", "reserved")) == [
        ("MUG-1", 2, 2),
        ("000123", 1, 1),
    ]
    assert (second.number, second.tab, second.shipping["company"]) == ("1002", "backorder", "ACME s.r.o.")
    assert RemoteOrder.objects.filter(state=RemoteState.IMPORTED).count() == 2
    assert there(server) == ["out/processed/orders.csv"]


def test_orders_of_a_file_go_into_a_shop(warehouse: Integration, server: SimulatedFileServer) -> None:
    shop = IntegrationFactory.create(project=warehouse.project, title="Garden shop")
    handing_on.set_target(warehouse, shop.pk, invoice_after_import=False, takes_stock=True)
    put(server, "orders.csv", CONTENT)
    put(server, "again.csv", CONTENT)
    work(warehouse, KIND)
    assert Order.objects.count() == 0
    assert RemoteOrder.objects.filter(state=RemoteState.HANDED_ON).count() == 2
    first, second = Crossing.objects.filter(integration=shop).order_by("label")
    assert (first.label, second.label) == ("North dock 1001", "North dock 1002")
    copy = copies.copy_of(RemoteOrder.objects.get(pk=first.subject), shop)
    assert [(line.sku, line.quantity) for line in copy.lines] == [("MUG-1", 2), ("000123", 1)]
    assert copy.email == "zofie@mail.example"


def test_the_same_order_in_another_file_is_the_same_order(warehouse: Integration, server: SimulatedFileServer) -> None:
    put(server, "a.csv", CONTENT)
    work(warehouse, KIND)
    more = CONTENT + b"1003,2026-09-02T11:00:00+02:00,,,Eva,,Ulice 2,,Brno,CZ,60200,,MUG-1,,1,10.00,EUR\n"
    put(server, "b.csv", more)
    run = work(warehouse, KIND)
    assert (run.created, run.unchanged) == (1, 2)
    assert sorted(Order.objects.values_list("number", flat=True)) == ["1001", "1002", "1003"]
    assert ExchangedFile.objects.get(name="b.csv").unchanged == 3


def test_a_newer_version_is_followed(warehouse: Integration, server: SimulatedFileServer) -> None:
    give_stock(warehouse.project, MUG_1=9)
    set_feed(warehouse, KIND, SHORT, folder="out", pattern="*.csv")
    put(server, "a.csv", "order,at,sku,quantity,status\n1,2026-09-01,MUG-1,2,new\n")
    work(warehouse, KIND)
    put(server, "b.csv", "order,at,sku,quantity,status\n1,2026-09-01,MUG-1,5,new\n")
    work(warehouse, KIND)
    assert OrderLine.objects.get().quantity == 5
    assert Order.objects.count() == 1


def test_rules_mappings_and_unknown_products_count(warehouse: Integration, server: SimulatedFileServer) -> None:
    set_feed(warehouse, KIND, SHORT, folder="out", pattern="*.csv")
    Integration.objects.update(unknown_products=UnknownProducts.FAIL)
    StatusRule.objects.filter(integration=warehouse, status="shipped").update(action=ImportAction.HISTORY)
    SkuMapping.objects.create(integration=warehouse, shop_sku="THEIRS", sku="OURS")
    give_stock(warehouse.project, OURS=5)
    rows = "1,2026-09-01,THEIRS,1,new\n2,2026-09-01,OURS,1,shipped\n3,2026-09-01,OURS,1,cancelled\n"
    put(server, "a.csv", f"order,at,sku,quantity,status\n{rows}4,2026-09-01,NOPE,1,new\n5,2026-09-01,OURS,1,odd\n")
    run = work(warehouse, KIND)
    states = dict(RemoteOrder.objects.values_list("number", "state"))
    assert states == {"1": "imported", "2": "imported", "3": "ignored", "4": "failed", "5": "ignored"}
    assert (run.created, run.ignored, run.failed) == (2, 2, 1)
    assert OrderLine.objects.get(order__number="1").sku == "OURS"
    assert StatusRule.objects.get(integration=warehouse, status="odd").discovered


def test_an_order_of_which_a_row_cannot_be_read_is_left_out(
    warehouse: Integration, server: SimulatedFileServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(incoming_files, "MOST_BAD", 1)
    set_feed(warehouse, KIND, SHORT, folder="out", pattern="*.csv")
    rows = "1,2026-09-01,A,1,new\n1,2026-09-01,B,x,new\n2,2026-09-01,C,1,new\n3,2026-09-01,,1,new\n"
    put(server, "a.csv", "order,at,sku,quantity,status\n" + rows)
    run = work(warehouse, KIND)
    assert list(FileRowError.objects.values_list("row", "sentence")) == [
        (2, "Order 1 is left out because of row 3."),
        (3, "Quantity: it is no number with a decimal point."),
        (5, "The row has neither SKU, EAN nor product name."),
    ]
    assert list(Order.objects.values_list("number", flat=True)) == ["2"]
    assert (run.created, run.failed) == (1, 3)


def test_rows_of_one_order_must_follow_each_other(warehouse: Integration, server: SimulatedFileServer) -> None:
    set_feed(warehouse, KIND, SHORT, folder="out", pattern="*.csv")
    rows = "1,2026-09-01,A,1,new\n2,2026-09-01,B,1,new\n1,2026-09-01,C,1,new\n"
    put(server, "a.csv", "order,at,sku,quantity,status\n" + rows)
    work(warehouse, KIND)
    assert files(warehouse) == [("a.csv", FileState.REFUSED)]
    assert "Rows of one order must follow each other" in ExchangedFile.objects.get().reason
    assert not Order.objects.exists()


def test_an_order_is_never_cut_by_a_portion(
    warehouse: Integration, server: SimulatedFileServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(incoming_files, "PORTION", 2)
    set_feed(warehouse, KIND, SHORT, folder="out", pattern="*.csv")
    rows = "".join(f"{order},2026-09-01,S{place},1,new\n" for order in (1, 2, 3) for place in range(5))
    put(server, "a.csv", "order,at,sku,quantity,status\n" + rows)
    run = work(warehouse, KIND)
    assert run.created == 3
    assert [order.lines.count() for order in Order.objects.all()] == [5, 5, 5]


def test_heads_and_lines(warehouse: Integration, server: SimulatedFileServer) -> None:
    columns = {"order": "/2", "placed_at": "/23", "sku": "4", "quantity": "5", "price": "6", "shipping.name": "/4"}
    set_feed(warehouse, KIND, columns, folder="out", pattern="*.csv", header=False, head="PH", line="PD")
    put(server, "a.csv", (PAYLOADS / "warehouse/packing_sample_ph_pd.csv").read_bytes())
    work(warehouse, KIND)
    order = Order.objects.get()
    assert (order.number, order.shipping["last_name"], order.lines.count()) == ("2016981433", "HARRY", 2)


def test_xml_orders(warehouse: Integration, server: SimulatedFileServer) -> None:
    columns = {"order": "/order_reference", "placed_at": "/order_date", "shipping.name": "/customer/delivery_name"}
    columns |= {"shipping_method": "/shipping", "sku": "product_code", "quantity": "quantity"}
    layout = {"format": "xml", "record": "order", "rows": "order_lines/line", "dates": "%d/%m/%Y"}
    set_feed(warehouse, KIND, columns, folder="out", pattern="*.xml", **layout)
    put(server, "a.xml", (PAYLOADS / "warehouse/prosku_order.xml").read_bytes())
    work(warehouse, KIND)
    order = Order.objects.get()
    assert (order.number, order.placed_at.isoformat(), order.shipping_title) == (
        "1001",
        "2026-08-31T22:00:00+00:00",
        "Standard",
    )
    assert list(order.lines.order_by("position").values_list("sku", "quantity")) == [("MUG-1", 2), ("000123", 1)]
