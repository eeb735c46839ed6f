"""What PayPal is told: it takes tracking numbers of payments, knows no lines and keeps no state of an order."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from integrations.connectors import get
from integrations.connectors.contract import Connector
from integrations.connectors.errors import Failure, ShopError
from integrations.connectors.outward import Crossed, Dispatch, DispatchLine
from integrations.connectors.paypal import trackers
from integrations.simulator.sales import Sale
from tests.integrations.connectors.outward.telling import SENT_AT, Spoken, Told, refusal
from tests.integrations.connectors.paypal.payments import ID, shop

TRANSACTION = "9AB00000000000001"
DISPATCH = Dispatch(
    reference="SH2026000001",
    order_id=ID,
    lines=(DispatchLine("1", "MUG-BLUE", 2),),
    completes=True,
    carrier_title="Parcel & Post",
    tracking_number="T1",
    shipped_at=SENT_AT,
)
PATH = "/v1/shipping/trackers"


@pytest.fixture
def connector() -> Connector:
    return get("paypal")


def payment(told: Told) -> tuple[Sale, Dispatch]:
    """One that PayPal lists already."""
    sale = told.sold.place("processing", {"MUG-BLUE": 3}, age=7200)
    return sale, replace(DISPATCH, order_id=told.external_id(sale))


def test_a_tracker_is_written_as_the_api_documents_it() -> None:
    spoken = Spoken((200, {"tracker_identifiers": [{"transaction_id": TRANSACTION, "tracking_number": "T1"}]}))
    assert spoken.drive(trackers.send(shop(), DISPATCH)) == Crossed(f"{TRANSACTION}-T1")
    assert spoken.writes == [("POST", PATH)]
    assert spoken.bodies == [
        {
            "trackers": [
                {
                    "transaction_id": TRANSACTION,
                    "status": "SHIPPED",
                    "shipment_date": "2026-11-20",
                    "tracking_number": "T1",
                    "carrier": "OTHER",
                    "carrier_name_other": "Parcel & Post",
                    "notify_buyer": True,
                }
            ]
        }
    ]
    assert spoken.asked[0].idempotent is None


def test_a_mapped_carrier_goes_by_its_code() -> None:
    spoken = Spoken((200, {"tracker_identifiers": [{"transaction_id": TRANSACTION}]}))
    spoken.drive(trackers.send(shop(), replace(DISPATCH, carrier="CESKA_CZ", tell_buyer=False)))
    tracker = spoken.bodies[0]["trackers"][0]
    assert (tracker["carrier"], tracker["notify_buyer"]) == ("CESKA_CZ", False)
    assert "carrier_name_other" not in tracker


def test_the_day_is_that_of_the_shop() -> None:
    late = replace(DISPATCH, shipped_at=SENT_AT.replace(hour=23, minute=30))
    spoken = Spoken((200, {"tracker_identifiers": [{"transaction_id": TRANSACTION}]}))
    spoken.drive(trackers.send(shop(), late))
    assert spoken.bodies[0]["trackers"][0]["shipment_date"] == "2026-11-21"


def test_without_a_number_there_is_no_carrier() -> None:
    links = [{"href": f"https://api-m.paypal.com{PATH}/{TRANSACTION}-X9", "rel": "self"}]
    spoken = Spoken((200, {"tracker_identifiers": [{"transaction_id": TRANSACTION, "links": links}]}))
    sent = spoken.drive(trackers.send(shop(), replace(DISPATCH, tracking_number="")))
    assert sent.remote_id == f"{TRANSACTION}-X9", "how it is called its links tell"
    assert set(spoken.bodies[0]["trackers"][0]) == {"transaction_id", "status", "shipment_date", "notify_buyer"}


def tracker(number: str = "T1", **more: Any) -> dict[str, Any]:
    return {"transaction_id": TRANSACTION, "tracking_number": number, "status": "SHIPPED", **more}


@pytest.mark.parametrize(
    ("status", "body", "known"),
    [
        (200, {"trackers": [tracker()]}, True),
        (200, tracker(), True),
        (200, {"trackers": [tracker("T2")]}, False),
        (200, {"trackers": [tracker(status="CANCELLED")]}, False),
        (200, {"trackers": []}, False),
        (404, {"name": "RESOURCE_NOT_FOUND", "message": "The specified resource does not exist."}, False),
    ],
)
def test_by_what_a_tracker_is_known(status: int, body: Any, known: bool) -> None:
    spoken = Spoken((status, body))
    found = spoken.drive(trackers.find(shop(), DISPATCH))
    assert (found == Crossed(f"{TRANSACTION}-T1")) is known
    assert spoken.asked[0].params == (("transaction_id", TRANSACTION), ("tracking_number", "T1"))


@pytest.mark.parametrize(
    ("status", "body", "kind", "words"),
    [
        (404, {"name": "RESOURCE_NOT_FOUND"}, Failure.NOT_FOUND, "does not have this payment"),
        (200, {"errors": [{"name": "RESOURCE_NOT_FOUND"}]}, Failure.NOT_FOUND, "does not have this payment"),
        (403, {"name": "NOT_AUTHORIZED"}, Failure.CREDENTIALS, "trackers/readwrite"),
        (422, {"name": "UNPROCESSABLE_ENTITY"}, Failure.REFUSED, "tracking number or carrier"),
        (200, {"errors": [{"name": "INVALID_TRACKER"}]}, Failure.REFUSED, "INVALID_TRACKER"),
        (400, {"name": "INVALID_REQUEST"}, Failure.REFUSED, "INVALID_REQUEST"),
        (200, {}, Failure.NONSENSE, "not what it documents"),
    ],
)
def test_refusals_say_what_to_do(status: int, body: Any, kind: Failure, words: str) -> None:
    with pytest.raises(ShopError, match=words) as refused:
        Spoken((status, {"message": "Of Ada Byron", **body})).drive(trackers.send(shop(), DISPATCH))
    assert refused.value.kind == kind and "Ada" not in str(refused.value)


def test_another_number_is_added_and_the_old_one_cancelled() -> None:
    added = (200, {"tracker_identifiers": [{"transaction_id": TRANSACTION, "tracking_number": "T1"}]})
    spoken = Spoken((404, {"name": "RESOURCE_NOT_FOUND"}), added, (204, None))
    assert spoken.drive(trackers.correct(shop(), f"{TRANSACTION}-OLD/1", DISPATCH)).remote_id == f"{TRANSACTION}-T1"
    assert spoken.writes == [("POST", PATH), ("PUT", f"{PATH}/{TRANSACTION}-OLD%2F1")]
    assert spoken.bodies[1] == {"transaction_id": TRANSACTION, "tracking_number": "OLD/1", "status": "CANCELLED"}


def test_another_carrier_is_written_anew() -> None:
    spoken = Spoken((204, None))
    spoken.drive(trackers.correct(shop(), f"{TRANSACTION}-T1", replace(DISPATCH, carrier="DHL")))
    assert (spoken.writes, spoken.bodies[0]["carrier"]) == ([("PUT", f"{PATH}/{TRANSACTION}-T1")], "DHL")


def test_a_payment_that_is_none_is_not_found() -> None:
    for operation in (trackers.find, trackers.send):
        with pytest.raises(ShopError) as refused:
            Spoken().drive(operation(shop(), replace(DISPATCH, order_id="nothing")))
        assert refused.value.kind == Failure.NOT_FOUND


@pytest.mark.parametrize("how", [{}, {"how": 504}], ids=["broken", "504"])
@pytest.mark.parametrize("number", ["T1", ""])
def test_a_shipment_whose_answer_is_lost_is_told_once(told: Told, how: dict[str, int], number: str) -> None:
    sale, dispatch = payment(told)
    dispatch = replace(dispatch, tracking_number=number)
    told.direct("POST", "faults", kind="lose_answer", **how)
    told.carry(dispatch)
    assert told.parcels(sale) == 1


def test_control_told_twice_without_looking_it_is_there_twice(told: Told) -> None:
    sale, dispatch = payment(told)
    told.ask(told.shipments.send(told.shop, dispatch))
    told.ask(told.shipments.send(told.shop, dispatch))
    assert told.parcels(sale) == 2


def test_a_shipment_that_paypal_did_not_keep_is_not_found(told: Told) -> None:
    sale, dispatch = payment(told)
    told.direct("POST", "faults", kind="drop")
    told.ask(told.shipments.send(told.shop, dispatch))
    assert told.ask(told.shipments.find(told.shop, dispatch)) is None
    told.carry(dispatch)
    assert told.parcels(told.sold.sales[sale.id]) == 1


def test_every_parcel_has_its_number(told: Told) -> None:
    sale, dispatch = payment(told)
    told.carry(dispatch)
    second = replace(dispatch, reference="SH2026000002", tracking_number="T2")
    assert told.ask(told.shipments.find(told.shop, second)) is None
    told.carry(second)
    assert [each.tracking for each in told.sold.records.of(sale.id)] == ["T1", "T2"]


def test_a_correction_shows(told: Told) -> None:
    sale, dispatch = payment(told)
    sent = told.carry(dispatch)
    corrected = replace(dispatch, tracking_number="T9")
    assert told.shipments.correct is not None
    again = told.ask(told.shipments.correct(told.shop, sent.remote_id, corrected))
    assert told.ask(told.shipments.find(told.shop, corrected)) == again
    assert told.ask(told.shipments.find(told.shop, dispatch)) is None
    states = [(each.tracking, each.more["status"]) for each in told.sold.records.of(sale.id)]
    assert states == [("T1", "CANCELLED"), ("T9", "SHIPPED")]


def test_an_order_that_paypal_does_not_have_is_not_found(told: Told) -> None:
    sale, dispatch = payment(told)
    told.sold.delete(sale.id)
    assert refusal(told, told.shipments.send(told.shop, dispatch)).kind == Failure.NOT_FOUND


def test_an_app_that_may_only_read_tells_nothing(told: Told) -> None:
    _, dispatch = payment(told)
    told.direct("POST", "rights", write=False)
    assert refusal(told, told.shipments.send(told.shop, dispatch)).kind == Failure.CREDENTIALS
    assert told.wrote() == []


def test_carriers_are_those_that_paypal_knows() -> None:
    codes = [each.code for each in trackers.CARRIERS]
    assert len(codes) == len(set(codes)) > 40
    assert codes[-1] == "OTHER"
