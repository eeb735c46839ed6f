"""What every registered connector must do, whatever its platform: run against its simulated shop over real HTTP.

A connector without a dialect, keys or payloads of its own fails here.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Protocol, TypeVar

import pytest

from integrations.client import drive
from integrations.connectors import shop_connectors
from integrations.connectors.contract import Connector, Shop
from integrations.connectors.errors import Failure, PayloadError
from integrations.connectors.http import Operation
from integrations.connectors.listings import Cursor, OrderPage, Window
from integrations.connectors.notifications import Notification
from integrations.simulator import dialects
from integrations.simulator.catalogue import PRODUCTS
from integrations.simulator.server import SimulatedServer, SimulatedSite
from integrations.simulator.shop import SimulatedShop
from tests.payloads import PAYLOADS
from tests.rows import EveryRow

T = TypeVar("T")

ORDERS = 130
# Platforms that do not list EANs (Magento keeps them in attributes of each shop's own), and whose orders name them.
WITHOUT_EANS = {"magento1", "magento2"}
EANS_IN_ORDERS = {"bigcommerce", "prestashop", "shopify"}
EANS = {product.sku: product.ean for product in PRODUCTS if product.sku}

pytestmark = pytest.mark.parametrize("connector", shop_connectors(), ids=lambda connector: connector.key)


@pytest.fixture
def server(connector: Connector) -> Iterator[SimulatedServer]:
    assert connector.key in dialects.found(), f"no simulated shop speaks {connector.label}"
    sold = SimulatedShop("Contract", seed=4, clock=lambda: datetime.now(UTC) - timedelta(minutes=20))
    sold.stock_history(ORDERS, days=20)
    with SimulatedServer(SimulatedSite(sold, connector.key)) as running:
        running.site.writer = None
        yield running


@pytest.fixture
def shop(connector: Connector, server: SimulatedServer) -> Shop:
    sold = server.site.shop
    return Shop(server.url, dialects.get(connector.key).keys(sold), sold.zone, {"currency": sold.currency})


class Ask(Protocol):
    """Drives an operation against the simulated shop."""

    def __call__(self, operation: Operation[T]) -> T: ...


@pytest.fixture
def ask(server: SimulatedServer) -> Ask:
    def driven(operation: Operation[T]) -> T:
        return drive(operation, allowed={server.address}, sleep=lambda _: None)

    return driven


def whole_window(connector: Connector, shop: Shop, ask: Ask, days: float = 25) -> list[bytes]:
    window = Window(datetime.now(UTC) - timedelta(days=days))
    payloads: list[bytes] = []
    cursor: Cursor | None = None
    while True:
        page: OrderPage = ask(connector.orders.in_window(shop, window, cursor))
        payloads += page.payloads
        cursor = page.next
        if cursor is None:
            assert page.until is not None or not payloads
            return payloads


def listed(connector: Connector, sold: SimulatedShop) -> list[str]:
    """What the connector calls the orders that its platform lists now."""
    return [known for sale in sold.visible() if (known := dialects.get(connector.key).external_id(sold, sale))]


def test_it_describes_itself(connector: Connector) -> None:
    assert connector.key.isidentifier() and connector.label
    assert any(field.secret for field in connector.credential_fields)
    assert all(field.label for field in connector.credential_fields)
    statuses = [rule.status for rule in connector.default_rules]
    assert len(statuses) == len(set(statuses)) >= 3
    assert all(rule.label for rule in connector.default_rules)


def test_it_has_payloads_of_its_own(connector: Connector) -> None:
    written = [*PAYLOADS.glob(f"{connector.key}/*"), *(Path(__file__).parent / connector.key).glob("*.py")]
    assert written, f"no payloads of {connector.label} are kept with the tests"


def test_the_connection_test_passes(connector: Connector, shop: Shop, ask: Ask) -> None:
    report = ask(connector.check(shop))
    assert report.ok, report.summary
    assert report.summary.endswith(".")


def test_wrong_keys_are_told_with_the_way_out(
    connector: Connector, server: SimulatedServer, shop: Shop, ask: Ask
) -> None:
    server.site.shop.ahead = 20 * 60.0  # its server knows the time: else that is the reason
    wrong = {key: "wrong" + value[5:] for key, value in shop.credentials.items()}
    report = ask(connector.check(Shop(shop.base_url, wrong, shop.zone)))
    assert not report.ok
    assert report.failure in {Failure.CREDENTIALS, Failure.ADDRESS}
    assert len(report.summary) > 30
    assert not [value for value in wrong.values() if len(value) > 8 and value in report.summary]


def test_every_order_of_a_window_comes_once_and_can_be_read(
    connector: Connector, server: SimulatedServer, shop: Shop, ask: Ask
) -> None:
    sold = server.site.shop
    payloads = whole_window(connector, shop, ask)
    orders = [connector.parse(payload, shop) for payload in payloads]
    ids = [order.external_id for order in orders]
    assert len(ids) == len(set(ids))
    assert set(ids) == set(listed(connector, sold))
    codes = {rule.status for rule in connector.default_rules}
    for payload, order in zip(payloads, orders, strict=True):
        seen = connector.identify(payload, shop)
        assert (seen.external_id, seen.status, seen.modified_at) == (order.external_id, order.status, order.modified_at)
        assert order.lines or order.warnings
        assert order.currency == sold.currency
        assert abs(order.residual) <= 1, f"{order.number} does not add up: {order.residual}"
        assert order.placed_at <= order.modified_at
    known = sum(order.status in codes for order in orders)
    assert known > len(orders) * 0.9, "the default rules do not know this platform's statuses"


def test_the_same_order_is_the_same_bytes(connector: Connector, shop: Shop, ask: Ask) -> None:
    assert whole_window(connector, shop, ask, days=5) == whole_window(connector, shop, ask, days=5)


def test_orders_by_ids_are_the_ones_asked_for(
    connector: Connector, server: SimulatedServer, shop: Shop, ask: Ask
) -> None:
    most = connector.capabilities.orders_by_ids
    sold = server.site.shop
    wanted = listed(connector, sold)[: min(most, 30)]
    page = ask(connector.orders.by_ids(shop, (*wanted[:-1], "99999999")))
    assert {connector.parse(payload, shop).external_id for payload in page.payloads} == set(wanted[:-1])
    assert page.next is None


def test_an_order_by_number_is_exactly_that_one(
    connector: Connector, server: SimulatedServer, shop: Shop, ask: Ask
) -> None:
    order = connector.parse(whole_window(connector, shop, ask, days=4)[0], shop)
    page = ask(connector.orders.by_number(shop, order.number))
    assert [connector.parse(payload, shop).external_id for payload in page.payloads] == [order.external_id]
    assert ask(connector.orders.by_number(shop, "no-such-order-77")).payloads == ()


def test_products_come_with_their_skus(connector: Connector, shop: Shop, ask: Ask) -> None:
    if connector.products is None:
        pytest.skip(f"{connector.label} has no products, and says so")
    skus: list[str] = []
    eans: dict[str, str] = {}
    cursor: Cursor | None = None
    while True:
        page = ask(connector.products(shop, cursor))
        skus += [product.sku for product in page.products if product.sku]
        eans |= {product.sku: product.ean for product in page.products if product.ean}
        cursor = page.next
        if cursor is None:
            break
    assert len(skus) == len(set(skus))
    assert {"MUG-WHITE", "SHIRT-XL", "TEA-EARL-100"} <= set(skus)
    assert eans == ({} if connector.key in WITHOUT_EANS else EANS)


def test_the_lines_of_orders_have_the_eans_of_their_products(connector: Connector, shop: Shop, ask: Ask) -> None:
    read = [connector.parse(payload, shop) for payload in whole_window(connector, shop, ask, days=4)]
    found = {(line.sku, line.ean) for order in read for line in order.lines if line.ean}
    assert found <= set(EANS.items())
    assert bool(found) == (connector.key in EANS_IN_ORDERS)


def test_code_lists_name_the_statuses(connector: Connector, shop: Shop, ask: Ask) -> None:
    lists = ask(connector.code_lists(shop))
    codes = {status.code for status in lists.statuses}
    assert {rule.status for rule in connector.default_rules} <= codes


NONSENSE = [b"", b"{}", b"[]", b"null", b'{"id": null}', b"\xff\xfe", b'"text"', b"[" * 50_000, b'{"id": 1e999}']


def test_nonsense_is_refused_with_a_reason_and_never_more(connector: Connector, shop: Shop) -> None:
    with EveryRow() as every:
        for payload in NONSENSE:
            with every.row(payload[:20]):
                with pytest.raises(PayloadError) as refused:
                    connector.parse(payload, shop)
                assert refused.value.code and refused.value.message
                connector.identify(payload, shop)


def test_no_webhook_is_believed_unsigned(connector: Connector, shop: Shop) -> None:
    if connector.webhooks is None:
        pytest.skip(f"{connector.label} has no signed webhooks, and says so")
    platform = connector.webhooks
    garbled = {"x-wc-webhook-signature": "é", "x-shopify-hmac-sha256": "é", "webhook-signature": "v1,é"}
    with EveryRow() as every:
        for body in NONSENSE:
            for name, headers in (("unsigned", {}), ("garbled", garbled)):
                with every.row(f"{body[:20]!r} {name}"):
                    told = Notification(headers, body, "https://office.example/hooks/t/")
                    assert platform.verify(shop, "", told, datetime.now(UTC)) is False
                    assert platform.verify(shop, "secret", told, datetime.now(UTC)) is False
                    assert isinstance(platform.read(told).external_ids, tuple)
