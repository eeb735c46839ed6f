"""Where a project has several warehouses, files are about the one that is chosen."""

from __future__ import annotations

from integrations.choices import RunKind
from integrations.models import Integration
from integrations.simulator.file_server import SimulatedFileServer
from orders.intake.allocation import change_stock
from orders.work import rerouting
from stock import warehouses
from stock.choices import MovementReason
from stock.ledger import Change
from stock.models import Product, StockLevel
from tests.admin.conftest import imported
from tests.factories import IntegrationFactory, give_stock, incoming, line
from tests.integrations.warehouses.conftest import put, set_feed, work

STOCK, STOCK_COLUMNS = RunKind.STOCK_FILES, {"sku": "sku", "quantity": "quantity"}
ORDERS, ORDER_COLUMNS = RunKind.ORDERS_OUT, {"order": "order_id", "sku": "sku", "quantity": "quantity"}


def test_a_file_is_about_the_warehouse_that_is_chosen(warehouse: Integration, server: SimulatedFileServer) -> None:
    give_stock(warehouse.project, A_17=3, B_2=5)
    brno = warehouses.add(warehouse.project_id, "Brno")
    set_feed(warehouse, STOCK, STOCK_COLUMNS, folder="out", pattern="stock*.csv", options={"place": brno.pk})
    put(server, "stock_1.csv", "sku,quantity\nA-17,8\nB-2,0\n")
    assert work(warehouse, STOCK).reason == "1 file: 1 booked, 1 as they were, 0 with errors."
    here = StockLevel.objects.filter(product__project=warehouse.project, on_hand__gt=0)
    assert sorted(here.values_list("warehouse__name", "product__sku", "on_hand")) == [
        ("Brno", "A-17", 8),
        ("Main warehouse", "A-17", 3),
        ("Main warehouse", "B-2", 5),
    ]


def test_a_warehouse_gets_its_own_orders(warehouse: Integration, server: SimulatedFileServer) -> None:
    give_stock(warehouse.project, MUG_1=10)
    shop = IntegrationFactory.create(project=warehouse.project)
    brno = warehouses.add(warehouse.project_id, "Brno")
    units = Change(Product.objects.get(sku="MUG-1").pk, 5, MovementReason.RECEIPT, place=brno.pk)
    change_stock(warehouse.project_id, [units])
    _, other = imported(shop, [incoming(line("MUG-1", 1), number=number) for number in ("1001", "1002")])
    rerouting.serve_from(other.pk, brno.pk)
    for place, told in ((brno.pk, {"1002"}), (None, {"1001", "1002"})):
        set_feed(warehouse, ORDERS, ORDER_COLUMNS, folder="in", pattern="orders", options={"place": place})
        work(warehouse, ORDERS)
        written = "".join(path.read_text() for path in (server.folder / "in").iterdir() if path.is_file())
        assert {number for number in ("1001", "1002") if number in written} == told
