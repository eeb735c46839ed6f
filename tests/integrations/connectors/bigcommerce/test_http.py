"""The BigCommerce connector over real HTTP against the simulated store, whose documents have the documented shape."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest

from integrations.client import drive
from integrations.connectors import get
from integrations.connectors.contract import Shop
from integrations.connectors.errors import Failure, ShopError
from integrations.connectors.http import Operation
from integrations.connectors.listings import Cursor, OrderPage, Window
from integrations.simulator.dialects.bigcommerce.orders import order_document
from integrations.simulator.server import SimulatedServer, SimulatedSite
from integrations.simulator.shop import SimulatedShop
from tests.integrations.connectors.bigcommerce.orders import KEYS, RECORDED
from tests.integrations.simulator.test_shops import differences, shape
from tests.payloads import PAYLOADS
from tests.recorded import able

bc = get("bigcommerce")
INCLUDED = frozenset({"consignments.line_items", "fees"})


@pytest.fixture
def server() -> Iterator[SimulatedServer]:
    shop = SimulatedShop("Teahouse", seed=3)
    shop.stock_history(300)
    with SimulatedServer(SimulatedSite(shop, "bigcommerce")) as running:
        yield running


def remote(server: SimulatedServer, **keys: str) -> Shop:
    return Shop(server.url, {**KEYS, "access_token": server.site.shop.key, **keys})


def run(server: SimulatedServer, operation: Operation[OrderPage]) -> OrderPage:
    return drive(operation, allowed={server.address}, sleep=lambda seconds: None)


def test_300_orders_through_faults(server: SimulatedServer) -> None:
    shop = remote(server)
    for fault in ("html", "cut", "notice"):
        server.site.faults.add({"kind": fault, "count": 1, "skip": 1})
    server.site.faults.add({"kind": "status", "status": 503, "count": 2})
    server.site.faults.add({"kind": "status", "status": 429, "retry_after": "0", "skip": 2})
    found: list[bytes] = []
    cursor: Cursor | None = None
    failures = 0
    while True:
        try:
            page = run(server, bc.orders.in_window(shop, Window(datetime.now(UTC) - timedelta(days=40)), cursor))
        except ShopError as error:
            assert error.kind == Failure.NONSENSE
            failures += 1
            assert failures < 5
            continue
        found += page.payloads
        if (cursor := page.next) is None:
            break
    sales = server.site.shop
    expected = [sale.id for sale in sales.visible() if sale.state(sales.now()).status != "checkout-draft"]
    assert [json.loads(payload)["order"]["id"] for payload in found] == expected
    orders = [bc.parse(payload, shop) for payload in found]
    assert {order.residual for order in orders} == {0}
    assert {order.warnings for order in orders} == {()}
    assert {order.status for order in orders} >= {"2", "4", "5", "11", "14"}
    assert all(bool(order.refunded_total) == (order.status in {"4", "14"}) for order in orders)
    assert any(order.fee_total for order in orders)
    assert any(order.shipping.is_empty for order in orders), "picked up"


def test_check_products_ids_and_number(server: SimulatedServer) -> None:
    shop = remote(server)
    report = drive(bc.check(shop), allowed={server.address})
    assert (report.ok, report.shop_name) == (True, "Teahouse")
    assert len(drive(able(bc.products)(shop, None), allowed={server.address}).products) == 23
    ids = tuple(str(number) for number in sorted(server.site.shop.sales)[:50])
    assert 40 < len(run(server, bc.orders.by_ids(shop, ids)).payloads) <= 50
    assert len(run(server, bc.orders.by_number(shop, f"#{ids[0]}")).payloads) == 1
    assert run(server, bc.orders.by_number(shop, "1")).payloads == ()


def test_a_wrong_token(server: SimulatedServer) -> None:
    report = drive(bc.check(remote(server, access_token="wrong")), allowed={server.address})
    assert (report.ok, report.failure) == (False, Failure.CREDENTIALS)


@pytest.mark.parametrize("currency", ["JPY", "KWD", "CZK"])
def test_other_currencies(currency: str) -> None:
    sales = SimulatedShop("Tea", seed=3, currency=currency)
    sales.stock_history(60)
    for sale in sales.visible():
        payload = json.dumps({"order": order_document(sales, sale, INCLUDED)}).encode()
        order = bc.parse(payload, Shop("https://api.bigcommerce.com", {}))
        assert (order.currency, order.residual) == (currency, Decimal(0))
        assert not order.warnings


def test_documents_have_the_documented_shape() -> None:
    sales = SimulatedShop("Tea", seed=3)
    sales.stock_history(200)
    documents = [order_document(sales, sale, INCLUDED) for sale in sales.visible()]
    fullest = max(documents, key=lambda each: bool(each["fees"]) + bool(each["consignments"]["shipping"]))
    ours = shape(fullest)
    recorded = json.loads(RECORDED.read_text())["order"] | {"fees": []}
    recorded["consignments"] |= {"downloads": [], "email": {}}
    assert differences(ours, shape(recorded)) == []
    samples = [json.loads(path.read_text()) for path in (PAYLOADS / "bigcommerce").glob("order_*.json")]
    assert [differences(ours, shape(sample | {"fees": []})) for sample in samples] == [[]] * 4
