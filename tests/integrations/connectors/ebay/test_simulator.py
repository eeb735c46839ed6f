"""The simulated eBay answers in the documented shape, and the connector reads it over HTTP, faults and all."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest

from integrations.client import drive
from integrations.client.limits import Limits
from integrations.connectors.contract import Shop
from integrations.connectors.errors import Failure, ShopError
from integrations.connectors.http import HeaderAuth, Operation, Request
from integrations.connectors.listings import Cursor, Window
from integrations.simulator.dialects.ebay.orders import order_document, order_id
from integrations.simulator.server import SimulatedServer, SimulatedSite
from integrations.simulator.shop import SimulatedShop
from tests.integrations.connectors.ebay.orders import Seller, ebay, order
from tests.integrations.simulator.test_shops import differences, shape
from tests.payloads import PAYLOADS
from tests.recorded import able

UNLISTED = {"pending", "failed", "checkout-draft", "trash"}


def stocked(**options: Any) -> SimulatedShop:
    shop = SimulatedShop("Teahouse", **{"seed": 4, **options})
    shop.stock_history(300)
    return shop


def listed(shop: SimulatedShop) -> list[dict[str, Any]]:
    now = shop.now()
    return [order_document(shop, sale) for sale in shop.visible() if sale.state(now).status not in UNLISTED]


@pytest.mark.parametrize("currency", ["EUR", "JPY", "KWD"])
def test_every_kind_of_order_can_be_read(currency: str) -> None:
    remote = Shop("https://api.ebay.example", {})
    orders = [ebay.parse(json.dumps(document).encode(), remote) for document in listed(stocked(currency=currency))]
    assert {order.residual for order in orders} == {Decimal(0)}
    assert {order.warnings for order in orders} == {()}
    statuses = Counter(order.status for order in orders)
    assert set(statuses) >= {"paid/not_started", "paid/fulfilled", "pending", "canceled", "fully_refunded"}
    assert set(statuses) <= {rule.status for rule in ebay.default_rules}
    assert any(order.refunded_total for order in orders)
    assert any(order.discount_total for order in orders)
    assert any(not line.stocked for order in orders for line in order.lines)
    assert any(order.shipping.is_empty for order in orders)


def test_documents_have_the_documented_shape() -> None:
    documents = listed(stocked())
    fullest = max(documents, key=lambda each: len(json.dumps(each)))
    known = {
        "$.fulfillmentStartInstructions[].finalDestinationAddress is missing",
        "$.fulfillmentStartInstructions[].shippingStep.shipToReferenceId is missing",
        "$.fulfillmentStartInstructions[].maxEstimatedDeliveryDate is missing",
        "$.fulfillmentStartInstructions[].minEstimatedDeliveryDate is missing",
        "$.lineItems[].refunds is missing",
        "$.program is missing",
        "$.buyerCheckoutNotes is missing",
    }
    allowed = (
        "lineItemFulfillmentInstructions",
        "stateOrProvince",
        "addressLine2",
        "companyName",
        "properties",
        "legacyVariation",
    )
    for name in ("order_refunded_in_part", "order_digital"):
        documented = json.loads((PAYLOADS / "ebay" / f"{name}.json").read_text())
        found = differences(shape(fullest), shape(documented))
        assert [each for each in found if each not in known and not any(part in each for part in allowed)] == []


def test_the_list_has_the_documented_envelope() -> None:
    seller = Seller(0)
    seller.serve(Request("GET", "https://api.ebay.example/"))
    documented = json.loads((PAYLOADS / "ebay" / "orders_empty.json").read_text())
    assert set(documented) == set(page(seller, limit="200")[1])


def page(seller: Seller, **params: str) -> tuple[int, Any]:
    if "ebay_token" not in seller.remote.memory:
        for _ in range(2):
            operation = ebay.check(seller.remote)
            try:
                request = next(operation)
                while True:
                    request = operation.send(seller.serve(request))
            except StopIteration:
                pass
    token = HeaderAuth("Authorization", f"Bearer {seller.remote.memory['ebay_token']}")
    url = "https://api.ebay.example/sell/fulfillment/v1/order"
    answered = seller.serve(Request("GET", url, tuple(params.items()), auth=token))
    return answered.status, json.loads(answered.body)


@pytest.mark.parametrize(
    ("params", "number"),
    [
        ({"filter": "foo:bar"}, 30700),
        ({"limit": "201"}, 31100),
        ({"orderIds": ",".join("1" * 51)}, 30900),
        ({"filter": "lastmodifieddate:[2026-11-01T13:00:00.000Z..]"}, 30850),
        ({"filter": "lastmodifieddate:[2026-10-01T13:00:00.000Z..2026-12-01T13:00:00.000Z]"}, 30850),
        ({"filter": "lastmodifieddate:[2020-10-01T13:00:00.000Z..]"}, 30830),
    ],
)
def test_the_simulated_ebay_refuses_what_ebay_refuses(params: dict[str, str], number: int) -> None:
    status, body = page(Seller(1), **params)
    assert (status, body["errors"][0]["errorId"]) == (400, number)


# --- over HTTP ---


class Market:
    def __init__(self, server: SimulatedServer) -> None:
        self.server, self.shop = server, server.site.shop
        keys = {"client_id": self.shop.key, "client_secret": self.shop.secret, "refresh_token": self.shop.secret}
        self.remote = Shop(server.url, keys, settings={"per_page": 50})

    def drive(self, operation: Operation[Any]) -> Any:
        limits = Limits(connect=5, read=5, total=10)
        return drive(operation, allowed={self.server.address}, limits=limits, sleep=lambda _: None)

    def fault(self, **data: Any) -> None:
        self.server.site.faults.add({"path": "fulfillment", **data})


@pytest.fixture
def market() -> Iterator[Market]:
    with SimulatedServer(SimulatedSite(stocked(), "ebay")) as server:
        yield Market(server)


def test_check_and_products(market: Market) -> None:
    report = market.drive(ebay.check(market.remote))
    assert (report.ok, report.shop_name, report.hints) == (True, "teahouse", ())
    goods = market.drive(able(ebay.products)(market.remote, None))
    assert len(goods.products) == goods.total == 22
    assert any(product.name == "Barista shirt - M" for product in goods.products)
    wrong = Shop(market.remote.base_url, {**market.remote.credentials, "refresh_token": "x"})
    report = market.drive(ebay.check(wrong))
    assert (report.ok, report.failure) == (False, Failure.CREDENTIALS)


def test_a_month_of_orders_with_faults(market: Market) -> None:
    market.fault(kind="status", status=503, skip=1)
    market.fault(kind="html", skip=2)
    market.fault(kind="cut", skip=4)
    market.fault(kind="status", status=429, retry_after="1", skip=5)
    now = datetime.now(UTC)
    found: list[str] = []
    cursor: Cursor | None = None
    while True:
        try:
            result = market.drive(ebay.orders.in_window(market.remote, Window(now - timedelta(days=60)), cursor))
        except ShopError as error:
            assert error.passes
            continue
        found += [ebay.parse(payload, market.remote).external_id for payload in result.payloads]
        cursor = result.next
        if cursor is None:
            break
    expected = [document["orderId"] for document in listed(market.shop)]
    assert sorted(found) == sorted(expected)
    assert len(found) > 200


def test_ids_and_numbers(market: Market) -> None:
    sales = [sale for sale in market.shop.visible() if sale.state(market.shop.now()).status not in UNLISTED]
    ids = tuple(order_id(market.shop, sale) for sale in sales[:49])
    result = market.drive(ebay.orders.by_ids(market.remote, (*ids, "99-99999-99999")))
    assert {ebay.parse(payload, market.remote).external_id for payload in result.payloads} == set(ids)
    one = market.drive(ebay.orders.by_number(market.remote, f"#{ids[0]}"))
    assert [ebay.parse(payload, market.remote).number for payload in one.payloads] == [ids[0]]
    again = market.drive(ebay.orders.by_ids(market.remote, ids[:1]))
    assert again.payloads == one.payloads


def test_a_used_up_day_waits_a_quarter_of_an_hour(market: Market) -> None:
    market.fault(kind="status", status=429, count=3)
    with pytest.raises(ShopError) as caught:
        market.drive(ebay.orders.by_ids(market.remote, ("12-34567-89012",)))
    assert (caught.value.kind, caught.value.retry_after) == (Failure.BUSY, 900)


def test_our_builder_has_the_same_shape() -> None:
    ours = {name for name in order() if name not in {"salesRecordReference"}}
    assert ours <= set(listed(stocked())[0])
