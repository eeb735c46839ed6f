"""Quantities in Magento 2, word for word: by source, read back, and in its older inventory."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from integrations.connectors import get
from integrations.connectors.contract import Connector
from integrations.connectors.kit import stock_answers
from integrations.connectors.magento2 import quantities
from integrations.connectors.outward import StockAnswer, StockOutcome
from integrations.simulator.shop import SimulatedShop
from tests.integrations.connectors.magento2.orders import SHOP
from tests.integrations.connectors.outward.telling import Spoken, Told, target
from tests.integrations.connectors.outward.test_magento2_outward import IN_SOURCE, listed


@pytest.fixture
def connector() -> Connector:
    return get("magento2")


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
