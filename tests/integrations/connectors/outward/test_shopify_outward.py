"""What Shopify is told, word for word, and the cases that only it has."""

from __future__ import annotations

import json
from dataclasses import replace
from decimal import Decimal
from typing import Any

import pytest

from integrations.connectors import get
from integrations.connectors.contract import Connector, Shipments, Shop, StockLevels
from integrations.connectors.errors import Failure, ShopError
from integrations.connectors.outward import CopiedLine, Dispatch, DispatchLine, StockOutcome
from tests.integrations.connectors.outward.telling import PAPER, SENT_AT, Spoken, Told, copy, refusal, target

SHOP = Shop("https://tea.myshopify.com", {"access_token": "shpat_1"}, settings={"location": "900"})
DISPATCH = Dispatch(
    reference="SH2026000001",
    order_id="105",
    lines=(DispatchLine("10500", "MUG-BLUE", 2),),
    completes=False,
    carrier_title="DHL",
    tracking_number="T1",
    shipped_at=SENT_AT,
)


@pytest.fixture
def connector() -> Connector:
    return get("shopify")


@pytest.fixture
def shipments(connector: Connector) -> Shipments:
    assert connector.outward.shipments is not None
    return connector.outward.shipments


@pytest.fixture
def stock(connector: Connector) -> StockLevels:
    assert connector.outward.stock is not None
    return connector.outward.stock


def gid(kind: str, own: object) -> str:
    return f"gid://shopify/{kind}/{own}"


def data(name: str, value: Any) -> tuple[int, Any]:
    return 200, {"data": {name: value}}


def fulfillment_order(own: int, location: int, units: int, status: str = "OPEN") -> dict[str, Any]:
    line = {"id": gid("FulfillmentOrderLineItem", own), "remainingQuantity": units}
    return {
        "id": gid("FulfillmentOrder", own),
        "status": status,
        "assignedLocation": {"location": {"id": gid("Location", location)}},
        "lineItems": {"nodes": [{**line, "lineItem": {"id": gid("LineItem", 10500)}}]},
    }


def fulfillment(own: int, number: str, units: int, status: str = "SUCCESS") -> dict[str, Any]:
    line = {"quantity": units, "lineItem": {"id": gid("LineItem", 10500)}}
    tracking = [{"number": number, "company": "DHL"}] if number else []
    return {
        "id": gid("Fulfillment", own),
        "status": status,
        "trackingInfo": tracking,
        "fulfillmentLineItems": {"nodes": [line]},
    }


def order(*parts: dict[str, Any], sent: tuple[dict[str, Any], ...] = (), **more: Any) -> tuple[int, Any]:
    known = {"id": gid("Order", 105), "cancelledAt": None, "displayFulfillmentStatus": "UNFULFILLED"}
    return data("order", {**known, "fulfillmentOrders": {"nodes": list(parts)}, "fulfillments": list(sent), **more})


def created(own: int) -> tuple[int, Any]:
    return data("fulfillmentCreate", {"fulfillment": {"id": gid("Fulfillment", own)}, "userErrors": []})


def test_a_shipment_names_the_lines_of_fulfillment_orders(shipments: Shipments) -> None:
    spoken = Spoken(order(fulfillment_order(1, 900, 3)), created(7))
    assert spoken.drive(shipments.send(SHOP, DISPATCH)).remote_id == "7"
    assert spoken.bodies[0]["variables"] == {"id": gid("Order", 105)}
    assert spoken.bodies[1]["variables"] == {
        "fulfillment": {
            "lineItemsByFulfillmentOrder": [
                {
                    "fulfillmentOrderId": gid("FulfillmentOrder", 1),
                    "fulfillmentOrderLineItems": [{"id": gid("FulfillmentOrderLineItem", 1), "quantity": 2}],
                }
            ],
            "trackingInfo": {"company": "DHL", "number": "T1"},
            "notifyCustomer": True,
        }
    }
    assert [request.idempotent for request in spoken.asked] == [True, False]


def test_goods_of_two_locations_are_two_fulfillments(shipments: Shipments) -> None:
    lying = [fulfillment_order(1, 900, 1), fulfillment_order(2, 901, 5)]
    spoken = Spoken(order(*lying), created(7), created(8))
    assert spoken.drive(shipments.send(SHOP, DISPATCH)).remote_id == "7,8"
    half = order(fulfillment_order(1, 900, 0), fulfillment_order(2, 901, 5), sent=(fulfillment(7, "T1", 1),))
    assert Spoken(half).drive(shipments.find(SHOP, DISPATCH)) is None
    both = order(sent=(fulfillment(7, "T1", 1), fulfillment(8, "T1", 1)))
    found = Spoken(both).drive(shipments.find(SHOP, DISPATCH))
    assert found is not None and found.remote_id == "7,8"


def test_without_a_tracking_number_its_units_tell_it(shipments: Shipments) -> None:
    bare = replace(DISPATCH, tracking_number="")
    left = fulfillment_order(1, 900, 1)
    for sent, known in (
        (fulfillment(7, "", 2), True),
        (fulfillment(7, "", 1), False),
        (fulfillment(7, "T9", 2), False),
        (fulfillment(7, "", 2, status="CANCELLED"), False),
    ):
        found = Spoken(order(left, sent=(sent,))).drive(shipments.find(SHOP, bare))
        assert (found is not None) == known


def test_less_left_than_was_sent_is_refused(shipments: Shipments) -> None:
    for parts, words in (
        ([fulfillment_order(1, 900, 1)], "less of these items"),
        ([fulfillment_order(1, 900, 3, status="ON_HOLD")], "Release the hold"),
    ):
        with pytest.raises(ShopError, match=words) as refused:
            Spoken(order(*parts)).drive(shipments.send(SHOP, DISPATCH))
        assert refused.value.kind == Failure.REFUSED


def test_a_cancelled_order_is_not_told(shipments: Shipments) -> None:
    with pytest.raises(ShopError, match="cancelled"):
        Spoken(order(cancelledAt="2026-11-01T10:00:00Z")).drive(shipments.find(SHOP, DISPATCH))


def test_a_correction_names_the_fulfillment(shipments: Shipments) -> None:
    answer = data("fulfillmentTrackingInfoUpdate", {"fulfillment": {"id": gid("Fulfillment", 7)}, "userErrors": []})
    spoken = Spoken(answer)
    assert shipments.correct is not None
    spoken.drive(shipments.correct(SHOP, "7", replace(DISPATCH, tracking_number="T2", tell_buyer=False)))
    tracking = {"company": "DHL", "number": "T2"}
    assert spoken.bodies[0]["variables"] == {"id": gid("Fulfillment", 7), "tracking": tracking, "notify": False}


def item(own: int, sku: str, quantity: int | None, tracked: bool = True) -> dict[str, Any]:
    level = None if quantity is None else {"quantities": [{"name": "available", "quantity": quantity}]}
    return {"id": gid("InventoryItem", own), "sku": sku, "tracked": tracked, "inventoryLevel": level}


def found(*items: dict[str, Any]) -> tuple[int, Any]:
    return data("inventoryItems", {"pageInfo": {"hasNextPage": False, "endCursor": None}, "nodes": list(items)})


def set_(*errors: dict[str, Any]) -> tuple[int, Any]:
    group = None if errors else {"createdAt": "2026-11-20T09:30:00Z"}
    return data("inventorySetQuantities", {"inventoryAdjustmentGroup": group, "userErrors": list(errors)})


def error(place: int, code: str) -> dict[str, Any]:
    return {"code": code, "field": ["input", "quantities", str(place), "quantity"], "message": "Told by the shop"}


def test_quantities_are_set_with_what_was_there_before(stock: StockLevels) -> None:
    place = {"items": ["5"], "location": "900"}
    spoken = Spoken(set_(), data("nodes", [item(5, "MUG", 7)]))
    answer = spoken.drive(stock.send(SHOP, (target("MUG", 7, before=9, place=place),)))[0]
    assert (answer.outcome, answer.quantity, answer.place) == (StockOutcome.SET, 7, place)
    asked = spoken.bodies[0]["variables"]
    assert asked["input"] == {
        "name": "available",
        "reason": "correction",
        "quantities": [
            {
                "inventoryItemId": gid("InventoryItem", 5),
                "locationId": gid("Location", 900),
                "quantity": 7,
                "changeFromQuantity": 9,
            }
        ],
    }
    assert len(asked["key"]) == 36 and "@idempotent(key: $key)" in spoken.bodies[0]["query"]
    assert spoken.asked[0].idempotent is True


def test_a_key_is_never_used_for_another_change(stock: StockLevels) -> None:
    """The same quantity again, a day later, is another change."""
    keys = set()
    for _ in range(2):
        spoken = Spoken(set_(), data("nodes", [item(5, "MUG", 7)]))
        spoken.drive(stock.send(SHOP, (target("MUG", 7, place={"items": ["5"], "location": "900"}),)))
        keys.add(spoken.bodies[0]["variables"]["key"])
    assert len(keys) == 2


def test_a_refused_article_is_left_out_and_the_others_set(stock: StockLevels) -> None:
    known = (target("MUG", 7, before=9), target("POT", 2), target("BOX", 1))
    spoken = Spoken(
        found(item(5, "MUG", 8), item(6, "POT", 4), item(7, "BOX", 0)),
        set_(error(0, "CHANGE_FROM_QUANTITY_STALE"), error(2, "INVALID_QUANTITY_TOO_HIGH")),
        set_(),
        data("nodes", [item(5, "MUG", 8), item(6, "POT", 2), item(7, "BOX", 0)]),
    )
    answers = spoken.drive(stock.send(SHOP, known))
    assert [(each.outcome, each.quantity) for each in answers] == [
        (StockOutcome.STALE, 8), (StockOutcome.SET, 2), (StockOutcome.REFUSED, None),
    ]  # fmt: skip
    assert answers[2].message == "Shopify refused the quantity (INVALID_QUANTITY_TOO_HIGH)."
    assert [each["quantity"] for each in spoken.bodies[2]["variables"]["input"]["quantities"]] == [2]


def test_every_variant_of_a_sku_is_set(stock: StockLevels) -> None:
    spoken = Spoken(
        found(item(5, "MUG", 9), item(6, "MUG", 1)), set_(), data("nodes", [item(5, "MUG", 7), item(6, "MUG", 7)])
    )
    answer = spoken.drive(stock.send(SHOP, (target("MUG", 7, before=9),)))[0]
    assert (answer.quantity, answer.message[:21]) == (7, "The shop has 2 articl")
    quantities = spoken.bodies[1]["variables"]["input"]["quantities"]
    assert [(each["quantity"], each["changeFromQuantity"]) for each in quantities] == [(7, None), (7, None)]


def test_what_is_not_kept_at_the_location_is_left_alone(stock: StockLevels) -> None:
    answers = Spoken(found(item(5, "MUG", None), item(6, "POT", 4, tracked=False))).drive(
        stock.send(SHOP, (target("MUG", 7), target("POT", 2)))
    )
    assert [each.outcome for each in answers] == [StockOutcome.UNMANAGED] * 2
    assert "location" in answers[0].message and not answers[1].message


def test_a_search_quotes_skus(stock: StockLevels) -> None:
    spoken = Spoken(found())
    spoken.drive(stock.read(SHOP, (target("A b", 0), target("O'Hara", 0))))
    assert spoken.bodies[0]["variables"]["query"] == r"sku:'A b' OR sku:'O\'Hara'"


def test_the_quantity_of_somebody_who_sold_meanwhile_is_stale(told: Told) -> None:
    first = told.ask(told.stock.send(told.shop, (target("MUG-BLUE", 9),)))[0]
    told.sold.place(wanted={"MUG-BLUE": 2})
    again = target("MUG-BLUE", 20, before=first.quantity, place=first.place)
    answer = told.ask(told.stock.send(told.shop, (again,)))[0]
    assert (answer.outcome, answer.quantity) == (StockOutcome.STALE, 7)
    assert told.sold.records.quantities["MUG-BLUE"] == 7
    answer = told.ask(told.stock.send(told.shop, (replace(again, before=7),)))[0]
    assert (answer.outcome, answer.quantity) == (StockOutcome.SET, 20)


def test_a_lost_answer_is_asked_for_again_under_the_same_key(told: Told) -> None:
    """Without the key the second try would find its own quantity, and call it stale."""
    first = told.ask(told.stock.send(told.shop, (target("MUG-BLUE", 9),)))[0]
    told.direct("POST", "faults", kind="lose_answer")
    again = target("MUG-BLUE", 4, before=9, place=first.place)
    answer = told.ask(told.stock.send(told.shop, (again,)))[0]
    assert (answer.outcome, answer.quantity) == (StockOutcome.SET, 4)


def test_the_scope_that_is_missing_is_named(told: Told) -> None:
    told.direct("POST", "rights", write=False)
    refused = refusal(told, told.stock.send(told.shop, (target("MUG-BLUE", 9),)))
    assert "write_inventory" in str(refused) and "install it again" in str(refused)


def test_details_that_are_there_stay(connector: Connector) -> None:
    name_paper = connector.outward.name_paper
    assert name_paper is not None
    there = [{"key": "gift", "value": None}]
    spoken = Spoken(
        data("order", {"id": gid("Order", 105), "customAttributes": there}),
        data("orderUpdate", {"order": {"id": gid("Order", 105)}, "userErrors": []}),
    )
    spoken.drive(name_paper(SHOP, "105", PAPER))
    assert spoken.bodies[1]["variables"]["input"]["customAttributes"] == [
        {"key": "gift", "value": ""},
        {"key": "Invoice IN2026000001", "value": PAPER.url},
    ]


def test_an_order_is_written_as_the_schema_has_it(connector: Connector) -> None:
    creation = connector.outward.creation
    assert creation is not None
    money = {"presentmentMoney": {"amount": "68.37", "currencyCode": "EUR"}}
    spoken = Spoken(
        data("productVariants", {"nodes": [{"id": gid("ProductVariant", 3), "sku": "MUG-BLUE"}]}),
        data("orderCreate", {"order": {"id": gid("Order", 900), "totalPriceSet": money}, "userErrors": []}),
    )
    made = spoken.drive(creation.create(SHOP, copy(takes_stock=False)))
    assert (made.remote_id, made.note) == ("900", "")
    variables = spoken.bodies[1]["variables"]
    assert variables["options"] == {
        "inventoryBehaviour": "BYPASS", "sendReceipt": False, "sendFulfillmentReceipt": False,
    }  # fmt: skip
    written = variables["order"]
    assert written["sourceIdentifier"] == "ebay-12-34567-89012" and written["taxesIncluded"] is False
    bags = [each["priceSet"]["shopMoney"]["amount"] for each in written["lineItems"]]
    assert bags == ["12.30", "9.00"]
    assert [each.get("variantId") or each.get("sku") for each in written["lineItems"]] == [
        gid("ProductVariant", 3), "TEA-EARL-100",
    ]  # fmt: skip
    assert written["transactions"][0]["amountSet"]["shopMoney"] == {"amount": "68.37", "currencyCode": "EUR"}
    assert "province" not in json.dumps(written["shippingAddress"])


def test_a_price_that_does_not_divide_becomes_two_lines(told: Told) -> None:
    lines = (CopiedLine("TEA-EARL-100", "Earl Grey", 3, Decimal("10.00"), Decimal("2.10")),)
    made = told.ask(told.creation.create(told.shop, copy(lines=lines)))
    order = told.read(made.remote_id)
    assert (order.total, order.residual) == (Decimal("18.03"), Decimal(0))
    assert sorted((line.quantity, line.total) for line in order.lines) == [
        (1, Decimal("3.34")), (2, Decimal("6.66")),
    ]  # fmt: skip
