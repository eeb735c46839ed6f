"""What Magento 2 is told, word for word, and the cases that only it has."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal
from typing import Any

import pytest

from integrations.connectors import get
from integrations.connectors.contract import Connector
from integrations.connectors.errors import Failure, ShopError
from integrations.connectors.magento2 import payments, shipments
from integrations.connectors.outward import Dispatch, DispatchLine
from tests.integrations.connectors.magento2.orders import SHOP
from tests.integrations.connectors.outward.telling import PAID, PAPER, SENT_AT, Spoken, Told, refusal

DISPATCH = Dispatch(
    reference="SH2026000001",
    order_id="105",
    lines=(DispatchLine("2100", "MUG-BLUE", 2),),
    completes=True,
    carrier_title="Parcel & Post",
    tracking_number="T1",
    shipped_at=SENT_AT,
)
IN_SOURCE = replace(SHOP, credentials={**SHOP.credentials, "source_code": "cellar"})
NOT_THERE = {"message": "The entity that was requested doesn't exist. Verify the entity and try again."}
NO_PRODUCTS = {"message": "Shipment Document Validation Error(s):\nYou can't create a shipment without products."}


@pytest.fixture
def connector() -> Connector:
    return get("magento2")


def row(own: int, ordered: int = 2, **more: Any) -> dict[str, Any]:
    none = {"qty_shipped": 0, "qty_refunded": 0, "qty_canceled": 0}
    return {"item_id": own, "qty_ordered": ordered, **none, **more}


def order(*rows: dict[str, Any], **more: Any) -> tuple[int, dict[str, Any]]:
    return 200, {"entity_id": 105, "status": "processing", "items": rows or [row(2100)], **more}


def listed(*entries: dict[str, Any]) -> tuple[int, dict[str, Any]]:
    return 200, {"items": list(entries), "total_count": len(entries)}


def shipment(comment: str = "", *numbers: str) -> dict[str, Any]:
    tracks = [{"entity_id": 60 + place, "track_number": number} for place, number in enumerate(numbers)]
    return {"entity_id": 96, "comments": [{"comment": comment}] if comment else [], "tracks": tracks}


def test_a_shipment_is_written_as_the_api_documents_it() -> None:
    spoken = Spoken((200, "96"))
    assert spoken.drive(shipments.send(SHOP, DISPATCH)).remote_id == "96"
    assert spoken.writes == [("POST", "/rest/all/V1/order/105/ship")]
    assert spoken.bodies == [
        {
            "items": [{"order_item_id": 2100, "qty": 2}],
            "notify": True,
            "appendComment": False,
            "comment": {"comment": "Countinghouse SH2026000001", "is_visible_on_front": 0},
            "tracks": [{"track_number": "T1", "title": "Parcel & Post", "carrier_code": "custom"}],
        }
    ]
    assert spoken.asked[0].idempotent is None


def test_a_mapped_carrier_and_a_source_go_along() -> None:
    spoken = Spoken((200, "96"))
    spoken.drive(shipments.send(IN_SOURCE, replace(DISPATCH, carrier="dhl", tell_buyer=False)))
    body = spoken.bodies[0]
    assert body["tracks"] == [{"track_number": "T1", "title": "Parcel & Post", "carrier_code": "dhl"}]
    assert body["arguments"] == {"extension_attributes": {"source_code": "cellar"}}
    assert body["notify"] is False
    untracked = Spoken((200, "96"))
    untracked.drive(shipments.send(SHOP, replace(DISPATCH, tracking_number="")))
    assert untracked.bodies[0]["tracks"] == [], "Magento refuses one without a number"


@pytest.mark.parametrize(
    ("found", "known"),
    [
        (shipment("Countinghouse SH2026000001"), True),
        (shipment("Countinghouse SH20260000010"), False),
        (shipment("", "T1"), True),
        (shipment("Countinghouse SH2026000009", "T1"), False),
        (shipment("By hand"), False),
    ],
    ids=["our number", "a longer one", "the shop's own with the number", "another of ours in the same parcel", "other"],
)
def test_by_what_a_shipment_is_known(found: dict[str, Any], known: bool) -> None:
    spoken = Spoken(order(), listed(found))
    crossed = spoken.drive(shipments.find(SHOP, DISPATCH))
    assert (crossed is not None and crossed.remote_id == "96") is known
    assert dict(spoken.asked[1].params)["searchCriteria[filter_groups][0][filters][0][value]"] == "105"


def test_what_left_by_itself_may_be_told_of_the_bundle_alone() -> None:
    bundle = row(2100, 1, qty_shipped=1, product_type="bundle")
    part = row(2101, 3, parent_item_id=2100)
    sent = replace(DISPATCH, lines=(DispatchLine("2101", "MUG-BLUE", 3),))
    found = Spoken(order(bundle, part), listed()).drive(shipments.find(SHOP, sent))
    assert found is not None and found.note == shipments.BY_ITSELF
    half = row(2100, 2, qty_shipped=1, product_type="bundle")
    assert Spoken(order(half, part), listed()).drive(shipments.find(SHOP, sent)) is None


@pytest.mark.parametrize(
    ("told_of", "left"),
    [
        ({"qty_shipped": 1, "qty_refunded": 1}, True),
        ({"qty_shipped": 2, "qty_refunded": 1}, False),
        ({"qty_shipped": 1, "qty_canceled": 1}, False),
        ({"qty_refunded": 2}, True),
    ],
    ids=["one sent and paid back, one left", "all sent", "one sent, one cancelled", "none sent"],
)
def test_what_was_sent_and_paid_back_counts_once(told_of: dict[str, int], left: bool) -> None:
    found = Spoken(order(row(2100, **told_of)), listed()).drive(shipments.find(SHOP, DISPATCH))
    assert (found is None) is left


def test_a_bundle_goes_in_its_parts_or_as_a_whole() -> None:
    """No field says which: it is the whole where the shop sees no goods in the parts."""
    bundle, parts = row(2100, 2), [row(2101, 2, parent_item_id=2100), row(2102, 6, parent_item_id=2100)]
    lines = (DispatchLine("2101", "MUG-BLUE", 1), DispatchLine("2102", "FILTER-100", 3))
    sent = replace(DISPATCH, lines=lines)
    assert Spoken((200, "96")).drive(shipments.send(SHOP, sent)).remote_id == "96"
    spoken = Spoken((400, NO_PRODUCTS), order(bundle, *parts), (200, "97"))
    assert spoken.drive(shipments.send(SHOP, sent)).remote_id == "97"
    assert spoken.bodies[1]["items"] == [{"order_item_id": 2100, "qty": 1}]
    uneven = replace(DISPATCH, lines=(lines[0], DispatchLine("2102", "FILTER-100", 2)))
    with pytest.raises(ShopError, match="as a whole alone"):
        Spoken((400, NO_PRODUCTS), order(bundle, *parts)).drive(shipments.send(SHOP, uneven))


@pytest.mark.parametrize(
    ("status", "said", "kind", "words"),
    [
        (400, NO_PRODUCTS["message"], Failure.REFUSED, "nothing left to send"),
        (
            400,
            'The quantity to ship must not be greater than the unshipped quantity for product SKU "X".',
            Failure.REFUSED,
            "fewer units left",
        ),
        (400, "The order does not allow a shipment to be created.", Failure.REFUSED, "on hold"),
        (404, NOT_THERE["message"], Failure.NOT_FOUND, "does not have this order"),
        (404, "Request does not match any route.", Failure.ADDRESS, "no REST API"),
        (401, "The consumer isn't authorized to access Magento_Sales::ship.", Failure.CREDENTIALS, "reauthorize"),
        (400, "Something else with a name: Ada Byron", Failure.REFUSED, "other"),
    ],
)
def test_refusals_say_what_to_do(status: int, said: str, kind: Failure, words: str) -> None:
    again = [order()] if said == NO_PRODUCTS["message"] else []
    with pytest.raises(ShopError, match=words) as refused:
        Spoken((status, {"message": said}), *again).drive(shipments.send(SHOP, DISPATCH))
    assert refused.value.kind == kind
    assert "Ada" not in str(refused.value) and "SKU" not in str(refused.value)


def test_a_new_tracking_number_is_added_before_the_old_one_goes() -> None:
    spoken = Spoken((200, shipment("Countinghouse SH2026000001", "OLD")), (200, {"entity_id": 61}), (200, True))
    spoken.drive(shipments.correct(SHOP, "96", DISPATCH))
    assert spoken.writes == [("POST", "/rest/all/V1/shipment/track"), ("DELETE", "/rest/all/V1/shipment/track/60")]
    assert spoken.bodies == [
        {
            "entity": {
                "track_number": "T1",
                "title": "Parcel & Post",
                "carrier_code": "custom",
                "order_id": 105,
                "parent_id": 96,
                "qty": 2,
                "weight": 0,
                "description": "SH2026000001",
            }
        }
    ]


def test_a_shipment_of_nothing_of_the_shop_s_is_not_told() -> None:
    """Without lines Magento would send all that is left."""
    spoken = Spoken()
    with pytest.raises(ShopError, match="Nothing in this shipment") as refused:
        spoken.drive(shipments.send(SHOP, replace(DISPATCH, lines=())))
    assert (refused.value.kind, spoken.asked) == (Failure.REFUSED, [])


def test_tracking_numbers_that_are_not_ours_stay_and_it_is_said() -> None:
    for before, count in ((shipment("Countinghouse SH2026000001", "OLD", "OLDER"), 2), (shipment("", "OLD"), 1)):
        spoken = Spoken((200, before), (200, {"entity_id": 62}))
        assert f"had {count} other tracking" in spoken.drive(shipments.correct(SHOP, "96", DISPATCH)).note
    assert Spoken((200, shipment("", "T1"))).drive(shipments.correct(SHOP, "96", DISPATCH)).remote_id == "96"
    with pytest.raises(ShopError, match="this shipment any more"):
        Spoken((404, NOT_THERE)).drive(shipments.correct(SHOP, "96", DISPATCH))


def test_paying_makes_an_invoice_without_capturing() -> None:
    spoken = Spoken(order(grand_total=68.37, order_currency_code="EUR"), (200, "176"))
    assert spoken.drive(payments.pay(SHOP, "105", PAID)).remote_id == "176"
    assert spoken.writes == [("POST", "/rest/all/V1/order/105/invoice")]
    assert spoken.bodies[0] == {
        "capture": False,
        "notify": False,
        "appendComment": False,
        "comment": {"comment": "Countinghouse IN2026000001", "is_visible_on_front": 0},
    }


@pytest.mark.parametrize(
    "changed", [{"amount": Decimal("60.00")}, {"currency": "CZK"}], ids=["a part", "another currency"]
)
def test_a_part_is_not_booked_as_the_whole(changed: dict[str, Any]) -> None:
    spoken = Spoken(order(grand_total=68.37, order_currency_code="EUR"))
    with pytest.raises(ShopError, match=r"68\.37 EUR are due there") as refused:
        spoken.drive(payments.pay(SHOP, "105", replace(PAID, **changed)))
    assert (refused.value.kind, spoken.writes) == (Failure.REFUSED, [])


def test_an_order_on_hold_is_not_paid(told: Told) -> None:
    assert told.connector.outward.pay is not None
    refused = refusal(told, told.connector.outward.pay(told.shop, told.external_id(told.order("on-hold")), PAID))
    assert refused.kind == Failure.REFUSED and "on hold" in str(refused)


def test_a_comment_bears_the_order_s_own_status() -> None:
    """Without it the order would lose its status (magento2#34180)."""
    spoken = Spoken(order(status_histories=[{"comment": "Invoice IN20260000019", "entity_id": 4}]), (200, True))
    spoken.drive(payments.name_paper(SHOP, "105", PAPER))
    assert spoken.writes == [("POST", "/rest/all/V1/orders/105/comments")]
    assert spoken.bodies == [
        {
            "statusHistory": {
                "comment": "Invoice IN2026000001: https://office.example/d/abc123",
                "status": "processing",
                "is_customer_notified": 0,
                "is_visible_on_front": 0,
            }
        }
    ]


def test_a_comment_does_not_move_the_order(told: Told) -> None:
    assert told.connector.outward.name_paper is not None
    sale = told.order()
    before = told.read(told.external_id(sale)).modified_at
    told.ask(told.connector.outward.name_paper(told.shop, told.external_id(sale), PAPER))
    after = told.read(told.external_id(sale))
    assert after.modified_at == before
    assert any(PAPER.code in each.text for each in after.comments)


@pytest.mark.parametrize("nonsense", [b"", b"{}", b"<html>", b'"x"', b"true", b"[]"])
def test_answers_that_are_none_are_told(nonsense: bytes) -> None:
    spoken = Spoken((200, None))
    spoken.answers[0] = replace(spoken.answers[0], body=nonsense)
    with pytest.raises(ShopError) as refused:
        spoken.drive(shipments.send(SHOP, DISPATCH))
    assert refused.value.kind == Failure.NONSENSE


def test_ids_that_magento_cannot_have_are_not_sent() -> None:
    spoken = Spoken()
    for operation in (shipments.find, shipments.send):
        with pytest.raises(ShopError) as refused:
            spoken.drive(operation(SHOP, replace(DISPATCH, order_id="../5")))
        assert refused.value.kind == Failure.NOT_FOUND
    assert spoken.asked == []


def test_the_shop_shows_what_was_told(told: Told) -> None:
    sale = told.order()
    told.carry(told.dispatch(sale, {"MUG-BLUE": 1}))
    assert told.read(told.external_id(sale)).status == "processing/partly_shipped"
