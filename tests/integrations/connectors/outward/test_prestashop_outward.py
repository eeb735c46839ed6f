"""What PrestaShop is told, word for word, and the cases that only it has."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from decimal import Decimal
from typing import Any
from urllib.parse import urlsplit
from xml.etree.ElementTree import Element

import pytest
from defusedxml.ElementTree import fromstring

from integrations.connectors import get
from integrations.connectors.contract import Connector
from integrations.connectors.errors import Failure, ShopError
from integrations.connectors.http import Request
from integrations.connectors.outward import Crossed, Dispatch, DispatchLine, Paper, StockOutcome
from integrations.connectors.prestashop import payments, quantities, shipments, states, writing
from tests.integrations.connectors.outward.telling import PAID, SENT_AT, Spoken, Told, refusal, target
from tests.integrations.connectors.prestashop.orders import shop
from tests.recorded import answer, play

DISPATCH = Dispatch(
    reference="SH2026000001",
    order_id="105",
    lines=(DispatchLine("1050", "MUG-BLUE", 2),),
    completes=True,
    carrier_title="Parcel & Post",
    tracking_number="T1",
    shipped_at=SENT_AT,
)
PAPER = Paper("IN2026000001", "Invoice", "https://office.example/d/abc123?a=1&b=2")
SETTINGS = (200, {"configurations": [{"name": "PS_OS_SHIPPING", "value": "15"}]})
STATES = [{"id": number, "shipped": str(int(number in (4, 5, 15))), "paid": str(int(number in (2, 4))), "deleted": "0"}
          for number in (2, 4, 5, 6, 10, 15)]  # fmt: skip
CARRIER = {
    "id": 31,
    "id_order": "105",
    "id_carrier": "11",
    "id_order_invoice": "0",
    "weight": "0.500000",
    "shipping_cost_tax_excl": "5.900000",
    "shipping_cost_tax_incl": "7.139000",
    "tracking_number": "",
    "date_add": "2026-11-01 10:00:00",
}


@pytest.fixture
def connector() -> Connector:
    return get("prestashop")


def order(state: str = "2", **more: Any) -> tuple[int, dict[str, Any]]:
    known = {"id": 105, "reference": "OYGTUULXF", "current_state": state, "id_currency": "1"}
    return 200, {"orders": [{**known, "total_paid": "68.370000", "total_paid_real": "0.000000", **more}]}


def flagged(flag: str) -> tuple[int, dict[str, Any]]:
    return 200, {"order_states": [{"id": each["id"], flag: each[flag], "deleted": "0"} for each in STATES]}


def carriers(*numbers: str) -> tuple[int, Any]:
    rows = [{**CARRIER, "id": 31 + place, "tracking_number": number} for place, number in enumerate(numbers)]
    return 200, {"order_carriers": rows} if rows else []


def written(request: Request) -> list[dict[str, str]]:
    """The entities of a body."""
    root: Element = fromstring(request.body or b"")
    assert root.tag == "prestashop"
    return [{"": each.tag, **{field.tag: field.text or "" for field in each}} for each in root]


def writes(spoken: Spoken) -> Iterable[tuple[str, str, list[tuple[str, str]]]]:
    changing = [each for each in spoken.asked if each.method != "GET"]
    return [(each.method, urlsplit(each.url).path, list(each.params)) for each in changing]


JSON = ("output_format", "JSON")
LETTER = ("sendemail", "1")


def test_a_shipment_is_a_tracking_number_and_a_state() -> None:
    spoken = Spoken(
        order(), SETTINGS, flagged("shipped"), carriers(""), (200, {}), (201, {"order_history": {"id": 77}})
    )
    assert spoken.drive(shipments.send(shop(), DISPATCH)).remote_id == "31"
    assert writes(spoken) == [
        ("PUT", "/api/order_carriers", [JSON]),
        ("POST", "/api/order_histories", [LETTER, JSON]),
    ]
    first, second = (each for each in spoken.asked if each.method != "GET")
    # Whole, for what is left out would be emptied.
    assert written(first) == [{"": "order_carrier", **CARRIER, "id": "31", "tracking_number": "T1"}]
    assert written(second) == [{"": "order_history", "id_order": "105", "id_order_state": "15"}]
    assert {first.idempotent, second.idempotent} == {None}
    assert first.headers["Content-Type"].startswith("text/xml")


def test_one_letter_is_enough() -> None:
    shipped = Spoken(order("4"), SETTINGS, flagged("shipped"), carriers(""), (200, {}))
    shipped.drive(shipments.send(shop(), DISPATCH))
    assert writes(shipped) == [("PUT", "/api/order_carriers", [LETTER, JSON])]
    silent = Spoken(order(), SETTINGS, flagged("shipped"), carriers(""), (200, {}), (201, {}))
    silent.drive(shipments.send(shop(), replace(DISPATCH, tell_buyer=False)))
    assert all(LETTER not in params for _, _, params in writes(silent))
    untracked = Spoken(order(), SETTINGS, flagged("shipped"), carriers("OTHER"), (201, {}))
    assert untracked.drive(shipments.send(shop(), replace(DISPATCH, tracking_number=""))).note == ""


def test_the_state_that_the_shop_uses_is_taken() -> None:
    assert states.chosen(["4", "5", "15"], "15") == "15"
    assert states.chosen(["5", "9"], "4") == "5"
    with pytest.raises(ShopError, match="no state that says so"):
        states.chosen([], "4")


def test_a_key_that_may_not_read_settings_takes_what_is_usual() -> None:
    denied = (401, {"errors": [{"code": 26, "message": "not allowed"}]})
    spoken = Spoken(order(), denied, flagged("shipped"), carriers(""), (200, {}), (201, {}))
    spoken.drive(shipments.send(shop(), DISPATCH))
    assert written(spoken.asked[-1])[0]["id_order_state"] == "4"


def test_half_of_it_is_not_told_again() -> None:
    """The number is there, the state did not follow."""
    assert Spoken(order(), flagged("shipped")).drive(shipments.find(shop(), DISPATCH)) is None
    spoken = Spoken(order(), SETTINGS, flagged("shipped"), carriers("T1"), (201, {}))
    spoken.drive(shipments.send(shop(), DISPATCH))
    assert [path for _, path, _ in writes(spoken)] == ["/api/order_histories"]
    done = Spoken(order("5"), SETTINGS, flagged("shipped"), carriers("T1"))
    done.drive(shipments.send(shop(), DISPATCH))
    assert writes(done) == []


@pytest.mark.parametrize(
    ("numbers", "note"),
    [
        (["T1"], ""),
        (["OTHER", "T1"], ""),
        (["OTHER"], "The shop has this order as shipped already, with another tracking number."),
        ([""], "The shop has this order as shipped already, without a tracking number."),
    ],
)
def test_an_order_that_is_shipped_is_found(numbers: list[str], note: str) -> None:
    found = Spoken(order("4"), flagged("shipped"), carriers(*numbers)).drive(shipments.find(shop(), DISPATCH))
    assert found is not None and found.note == note


def test_a_number_that_prestashop_does_not_take_is_said() -> None:
    odd = replace(DISPATCH, tracking_number="Č 1")
    spoken = Spoken(order(), SETTINGS, flagged("shipped"), carriers(""), (201, {}))
    assert spoken.drive(shipments.send(shop(), odd)).note == shipments.UNFIT
    assert [path for _, path, _ in writes(spoken)] == ["/api/order_histories"]


@pytest.mark.parametrize(("numbers", "note"), [(["OTHER"], shipments.TAKEN), ([], shipments.NO_CARRIER)])
def test_a_number_of_somebody_else_stays(numbers: list[str], note: str) -> None:
    spoken = Spoken(order(), SETTINGS, flagged("shipped"), carriers(*numbers), (201, {}))
    assert spoken.drive(shipments.send(shop(), DISPATCH)) == Crossed("", note)
    assert writes(spoken) == [("POST", "/api/order_histories", [LETTER, JSON])]


@pytest.mark.parametrize("status", ["cancelled", "refunded"])
def test_an_order_that_is_off_is_not_brought_back(told: Told, status: str) -> None:
    sale = told.order(status)
    refused = refusal(told, told.shipments.send(told.shop, told.dispatch(sale)))
    assert refused.kind == Failure.REFUSED and "cancelled or refunded" in str(refused)
    assert told.wrote() == []


def test_control_without_looking_it_would_be(told: Told, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(states, "still_on", lambda *_: None)
    sale = told.order("cancelled")
    told.ask(told.shipments.send(told.shop, told.dispatch(sale)))
    assert sale.state(told.sold.now()).status == "completed"


def test_a_state_twice_is_two_entries(told: Told) -> None:
    """Why it is looked for first."""
    sale = told.order()
    dispatch = told.dispatch(sale)
    told.carry(dispatch)
    told.ask(told.shipments.send(told.shop, dispatch))
    assert len(told.sold.records.kept["histories"]) == 1
    told.ask(states.move(told.shop, dispatch.order_id, "4"))
    assert len(told.sold.records.kept["histories"]) == 2


def stock(own: int, product: str, combination: str = "0", quantity: int = 9, **more: Any) -> dict[str, Any]:
    return {"id": own, "id_product": product, "id_product_attribute": combination, "id_shop": "1",
            "id_shop_group": "0", "quantity": str(quantity), "depends_on_stock": "0", "out_of_stock": "2",
            "location": "A & B", **more}  # fmt: skip


def rows(*given: dict[str, Any]) -> tuple[int, Any]:
    return 200, {"stock_availables": list(given)} if given else []


def named(resource: str, *given: dict[str, Any]) -> tuple[int, Any]:
    return 200, {resource: list(given)} if given else []


MUG = {"id": 6, "reference": "MUG", "is_virtual": "0"}
POT = {"id": 8, "reference": "POT", "is_virtual": "0"}


def test_quantities_go_out_in_one_request_as_whole_rows() -> None:
    before = rows(stock(1, "6"), stock(2, "8"))
    spoken = Spoken(named("products", MUG, POT), named("combinations"), before, (200, {}),
                    rows(stock(1, "6", quantity=7), stock(2, "8", quantity=0)))  # fmt: skip
    answers = spoken.drive(quantities.send(shop(), (target("MUG", 7), target("POT", 0))))
    assert [each.quantity for each in answers] == [7, 0]
    assert writes(spoken) == [("PUT", "/api/stock_availables", [JSON])]
    texts = {name: str(value) for name, value in stock(1, "6", quantity=7).items()}
    assert written(spoken.asked[3])[0] == {"": "stock_available", **texts}
    assert dict(spoken.asked[0].params)["filter[reference]"] == "[MUG|POT]"


def test_every_article_of_a_sku_is_set() -> None:
    spoken = Spoken(
        named("products", MUG), named("combinations", {"id": 41, "id_product": "40", "reference": "MUG"}),
        rows(stock(1, "6"), stock(5, "40", "0"), stock(6, "40", "41")), (200, {}),
        rows(stock(1, "6", quantity=7), stock(6, "40", "41", 7)),
    )  # fmt: skip
    answer_ = spoken.drive(quantities.send(shop(), (target("MUG", 7),)))[0]
    assert [each["id"] for each in written(spoken.asked[3])] == ["1", "6"], "the sum of product 40 is the shop's"
    assert (answer_.outcome, answer_.message[:20]) == (StockOutcome.SET, "The shop has 2 artic")


@pytest.mark.parametrize(
    ("found", "words"),
    [
        (rows(stock(1, "6"), stock(2, "6", "41")), "product with combinations"),
        (rows(stock(1, "6", depends_on_stock="1")), "advanced stock management"),
    ],
)
def test_what_the_shop_counts_itself_is_left_alone(found: tuple[int, Any], words: str) -> None:
    spoken = Spoken(named("products", MUG), named("combinations"), found)
    answer_ = spoken.drive(quantities.send(shop(), (target("MUG", 7),)))[0]
    assert answer_.outcome == StockOutcome.REFUSED and words in answer_.message
    assert writes(spoken) == []


def test_one_bad_row_does_not_fail_the_others() -> None:
    """The shop saves those before it and says 500, of which the client keeps no body."""
    broken = ShopError(Failure.UNAVAILABLE, "The shop has a fault of its own (HTTP 500).", status=500)
    one, two = stock(1, "6"), stock(2, "8")
    lists = [named("products", MUG, POT), named("combinations"), rows(one, two)]
    after = rows(stock(1, "6", quantity=7), two)
    answers, requests = play(
        quantities.send(shop(), (target("MUG", 7), target("POT", 1))),
        [*(answer(body, status) for status, body in lists), broken, answer({}), broken, answer(after[1])],
    )
    assert [each.outcome for each in answers] == [StockOutcome.SET, StockOutcome.REFUSED]
    assert answers[1].message == str(broken) and answers[1].quantity == 9
    assert [len(written(each)) for each in requests if each.method == "PUT"] == [2, 1, 1]


def test_a_silent_shop_is_no_bad_row() -> None:
    silent = ShopError(Failure.UNAVAILABLE, "The shop was silent.")
    lists = [named("products", MUG), named("combinations"), rows(stock(1, "6"))]
    with pytest.raises(ShopError, match="silent"):
        play(
            quantities.send(shop(), (target("MUG", 7),)),
            [*(answer(body, status) for status, body in lists), silent],
        )


def test_skus_that_are_signs_of_filters() -> None:
    spoken = Spoken(named("products"), named("products"), named("combinations"), named("combinations"))
    answers = spoken.drive(quantities.read(shop(), (target("A|B", 0), target("Čaj 1", 0), target("MUG", 0))))
    assert [each.outcome for each in answers] == [StockOutcome.REFUSED, StockOutcome.UNKNOWN, StockOutcome.UNKNOWN]
    asked = [dict(each.params)["filter[reference]"] for each in spoken.asked]
    assert asked == ["[MUG]", "[Čaj 1]"] * 2


def test_paying_is_a_state_of_the_shop() -> None:
    currency = (200, {"currencies": [{"id": 1, "iso_code": "EUR"}]})
    spoken = Spoken(order("10"), flagged("paid"), SETTINGS, flagged("shipped"), currency, (201, {}))
    spoken.drive(payments.pay(shop(), "105", PAID))
    assert writes(spoken) == [("POST", "/api/order_histories", [JSON])]
    assert written(spoken.asked[-1])[0]["id_order_state"] == "2"
    for changed in ({"amount": Decimal("60.00")}, {"currency": "CZK"}):
        part = Spoken(order("10"), flagged("paid"), SETTINGS, flagged("shipped"), currency)
        with pytest.raises(ShopError, match=r"68\.37 EUR are due there"):
            part.drive(payments.pay(shop(), "105", replace(PAID, **changed)))


def test_a_shipped_order_does_not_go_back_to_be_paid() -> None:
    spoken = Spoken(order("5"), flagged("paid"), SETTINGS, flagged("shipped"))
    with pytest.raises(ShopError, match="shipped and not paid"):
        spoken.drive(payments.pay(shop(), "105", PAID))
    assert writes(spoken) == []


def test_a_document_is_named_in_a_private_message() -> None:
    other = {"id": 3, "id_order": "105", "message": "Invoice IN20260000019"}
    spoken = Spoken(order(), (200, {"messages": [other]}), (201, {"message": {"id": 9}}))
    assert spoken.drive(payments.name_paper(shop(), "105", PAPER)).remote_id == "9"
    assert writes(spoken) == [("POST", "/api/messages", [JSON])]
    text = "Invoice IN2026000001: https://office.example/d/abc123?a=1&b=2"
    assert written(spoken.asked[-1]) == [{"": "message", "id_order": "105", "message": text, "private": "1"}]


@pytest.mark.parametrize("text", ["<b>&amp;</b> ]]> \"'", "Čaj 煎茶 🙏", "a\x00b\x0bc\ufffed"])
def test_everything_is_escaped(text: str) -> None:
    root = fromstring(writing.document("messages", [{"message": text, "id_order": None, "parts": {"left": "out"}}]))
    kept = "".join(sign for sign in text if sign not in "\x00\x0b\ufffe")
    assert [(field.tag, field.text or "") for field in root[0]] == [("message", kept), ("id_order", "")]


@pytest.mark.parametrize(
    ("status", "code", "kind", "words"),
    [
        (405, 25, Failure.CREDENTIALS, r"tick Modify \(PUT\) for it"),
        (401, 26, Failure.CREDENTIALS, "may not write order_carriers"),
        (404, 92, Failure.NOT_FOUND, "any more"),
        (400, 85, Failure.REFUSED, "85"),
    ],
)
def test_refusals_say_what_to_do(status: int, code: int, kind: Failure, words: str) -> None:
    said = (status, {"errors": [{"code": code, "message": "Of Ada Byron"}]})
    with pytest.raises(ShopError, match=words) as refused:
        Spoken(order(), SETTINGS, flagged("shipped"), carriers(""), said).drive(shipments.send(shop(), DISPATCH))
    assert refused.value.kind == kind and "Ada" not in str(refused.value)


def test_a_redirect_is_an_error() -> None:
    away = ShopError(Failure.ADDRESS, "The shop sends us elsewhere.", status=302)
    lists = [order(), SETTINGS, flagged("shipped"), carriers("")]
    with pytest.raises(ShopError, match="answers only at the domain"):
        play(shipments.send(shop(), DISPATCH), [*(answer(body, status) for status, body in lists), away])


def test_the_shop_shows_the_tracking_number(told: Told) -> None:
    sale = told.order()
    told.carry(told.dispatch(sale))
    read = told.read(told.external_id(sale))
    assert (read.status, read.metadata["shipping_number"]) == ("4", "00340434161094027318")
