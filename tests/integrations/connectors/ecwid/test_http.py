"""The Ecwid connector over real HTTP against the simulated store, whose documents have the documented shape."""

from __future__ import annotations

import json
from argparse import ArgumentTypeError
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
from integrations.management.commands.simulate_shops import wanted_shop
from integrations.simulator.dialects.ecwid.orders import order_document
from integrations.simulator.server import SimulatedServer, SimulatedSite
from integrations.simulator.shop import SimulatedShop
from tests.integrations.connectors.ecwid.orders import KEYS
from tests.integrations.simulator.test_shops import differences, shape
from tests.payloads import PAYLOADS
from tests.recorded import able

ecwid = get("ecwid")
# Fields of the samples that the simulated store leaves out.
HARDLY_READ = (
    "b2b_b2c", "customerFiscalCode", "customerRequestedInvoice", "customerTaxExempt", "customerTaxIdValid",
    "customerUserAgent", "electronicInvoicePecEmail", "electronicInvoiceSdiCode", "globalReferer", "ipAddress",
    "loyalty", "refererUrl", "reversedTaxApplied", "privateAdminNotes",
)  # fmt: skip


@pytest.fixture
def server() -> Iterator[SimulatedServer]:
    shop = SimulatedShop("Teahouse", seed=3)
    shop.stock_history(300)
    with SimulatedServer(SimulatedSite(shop, "ecwid")) as running:
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
    found: dict[int, bytes] = {}
    cursor: Cursor | None = None
    failures = 0
    while True:
        try:
            page = run(server, ecwid.orders.in_window(shop, Window(datetime.now(UTC) - timedelta(days=40)), cursor))
        except ShopError as error:
            assert error.kind == Failure.NONSENSE
            failures += 1
            assert failures < 5
            continue
        found |= {json.loads(payload)["order"]["internalId"]: payload for payload in page.payloads}
        if (cursor := page.next) is None:
            break
    sales = server.site.shop
    expected = {sale.id for sale in sales.visible() if sale.state(sales.now()).status != "checkout-draft"}
    assert set(found) == expected
    orders = [ecwid.parse(payload, shop) for payload in found.values()]
    assert {order.residual for order in orders} == {0}
    assert {order.warnings for order in orders} == {()}
    assert {order.status for order in orders} >= {"PAID/SHIPPED", "CANCELLED", "PAID/AWAITING_PROCESSING"}
    assert any(order.refunded_total for order in orders)
    assert any(order.fee_total for order in orders)
    assert any("coupon_codes" in order.metadata for order in orders)
    assert any(not order.buyer_key for order in orders)


def test_check_products_ids_and_number(server: SimulatedServer) -> None:
    shop = remote(server)
    report = drive(ecwid.check(shop), allowed={server.address})
    assert (report.ok, report.shop_name) == (True, "Teahouse")
    assert len(drive(able(ecwid.products)(shop, None), allowed={server.address}).products) == 24
    ids = tuple(f"EC{number}-X" for number in sorted(server.site.shop.sales)[:50])
    assert 40 < len(run(server, ecwid.orders.by_ids(shop, ids)).payloads) <= 50
    assert len(run(server, ecwid.orders.by_number(shop, f"#{ids[0]}")).payloads) == 1
    assert run(server, ecwid.orders.by_number(shop, "NOPE")).payloads == ()


def test_a_wrong_token(server: SimulatedServer) -> None:
    report = drive(ecwid.check(remote(server, access_token="secret_wrong")), allowed={server.address})
    assert (report.ok, report.failure) == (False, Failure.CREDENTIALS)


def test_the_command_takes_a_dialect() -> None:
    assert wanted_shop("Tea:0:Europe/Prague:CZK:1").dialect == "woocommerce"
    assert wanted_shop("Tea:0:Europe/Prague:CZK:1:ecwid").dialect == "ecwid"
    for wrong in ("Tea:0:Europe/Prague:CZK:1:nope", "Tea:0:Europe/Prague:CZK:1:ecwid:x"):
        with pytest.raises(ArgumentTypeError):
            wanted_shop(wrong)


@pytest.mark.parametrize("currency", ["JPY", "KWD", "CZK"])
def test_other_currencies(currency: str) -> None:
    sales = SimulatedShop("Tea", seed=3, currency=currency)
    sales.stock_history(60)
    for sale in sales.visible():
        payload = json.dumps({"order": order_document(sales, sale), "currency": currency}).encode()
        order = ecwid.parse(payload, Shop("https://app.ecwid.com", {}))
        assert (order.currency, order.residual) == (currency, Decimal(0))
        assert not order.warnings


def test_documents_have_the_documented_shape() -> None:
    sales = SimulatedShop("Tea", seed=3)
    sales.stock_history(200)
    documents = [order_document(sales, sale) for sale in sales.visible()]
    fullest = max(documents, key=lambda each: bool(each["refunds"]) + len(each))
    samples = [json.loads(path.read_text()) for path in (PAYLOADS / "ecwid").glob("order_*.json")]
    assert len(samples) == 3
    for sample in samples:
        known = {name: value for name, value in sample.items() if name not in HARDLY_READ}
        known["items"] = [{name: part for name, part in known["items"][0].items() if name in documents[0]["items"][0]}]
        found = differences(shape(fullest), shape(known))
        assert [each for each in found if not each.startswith("$.additionalInfo")] == []
