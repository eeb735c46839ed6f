"""What Magento 1 is told, word for word, and the cases that only it has."""

from __future__ import annotations

from dataclasses import replace
from typing import Any
from xmlrpc.client import Fault, dumps, loads

import pytest

from integrations.connectors import get
from integrations.connectors.contract import Connector
from integrations.connectors.errors import Failure, ShopError
from integrations.connectors.http import Operation, Request, Response
from integrations.connectors.magento1 import payments, quantities, shipments
from integrations.connectors.magento1.requests import tell_all
from integrations.connectors.outward import Crossed, Dispatch, DispatchLine, StockOutcome
from tests.integrations.connectors.magento1.orders import shop
from tests.integrations.connectors.outward.telling import PAID, PAPER, SENT_AT, Told, refusal, target
from tests.recorded import DATE, play

DISPATCH = Dispatch(
    reference="SH2026000001",
    order_id="100000105",
    lines=(DispatchLine("2100", "MUG-BLUE", 2),),
    completes=True,
    carrier_title="Parcel & Post",
    tracking_number="T1",
    shipped_at=SENT_AT,
)
MISSING = {"isFault": True, "faultCode": "100", "faultMessage": "Requested order not exists."}
PARTS = 'a:1:{s:13:"shipment_type";s:1:"%s";}'


@pytest.fixture
def connector() -> Connector:
    return get("magento1")


def answer(value: Any) -> Response:
    given: Any = value if isinstance(value, Fault) else (value,)
    body = dumps(given, methodresponse=True, allow_none=True).encode()
    return Response(200, {"content-type": "text/xml", "date": DATE}, body)


def row(own: int, ordered: int = 2, **more: Any) -> dict[str, Any]:
    return {"item_id": str(own), "qty_ordered": f"{ordered}.0000", "qty_shipped": "0.0000", **more}


def order(*rows: dict[str, Any], **more: Any) -> Response:
    known = {"increment_id": "100000105", "order_id": "105", "status": "processing"}
    return answer([{**known, "items": list(rows) or [row(2100)], **more}])


def shipment(comment: str = "", *numbers: str, letter: str = "1") -> dict[str, Any]:
    tracks = [{"track_id": str(60 + place), "track_number": number} for place, number in enumerate(numbers)]
    comments = [{"comment": comment}] if comment else []
    return {"increment_id": "200000096", "email_sent": letter, "comments": comments, "tracks": tracks}


def shipped(*found: dict[str, Any]) -> list[Response]:
    """The list of an order's shipments, and each of them."""
    heads = [{"increment_id": each["increment_id"], "order_increment_id": "100000105"} for each in found]
    return [answer(heads), *([answer(list(found))] if found else [])]


def asked(request: Request) -> tuple[Any, ...]:
    """Method and arguments of a call, without the session."""
    arguments, _ = loads(request.body or b"")
    return tuple(arguments[1:])


def told_of(operation: Operation[Crossed], *answers: Response) -> tuple[Crossed, list[tuple[Any, ...]], list[Request]]:
    crossed, requests = play(operation, answers)
    return crossed, [asked(each) for each in requests], requests


def test_a_shipment_is_written_as_the_api_documents_it() -> None:
    crossed, calls, requests = told_of(
        shipments.send(shop(), DISPATCH), order(), *shipped(), answer("200000096"), answer(7), answer(True)
    )
    assert crossed == Crossed("200000096")
    assert calls[1] == ("sales_order_shipment.list", [{"order_id": "105"}])
    assert calls[2:] == [
        (
            "sales_order_shipment.create",
            ["100000105", {"2100": 2}, "Countinghouse SH2026000001", False, False],
        ),
        ("sales_order_shipment.addTrack", ["200000096", "custom", "Parcel & Post", "T1"]),
        ("sales_order_shipment.sendInfo", ["200000096", ""]),
    ]
    assert [each.idempotent for each in requests] == [True, True, False, False, False]


def test_without_a_letter_and_a_number_one_call_is_enough() -> None:
    quiet = replace(DISPATCH, tell_buyer=False, tracking_number="")
    _, calls, _ = told_of(shipments.send(shop(), quiet), order(), *shipped(), answer("200000096"))
    assert [call[0] for call in calls[2:]] == ["sales_order_shipment.create"]


def test_a_carrier_that_the_shop_does_not_have_goes_by_its_title() -> None:
    answers = [order(), *shipped(), answer("200000096"), answer(Fault(102, "Invalid carrier")), answer(7), answer(True)]
    _, calls, _ = told_of(shipments.send(shop(), replace(DISPATCH, carrier="gls")), *answers)
    assert [call[1][1] for call in calls[3:5]] == ["gls", "custom"]


def test_what_broke_off_is_finished_and_not_made_again() -> None:
    left = shipment("Countinghouse SH2026000001", letter="0")
    assert play(shipments.find(shop(), DISPATCH), [order(), *shipped(left)])[0] is None
    crossed, made, _ = told_of(shipments.send(shop(), DISPATCH), order(), *shipped(left), answer(7), answer(True))
    assert crossed.remote_id == "200000096"
    assert [call[0].rpartition(".")[2] for call in made[3:]] == ["addTrack", "sendInfo"]


def test_a_letter_that_was_not_written_is_said() -> None:
    """And not made up for: a role without that right would never be done."""
    left = shipment("Countinghouse SH2026000001", "T1", letter="0")
    found, _ = play(shipments.find(shop(), DISPATCH), [order(), *shipped(left)])
    assert found == Crossed("200000096", shipments.NO_LETTER)


def test_a_shipment_of_nothing_of_the_shop_s_is_not_told() -> None:
    """Without lines Magento would send all that is left."""
    with pytest.raises(ShopError, match="Nothing in this shipment"):
        play(shipments.send(shop(), replace(DISPATCH, lines=())), [order(), *shipped()])


@pytest.mark.parametrize(
    ("found", "known"),
    [
        (shipment("Countinghouse SH2026000001", "T1"), True),
        (shipment("Countinghouse SH20260000010", "T1"), False),
        (shipment("", "T1"), True),
        (shipment("By hand"), False),
    ],
    ids=["our number", "another of ours in the same parcel", "the shop's own with the number", "other"],
)
def test_by_what_a_shipment_is_known(found: dict[str, Any], known: bool) -> None:
    crossed, _ = play(shipments.find(shop(), DISPATCH), [order(), *shipped(found)])
    assert (crossed is not None and crossed.remote_id == "200000096") is known


def test_shipments_of_other_orders_are_none() -> None:
    """What passes a filter that Magento does not understand is everything."""
    strange = answer([{"increment_id": "200000001", "order_increment_id": "100000001"}])
    assert play(shipments.find(shop(), DISPATCH), [order(), strange])[0] is None


def test_the_options_of_a_bundle_tell_how_it_is_sent() -> None:
    sent = replace(DISPATCH, lines=(DispatchLine("2101", "MUG-BLUE", 3),), tell_buyer=False, tracking_number="")
    for kind, units in (("0", {"2100": 1}), ("1", {"2101": 3})):
        bundle = row(2100, 2, product_type="bundle", product_options=PARTS % kind)
        rows = (bundle, row(2101, 6, parent_item_id="2100"))
        _, calls, _ = told_of(shipments.send(shop(), sent), order(*rows), *shipped(), answer("200000096"))
        assert calls[2][1][1] == units


@pytest.mark.parametrize(
    ("fault", "kind", "words"),
    [
        (103, Failure.NOT_FOUND, "does not have this order"),
        (102, Failure.REFUSED, "cannot ship this order"),
        (2, Failure.CREDENTIALS, "tick Sales > Order > Order shipments > Create"),
        (1, Failure.NONSENSE, "exception.log"),
    ],
)
def test_refusals_say_what_to_do(fault: int, kind: Failure, words: str) -> None:
    with pytest.raises(ShopError, match=words) as refused:
        play(shipments.send(shop(), DISPATCH), [order(), *shipped(), answer(Fault(fault, "Of Ada Byron"))])
    assert refused.value.kind == kind and "Ada" not in str(refused.value)


@pytest.mark.parametrize("gone", ["qty_shipped", "qty_refunded", "qty_canceled"])
def test_more_than_is_left_is_not_sent(gone: str) -> None:
    """Magento 1 would send what is left, or make a shipment of nothing."""
    with pytest.raises(ShopError, match="fewer units left") as refused:
        play(shipments.send(shop(), DISPATCH), [order(row(2100, 2, **{gone: "1.0000"}), row(2102, 5)), *shipped()])
    assert refused.value.kind == Failure.REFUSED
    with pytest.raises(ShopError, match="fewer units left"):
        play(shipments.send(shop(), DISPATCH), [order(row(2102, 5)), *shipped()])


def test_control_magento_1_sends_less_without_a_word(told: Told, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(shipments, "_left", lambda row: 9)
    sale = told.order(goods={"MUG-BLUE": 3, "TEA-EARL-100": 1})
    told.carry(told.dispatch(sale, {"MUG-BLUE": 2}))
    second = told.dispatch(sale, {"MUG-BLUE": 2}, reference="SH2026000002", tracking_number="T2")
    told.ask(told.shipments.send(told.shop, second))
    assert [sum(each.units.values()) for each in told.sold.records.of(sale.id)] == [2, 1]


def test_a_shipment_of_nothing_is_no_shipment() -> None:
    with pytest.raises(ShopError, match="cannot ship this order"):
        play(shipments.send(shop(), DISPATCH), [order(), *shipped(), answer(None)])


def test_a_letter_that_may_not_be_written_is_said(told: Told) -> None:
    told.sold.webhooks.kept["denied"] = ["sales_order_shipment.sendInfo"]
    sale = told.order()
    sent = told.ask(told.shipments.send(told.shop, told.dispatch(sale)))
    assert sent.note.startswith("The shop did not write to the buyer. ") and "Send shipment info" in sent.note
    assert told.parcels(sale) == 1


def test_a_new_tracking_number_is_added_before_the_old_one_goes() -> None:
    answers = [answer([shipment("Countinghouse SH2026000001", "OLD")]), answer(7), answer(True)]
    _, calls, _ = told_of(shipments.correct(shop(), "200000096", DISPATCH), *answers)
    assert calls[1:] == [
        ("sales_order_shipment.addTrack", ["200000096", "custom", "Parcel & Post", "T1"]),
        ("sales_order_shipment.removeTrack", ["200000096", "60"]),
    ]
    crossed, _, _ = told_of(
        shipments.correct(shop(), "200000096", DISPATCH), answer([shipment("", "A", "B")]), answer(7)
    )
    assert "had 2 other tracking numbers" in crossed.note
    with pytest.raises(ShopError, match="this shipment any more"):
        play(shipments.correct(shop(), "200000096", DISPATCH), [answer([MISSING])])


def listed(*skus: str, kind: str = "simple") -> Response:
    return answer([{"product_id": str(place), "sku": sku, "type": kind} for place, sku in enumerate(skus, 5)])


def held(sku: str, quantity: int, own: int = 5) -> Response:
    return answer([{"product_id": str(own), "sku": sku, "qty": f"{quantity}.0000", "is_in_stock": "1"}])


def test_quantities_go_out_in_one_request() -> None:
    answers, requests = play(
        quantities.send(shop(), (target("MUG", 7),)), [listed("MUG"), answer([True]), held("MUG", 7)]
    )
    update = ["cataloginventory_stock_item.update", ["MUG", {"qty": 7, "is_in_stock": 1}]]
    assert asked(requests[1]) == ([update],)
    assert (requests[1].idempotent, answers[0].place) == (False, {"id": "5"})
    known, requests = play(
        quantities.send(shop(), (target("MUG", 8, place=answers[0].place),)), [answer([True]), held("MUG", 8)]
    )
    assert (known[0].quantity, len(requests)) == (8, 2)


@pytest.mark.parametrize("sku", ["123", "12-A"])
def test_a_sku_that_might_be_an_id_is_looked_up_every_time(sku: str) -> None:
    """Where no product has it any more, Magento would set the quantity of the product with that id."""
    answers, requests = play(quantities.send(shop(), (target(sku, 7, place={"id": "5"}),)), [listed()])
    assert answers[0].outcome == StockOutcome.UNKNOWN
    assert asked(requests[0]) == ("catalog_product.list", [{"sku": {"in": [sku]}}])


def test_control_an_unknown_sku_is_taken_for_an_id(told: Told) -> None:
    """As the simulated shop does, too."""
    place = told.ask(told.stock.send(told.shop, (target("MUG-BLUE", 7),)))[0].place
    told.ask(tell_all(told.shop, "", ("cataloginventory_stock_item.update", [place["id"], {"qty": 1}])))
    assert told.sold.records.quantities["MUG-BLUE"] == 1
    assert told.ask(told.stock.send(told.shop, (target(place["id"], 9),)))[0].outcome == StockOutcome.UNKNOWN
    assert told.sold.records.quantities["MUG-BLUE"] == 1


def test_a_refused_article_fails_alone() -> None:
    fault = {"isFault": True, "faultCode": "102", "faultMessage": "Of Ada"}
    gone = {"isFault": True, "faultCode": "101", "faultMessage": "Product not exists."}
    answers, _ = play(
        quantities.send(shop(), (target("MUG", 7), target("POT", 1), target("PAN", 1))),
        [listed("MUG", "POT", "PAN"), answer([True, fault, gone]), held("MUG", 7)],
    )
    assert [each.outcome for each in answers] == [StockOutcome.SET, StockOutcome.REFUSED, StockOutcome.UNKNOWN]
    assert answers[1].message == "Magento refused the request (fault 102)."


def test_what_is_made_of_others_has_no_stock() -> None:
    answers, requests = play(quantities.send(shop(), (target("SET", 7),)), [listed("SET", kind="bundle")])
    assert (answers[0].outcome, len(requests)) == (StockOutcome.UNMANAGED, 1)


def test_paying_makes_an_invoice() -> None:
    due = {"grand_total": "68.3700", "order_currency_code": "EUR"}
    answers = [order(**due), answer("300000176"), order(**due, total_paid="68.3700")]
    crossed, calls, _ = told_of(payments.pay(shop(), "100000105", PAID), *answers)
    assert crossed == Crossed("300000176")
    assert calls[1] == (
        "sales_order_invoice.create",
        ["100000105", [], "Countinghouse IN2026000001", False, False],
    )
    waiting, _, _ = told_of(payments.pay(shop(), "100000105", PAID), order(**due), answer("300000176"), order(**due))
    assert waiting.note == payments.WAITS


def test_a_comment_bears_the_order_s_own_status() -> None:
    before = order(status_history=[{"comment": "Invoice IN20260000019"}])
    _, calls, _ = told_of(payments.name_paper(shop(), "100000105", PAPER), before, answer(True))
    text = "Invoice IN2026000001: https://office.example/d/abc123"
    assert calls[1] == ("sales_order.addComment", ["100000105", "processing", text, False])


def test_an_order_on_hold_is_not_paid(told: Told) -> None:
    assert told.connector.outward.pay is not None
    refused = refusal(told, told.connector.outward.pay(told.shop, told.external_id(told.order("on-hold")), PAID))
    assert refused.kind == Failure.REFUSED and "on hold" in str(refused)


def test_an_order_that_is_not_there_is_not_found() -> None:
    for operation in (shipments.find(shop(), DISPATCH), shipments.send(shop(), DISPATCH)):
        with pytest.raises(ShopError, match="does not have this order") as refused:
            play(operation, [answer([MISSING])])
        assert refused.value.kind == Failure.NOT_FOUND


def test_a_session_that_has_ended_is_no_second_shipment() -> None:
    """In it nothing was done, so that the same call is made in a new one."""
    ended, logged_in = answer(Fault(5, "Session expired")), answer("5e5510nb")
    answers = [order(), *shipped(), ended, logged_in, answer("200000096")]
    quiet = replace(DISPATCH, tell_buyer=False, tracking_number="")
    _, requests = play(shipments.send(shop(), quiet), answers)
    assert [loads(each.body or b"")[1] for each in requests[2:]] == ["call", "login", "call"]
