"""What eBay is told, word for word, and the cases that only it has."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from integrations.connectors import get
from integrations.connectors.contract import Connector, Shipments, Shop, StockLevels
from integrations.connectors.errors import Failure, ShopError
from integrations.connectors.outward import Dispatch, DispatchLine, StockOutcome
from tests.integrations.connectors.outward.telling import SENT_AT, Spoken, Told, target

DISPATCH = Dispatch(
    reference="SH2026000001",
    order_id="12-34567-89012",
    lines=(DispatchLine("10000000000003", "MUG-BLUE", 4),),
    completes=True,
    carrier="DHL",
    carrier_title="DHL Paket",
    tracking_number="0034 0430-0001",
    shipped_at=SENT_AT,
)
TOKEN = (200, {"access_token": "v^1.1#1", "expires_in": 7200})
ORDER = (200, {"orderId": "12-34567-89012", "orderFulfillmentStatus": "NOT_STARTED"})


@pytest.fixture
def connector() -> Connector:
    return get("ebay")


@pytest.fixture
def shop() -> Shop:
    return Shop("https://api.ebay.com", {"client_id": "a", "client_secret": "b", "refresh_token": "c"})


@pytest.fixture
def shipments(connector: Connector) -> Shipments:
    assert connector.outward.shipments is not None
    return connector.outward.shipments


@pytest.fixture
def stock(connector: Connector) -> StockLevels:
    assert connector.outward.stock is not None
    return connector.outward.stock


def test_it_says_what_it_cannot_be_told(connector: Connector) -> None:
    outward = connector.outward
    assert (outward.pay, outward.name_paper, outward.creation) == (None, None, None)


def test_a_shipment_is_written_as_the_api_documents_it(shipments: Shipments, shop: Shop) -> None:
    spoken = Spoken(TOKEN, ORDER, (201, None))
    assert spoken.drive(shipments.send(shop, DISPATCH)).note == ""
    assert spoken.writes[-1] == ("POST", "/sell/fulfillment/v1/order/12-34567-89012/shipping_fulfillment")
    assert spoken.bodies[-1] == {
        "lineItems": [{"lineItemId": "10000000000003", "quantity": 4}],
        "shippedDate": "2026-11-20T09:30:00.000Z",
        "shippingCarrierCode": "DHL",
        "trackingNumber": "003404300001",
    }
    assert spoken.asked[-1].idempotent is None


def test_carrier_and_tracking_number_come_together(shipments: Shipments, shop: Shop) -> None:
    spoken = Spoken(TOKEN, ORDER, (201, None))
    spoken.drive(shipments.send(shop, replace(DISPATCH, tracking_number="")))
    assert sorted(spoken.bodies[-1]) == ["lineItems", "shippedDate"]
    spoken = Spoken(ORDER, (201, None))
    told = spoken.drive(shipments.send(shop, replace(DISPATCH, carrier="")))
    assert spoken.bodies[-1]["shippingCarrierCode"] == "Other" and "not mapped" in told.note


def fulfillment(number: str, units: int) -> tuple[int, Any]:
    lines = [{"lineItemId": "10000000000003", "quantity": units}]
    return 200, {"fulfillments": [{"fulfillmentId": "9405", "shipmentTrackingNumber": number, "lineItems": lines}]}


@pytest.mark.parametrize(
    ("theirs", "units", "ours", "known"),
    [
        ("003404300001", 1, "0034 0430-0001", True),
        ("T2", 4, "0034 0430-0001", False),
        ("", 4, "", True),
        ("", 1, "", False),
        ("T2", 4, "", False),
    ],
)
def test_it_is_known_by_its_number_or_its_units(
    shipments: Shipments, shop: Shop, theirs: str, units: int, ours: str, known: bool
) -> None:
    spoken = Spoken(TOKEN, ORDER, fulfillment(theirs, units))
    found = spoken.drive(shipments.find(shop, replace(DISPATCH, tracking_number=ours)))
    assert (found is not None) == known


def refused(number: int) -> tuple[int, Any]:
    return 400, {"errors": [{"errorId": number, "message": "Told by the shop"}]}


@pytest.mark.parametrize(
    ("number", "kind", "words"),
    [
        (32100, Failure.NOT_FOUND, "does not have this order"),
        (32300, Failure.REFUSED, "Map the carrier"),
        (34100, Failure.REFUSED, "no more tracking numbers"),
        (32600, Failure.REFUSED, "error 32600"),
    ],
)
def test_refusals_have_words(shipments: Shipments, shop: Shop, number: int, kind: Failure, words: str) -> None:
    with pytest.raises(ShopError, match=words) as failed:
        Spoken(TOKEN, ORDER, refused(number)).drive(shipments.send(shop, DISPATCH))
    assert failed.value.kind == kind


def test_a_cancelled_order_is_not_told(shipments: Shipments, shop: Shop) -> None:
    off = (200, {"orderId": "12-34567-89012", "cancelStatus": {"cancelState": "CANCELED"}})
    with pytest.raises(ShopError, match="cancelled"):
        Spoken(TOKEN, off).drive(shipments.find(shop, DISPATCH))


def got(sku: str, quantity: int) -> dict[str, Any]:
    item = {"availability": {"shipToLocationAvailability": {"quantity": quantity}}}
    return {"statusCode": 200, "sku": sku, "inventoryItem": item}


def test_quantities_are_set_and_read_in_bulk(stock: StockLevels, shop: Shop) -> None:
    set_ = [
        {"statusCode": 200, "sku": "MUG"},
        {"statusCode": 404, "sku": "GONE", "errors": [{"errorId": 25702}]},
        {"statusCode": 400, "sku": "BUSY", "errors": [{"errorId": 25604}]},
    ]
    spoken = Spoken(TOKEN, (207, {"responses": set_}), (200, {"responses": [got("MUG", 6)]}))
    answers = spoken.drive(stock.send(shop, tuple(target(sku, 7) for sku in ("MUG", "GONE", "BUSY"))))
    assert [(each.outcome, each.quantity) for each in answers] == [
        (StockOutcome.SET, 6),
        (StockOutcome.UNKNOWN, None),
        (StockOutcome.REFUSED, None),
    ]
    assert answers[2].message == "eBay refused the quantity (error 25604)."
    assert spoken.bodies[-2] == {
        "requests": [{"sku": sku, "shipToLocationAvailability": {"quantity": 7}} for sku in ("MUG", "GONE", "BUSY")]
    }
    assert spoken.bodies[-1] == {"requests": [{"sku": "MUG"}]}
    assert [request.idempotent for request in spoken.asked[1:]] == [None, True]


def test_more_than_is_left_is_refused(told: Told) -> None:
    sale = told.order(goods={"MUG-BLUE": 2})
    dispatch = told.dispatch(sale, {"MUG-BLUE": 3})
    with pytest.raises(ShopError, match="32600"):
        told.ask(told.shipments.send(told.shop, dispatch))
    assert told.parcels(sale) == 0
