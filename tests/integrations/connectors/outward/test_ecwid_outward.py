"""What Ecwid is told, word for word, and the cases that only it has."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from integrations.connectors import get
from integrations.connectors.contract import Connector, Shipments, Shop, StockLevels
from integrations.connectors.errors import Failure, ShopError
from integrations.connectors.outward import Dispatch, DispatchLine, StockOutcome
from tests.integrations.connectors.outward.telling import PAID, SENT_AT, Spoken, copy, target

SHOP = Shop("https://app.ecwid.com", {"store_id": "1003", "access_token": "secret_1"})
DISPATCH = Dispatch(
    reference="SH2026000001",
    order_id="XJ12H",
    lines=(DispatchLine("1", "MUG-BLUE", 2),),
    completes=True,
    carrier_title="DHL",
    tracking_number="T1",
    shipped_at=SENT_AT,
)
CHANGED = (200, {"updateCount": 1})


@pytest.fixture
def connector() -> Connector:
    return get("ecwid")


@pytest.fixture
def shipments(connector: Connector) -> Shipments:
    assert connector.outward.shipments is not None
    return connector.outward.shipments


@pytest.fixture
def stock(connector: Connector) -> StockLevels:
    assert connector.outward.stock is not None
    return connector.outward.stock


def order(**more: Any) -> tuple[int, Any]:
    return 200, {"id": "XJ12H", "paymentStatus": "PAID", "fulfillmentStatus": "AWAITING_PROCESSING", **more}


def test_a_shipment_is_a_status_a_number_and_a_note(shipments: Shipments) -> None:
    spoken = Spoken(order(privateAdminNotes="Ring twice"), CHANGED)
    assert spoken.drive(shipments.send(SHOP, DISPATCH)).remote_id == "XJ12H"
    assert spoken.writes == [("PUT", "/api/v3/1003/orders/XJ12H")]
    assert spoken.bodies == [
        {
            "fulfillmentStatus": "SHIPPED",
            "privateAdminNotes": "Ring twice\nSH2026000001: DHL, T1",
            "trackingNumber": "T1",
        }
    ]
    assert [request.idempotent for request in spoken.asked] == [None, None]


def test_the_buyer_is_not_written_to_where_he_is_not_to(shipments: Shipments) -> None:
    spoken = Spoken(order(), CHANGED)
    spoken.drive(shipments.send(SHOP, replace(DISPATCH, tell_buyer=False, tracking_number="")))
    assert spoken.bodies[0]["disableAllCustomerNotifications"] is True
    assert "trackingNumber" not in spoken.bodies[0]


def test_a_part_is_not_told(shipments: Shipments) -> None:
    spoken = Spoken()
    assert "no parts" in spoken.drive(shipments.send(SHOP, replace(DISPATCH, completes=False))).note
    assert spoken.asked == []


def test_a_change_that_changed_nothing_is_not_believed(shipments: Shipments) -> None:
    with pytest.raises(ShopError, match="nothing was changed"):
        Spoken(order(), (200, {"updateCount": 0})).drive(shipments.send(SHOP, DISPATCH))


@pytest.mark.parametrize(
    ("told", "known"),
    [
        ({"fulfillmentStatus": "SHIPPED", "trackingNumber": "T1"}, "XJ12H"),
        ({"fulfillmentStatus": "DELIVERED", "privateAdminNotes": "SH2026000001: DHL"}, "XJ12H"),
        ({"fulfillmentStatus": "SHIPPED", "trackingNumber": "T2"}, ""),
        ({"privateAdminNotes": "SH2026000001: DHL"}, None),
    ],
)
def test_it_is_known_by_its_numbers(shipments: Shipments, told: dict[str, str], known: str | None) -> None:
    found = Spoken(order(**told)).drive(shipments.find(SHOP, DISPATCH))
    assert (None if found is None else found.remote_id) == known


def test_a_cancelled_order_is_not_told(shipments: Shipments) -> None:
    with pytest.raises(ShopError) as refused:
        Spoken(order(paymentStatus="CANCELLED")).drive(shipments.find(SHOP, DISPATCH))
    assert refused.value.kind == Failure.REFUSED


def product(own: int, sku: str, quantity: int | None, **more: Any) -> dict[str, Any]:
    stock = {"unlimited": True} if quantity is None else {"unlimited": False, "quantity": quantity}
    return {"id": own, "sku": sku, "combinations": [], **stock, **more}


def listed(*items: dict[str, Any]) -> tuple[int, Any]:
    return 200, {"total": len(items), "count": len(items), "offset": 0, "limit": 100, "items": list(items)}


def test_products_and_variations_are_set(stock: StockLevels) -> None:
    size = {"id": 41, "sku": "SHIRT-S", "unlimited": False, "quantity": 3}
    shirt = product(40, "", 0, combinations=[size])
    after = listed(product(5, "MUG", 7), product(40, "", 0, combinations=[{**size, "quantity": 2}]))
    spoken = Spoken(listed(product(5, "MUG", 9)), listed(shirt), CHANGED, CHANGED, after)
    answers = spoken.drive(stock.send(SHOP, (target("MUG", 7), target("SHIRT-S", 2))))
    assert [(each.quantity, each.place) for each in answers] == [
        (7, {"articles": [[5, 0]]}),
        (2, {"articles": [[40, 41]]}),
    ]
    assert spoken.writes == [("PUT", "/api/v3/1003/products/5"), ("PUT", "/api/v3/1003/products/40/combinations/41")]
    assert spoken.bodies == [{"quantity": 7}, {"quantity": 2}]
    assert dict(spoken.asked[-1].params)["productId"] == "5,40"


def test_what_has_the_quantity_already_is_not_written(stock: StockLevels) -> None:
    spoken = Spoken(listed(product(5, "MUG", 7)), listed(product(5, "MUG", 7)))
    answer = spoken.drive(stock.send(SHOP, (target("MUG", 7, place={"articles": [[5, 0]]}),)))[0]
    assert (answer.outcome, answer.quantity, spoken.writes) == (StockOutcome.SET, 7, [])


def test_two_articles_of_a_sku_are_set_both(stock: StockLevels) -> None:
    two = (product(5, "MUG", 9), product(6, "MUG", 1))
    spoken = Spoken(listed(*two), CHANGED, CHANGED, listed(product(5, "MUG", 7), product(6, "MUG", 7)))
    answer = spoken.drive(stock.send(SHOP, (target("MUG", 7),)))[0]
    assert answer.message.startswith("The shop has 2 articles") and len(spoken.writes) == 2


def test_a_refused_article_fails_alone(stock: StockLevels) -> None:
    two = (product(5, "MUG", 9), product(6, "POT", 9))
    spoken = Spoken(
        listed(two[0]), listed(two[1]), (400, {"errorCode": "WRONG"}), CHANGED, listed(two[0], product(6, "POT", 1))
    )
    answers = spoken.drive(stock.send(SHOP, (target("MUG", 7), target("POT", 1))))
    assert [each.outcome for each in answers] == [StockOutcome.REFUSED, StockOutcome.SET]


def test_unlimited_stock_stays_so(stock: StockLevels) -> None:
    spoken = Spoken(listed(product(5, "MUG", None)), listed(product(5, "MUG", None)))
    assert spoken.drive(stock.send(SHOP, (target("MUG", 7),)))[0].outcome == StockOutcome.UNMANAGED
    assert spoken.writes == []


def test_a_payment_is_noted_with_our_number(connector: Connector) -> None:
    assert connector.outward.pay is not None
    spoken = Spoken(order(paymentStatus="AWAITING_PAYMENT"), CHANGED)
    spoken.drive(connector.outward.pay(SHOP, "XJ12H", PAID))
    assert spoken.bodies == [{"paymentStatus": "PAID", "privateAdminNotes": "IN2026000001"}]


def test_an_order_is_written_as_the_api_documents_it(connector: Connector) -> None:
    assert connector.outward.creation is not None
    spoken = Spoken((200, {"id": 212398840, "orderid": "XJ12H"}))
    assert spoken.drive(connector.outward.creation.create(SHOP, copy(takes_stock=False))).remote_id == "XJ12H"
    written = spoken.bodies[0]
    assert (written["subtotal"], written["tax"], written["total"]) == (51.6, 11.87, 68.37)
    assert [(each["price"], each["quantity"], each["tax"]) for each in written["items"]] == [
        (12.3, 2, 5.17),
        (9.0, 3, 5.67),
    ]
    assert not [each for each in written["items"] if "productId" in each]
    assert written["disableAllCustomerNotifications"] is True
    assert written["externalTransactionId"] == "ebay-12-34567-89012"
    assert written["taxesOnShipping"] == [{"name": "Tax", "value": 21.02, "total": 1.03}]
    assert written["shippingPerson"]["name"] == "Ada Byron"


def test_an_order_without_an_address_for_letters_is_refused(connector: Connector) -> None:
    assert connector.outward.creation is not None
    with pytest.raises(ShopError, match="e-mail"):
        Spoken().drive(connector.outward.creation.create(SHOP, copy(email="")))
