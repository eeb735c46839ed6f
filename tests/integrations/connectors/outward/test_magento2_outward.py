"""What Magento 2 is told, word for word, and the cases that only it has."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal
from typing import Any

import pytest

from integrations.connectors import get
from integrations.connectors.contract import Connector
from integrations.connectors.errors import Failure, ShopError
from integrations.connectors.kit import stock_answers
from integrations.connectors.magento2 import payments, quantities, shipments
from integrations.connectors.outward import Dispatch, DispatchLine, StockAnswer, StockOutcome
from integrations.simulator.shop import SimulatedShop
from tests.integrations.connectors.magento2.orders import SHOP
from tests.integrations.connectors.outward.telling import PAID, PAPER, SENT_AT, Spoken, Told, refusal, target

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


def source(sku: str, quantity: int, code: str = "default") -> dict[str, Any]:
    return {"sku": sku, "source_code": code, "quantity": quantity}


def test_quantities_go_out_in_one_request() -> None:
    known = {"source": "default"}
    spoken = Spoken((200, []), listed(source("MUG", 7), source("POT", 0)))
    answers = spoken.drive(quantities.send(SHOP, (target("MUG", 7, place=known), target("POT", 0, place=known))))
    assert spoken.writes == [("POST", "/rest/all/V1/inventory/source-items")]
    items = [{"sku": sku, "source_code": "default", "quantity": count, "status": 1}
             for sku, count in (("MUG", 7), ("POT", 0))]  # fmt: skip
    assert spoken.bodies == [{"sourceItems": items}]
    assert [(each.outcome, each.quantity, each.place) for each in answers] == [
        (StockOutcome.SET, 7, known),
        (StockOutcome.SET, 0, known),
    ]


def test_a_sku_that_no_product_has_is_never_written() -> None:
    """Magento would take it without a word (magento2#38154)."""
    spoken = Spoken(listed(source("MUG", 3)), listed(), (200, []), listed(source("MUG", 7)))
    answers = spoken.drive(quantities.send(SHOP, (target("MUG", 7), target("GONE", 1))))
    assert [each["sku"] for each in spoken.bodies[0]["sourceItems"]] == ["MUG"]
    assert [each.outcome for each in answers] == [StockOutcome.SET, StockOutcome.UNKNOWN]


def test_several_sources_need_one_to_be_chosen() -> None:
    two = [source("MUG", 3), source("MUG", 9, "cellar")]
    spoken = Spoken(listed(*two))
    answer = spoken.drive(quantities.send(SHOP, (target("MUG", 7),)))[0]
    assert (answer.outcome, spoken.writes) == (StockOutcome.REFUSED, [])
    assert "cellar, default" in answer.message and "Enter the code" in answer.message
    spoken = Spoken(listed(*two), (200, []), listed(source("MUG", 3), source("MUG", 7, "cellar")))
    answer = spoken.drive(quantities.send(IN_SOURCE, (target("MUG", 7),)))[0]
    assert (answer.outcome, answer.place) == (StockOutcome.SET, {"source": "cellar"})
    elsewhere = Spoken(listed(source("MUG", 3))).drive(quantities.read(IN_SOURCE, (target("MUG", 0),)))[0]
    assert elsewhere.outcome == StockOutcome.REFUSED and "assign it there" in elsewhere.message


def test_products_are_read_from_the_chosen_source_too(told: Told) -> None:
    told.sold.records.kept["cellar"] = {"MUG-BLUE": 30}
    chosen = replace(told.shop, credentials={**told.shop.credentials, "source_code": "cellar"})
    assert told.connector.products is not None
    for asking, expected in ((told.shop, 48), (chosen, 30)):
        page = told.ask(told.connector.products(asking, None))
        assert [each.quantity for each in page.products if each.sku == "MUG-BLUE"] == [expected]
    assert told.ask(told.stock.send(told.shop, (target("MUG-BLUE", 7),)))[0].outcome == StockOutcome.REFUSED
    assert told.ask(told.stock.send(chosen, (target("MUG-BLUE", 7),)))[0].quantity == 7
    assert told.sold.records.quantities["MUG-BLUE"] == 25


def test_one_bad_item_does_not_fail_the_others() -> None:
    """Magento refuses all of a request, so they are told one by one."""
    bad = (400, {"message": "Validation Failed"})
    spoken = Spoken(bad, (200, []), bad, listed(source("MUG", 7)))
    places = {"source": "default"}
    answers = spoken.drive(quantities.send(SHOP, (target("MUG", 7, place=places), target("POT", 1, place=places))))
    assert [each.outcome for each in answers] == [StockOutcome.SET, StockOutcome.REFUSED]
    assert [len(body["sourceItems"]) for body in spoken.bodies] == [2, 1, 1]


def test_a_comma_in_a_sku_is_not_two_skus() -> None:
    spoken = Spoken(listed(source("A", 1)), listed(source("B,C", 2)))
    answers = spoken.drive(quantities.read(SHOP, (target("A", 0), target("B,C", 0))))
    assert [each.quantity for each in answers] == [1, 2]
    names = ("condition_type", "value")
    asked = [
        [dict(each.params)[f"searchCriteria[filter_groups][0][filters][0][{name}]"] for name in names]
        for each in spoken.asked
    ]
    assert asked == [["in", "A"], ["eq", "B,C"]]


def test_letters_of_another_case_are_another_sku() -> None:
    spoken = Spoken(listed(source("mug", 3)), listed({"sku": "mug", "type_id": "simple"}))
    assert spoken.drive(quantities.read(SHOP, (target("MUG", 0),)))[0].outcome == StockOutcome.UNKNOWN


def test_a_quantity_that_did_not_stay_is_refused(told: Told) -> None:
    told.direct("POST", "faults", kind="drop")
    answer = told.ask(told.stock.send(told.shop, (target("MUG-BLUE", 7),)))[0]
    assert (answer.outcome, answer.quantity) == (StockOutcome.REFUSED, 48)
    assert answer.message == "The shop took 7 without an error, and has 48 now."


def test_control_without_reading_back_it_would_be_believed(told: Told, monkeypatch: pytest.MonkeyPatch) -> None:
    believed = StockAnswer("MUG-BLUE", StockOutcome.SET, 7)
    monkeypatch.setattr(stock_answers, "read_back", lambda *_: believed)
    told.direct("POST", "faults", kind="drop")
    assert told.ask(told.stock.send(told.shop, (target("MUG-BLUE", 7),)))[0].outcome == StockOutcome.SET


class TestWithoutSources:
    """A shop whose newer inventory is off."""

    @pytest.fixture
    def sold(self) -> SimulatedShop:
        return SimulatedShop("Older", seed=4, version="6.7.0")

    def test_its_older_inventory_is_written(self, told: Told) -> None:
        told.direct("POST", "stock", **{"MUG-WHITE": None})
        targets = (target("MUG-BLUE", 7), target("NOT-THERE", 1), target("MUG-WHITE", 2), target("SHIRT-M", 3))
        outcomes = [StockOutcome.SET, StockOutcome.UNKNOWN, StockOutcome.UNMANAGED, StockOutcome.SET]
        answers = told.ask(told.stock.send(told.shop, targets))
        assert [each.outcome for each in answers] == outcomes
        assert told.sold.records.quantities["MUG-BLUE"] == 7
        assert [each.outcome for each in told.ask(told.stock.read(told.shop, targets))] == outcomes
        again = told.ask(told.stock.send(told.shop, (target("MUG-BLUE", 8, place=answers[0].place),)))
        assert again[0].quantity == 8

    def test_an_item_that_is_gone_is_unknown(self, told: Told) -> None:
        gone = told.ask(told.stock.send(told.shop, (target("NOT-THERE", 1, place={"item": 5}),)))[0]
        assert gone.outcome == StockOutcome.UNKNOWN


def test_a_sku_is_quoted_in_an_address() -> None:
    item = (200, {"item_id": 9, "qty": 7, "manage_stock": True})
    nowhere = (404, {"message": "Request does not match any route."})
    spoken = Spoken(nowhere, item, (200, 9), item)
    spoken.drive(quantities.send(SHOP, (target("A B/C?", 7),)))
    assert spoken.writes == [("PUT", "/rest/all/V1/products/A%20B%2FC%3F/stockItems/9")]
    assert spoken.bodies == [{"stockItem": {"qty": 7, "is_in_stock": True}}]


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
