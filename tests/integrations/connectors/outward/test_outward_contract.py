"""What every platform that can be told of something must do, whatever its API."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import replace
from decimal import Decimal

import pytest

from integrations.connectors import all_connectors
from integrations.connectors.contract import Connector
from integrations.connectors.errors import Failure, ShopError
from integrations.connectors.outward import StockOutcome
from tests.integrations.connectors.outward.telling import PAID, PAPER, TOTAL, Told, copy, refusal, target

# It knows neither lines nor states of orders: `test_paypal_outward.py` holds it to the same.
APART = {"paypal"}


def offering(part: str) -> pytest.MarkDecorator:
    """Every platform that offers this part of its outward operations."""
    offered = [each for each in all_connectors() if getattr(each.outward, part) is not None]
    found = [each for each in offered if each.key not in APART]
    return pytest.mark.parametrize("connector", found, ids=lambda connector: connector.key)


OUTWARD = [each for each in all_connectors() if each.outward.rights]


@pytest.mark.parametrize("connector", OUTWARD, ids=lambda connector: connector.key)
def test_rights_are_a_sentence(connector: Connector) -> None:
    assert connector.outward.rights.endswith(".")


@offering("shipments")
def test_a_shipment_is_told_and_found_again(told: Told) -> None:
    sale = told.order()
    dispatch = told.dispatch(sale)
    assert told.ask(told.shipments.find(told.shop, dispatch)) is None
    sent = told.ask(told.shipments.send(told.shop, dispatch))
    found = told.ask(told.shipments.find(told.shop, dispatch))
    assert found is not None and found.remote_id == sent.remote_id
    assert told.parcels(sale) == 1
    assert sale.state(told.sold.now()).status == "completed"


@offering("shipments")
@pytest.mark.parametrize("how", [{}, {"how": 504}], ids=["broken", "504"])
def test_a_shipment_whose_answer_is_lost_is_told_once(told: Told, how: dict[str, int]) -> None:
    """Whatever number of requests it takes, and whichever of them loses its answer."""
    for lost in range(3):
        sale = told.order()
        dispatch = told.dispatch(sale, reference=f"SH202600000{lost}", tracking_number=f"TRACK{lost}")
        told.direct("POST", "faults", kind="lose_answer", skip=lost, **how)
        told.carry(dispatch)
        told.direct("DELETE", "faults")
        assert told.parcels(sale) == 1
        assert sale.state(told.sold.now()).status == "completed"
        assert told.ask(told.shipments.find(told.shop, dispatch)) is not None


@offering("shipments")
def test_control_told_twice_without_looking_it_is_there_twice(told: Told) -> None:
    if told.connector.key == "prestashop":
        pytest.skip(
            "PrestaShop's one number and state are looked at by whoever writes them; it has a control of its own"
        )
    sale = told.order()
    dispatch = told.dispatch(sale, {"MUG-BLUE": 1} if told.shipments.parts else None)
    told.ask(told.shipments.send(told.shop, dispatch))
    told.ask(told.shipments.send(told.shop, dispatch))
    assert told.parcels(sale) == 2


@offering("shipments")
def test_a_shipment_that_the_shop_did_not_keep_is_not_found(told: Told) -> None:
    sale = told.order()
    dispatch = told.dispatch(sale)
    told.direct("POST", "faults", kind="drop", count=9)
    with suppress(ShopError):  # of a second step, which finds that nothing came of the first
        told.ask(told.shipments.send(told.shop, dispatch))
    told.direct("DELETE", "faults")
    assert told.ask(told.shipments.find(told.shop, dispatch)) is None
    told.carry(dispatch)
    assert told.parcels(told.sold.sales[sale.id]) == 1


@offering("shipments")
def test_parts_are_told_one_by_one(told: Told) -> None:
    if not told.shipments.parts:
        pytest.skip(f"{told.connector.label} takes no parts, and says so")
    sale = told.order()
    first = told.dispatch(sale, {"MUG-BLUE": 2}, tracking_number="T1")
    told.carry(first)
    assert sale.state(told.sold.now()).status == "processing"
    second = told.dispatch(
        sale, {"MUG-BLUE": 1, "TEA-EARL-100": 1}, reference="SH2026000002", tracking_number="T2", completes=True
    )
    assert told.ask(told.shipments.find(told.shop, second)) is None
    told.carry(second)
    assert told.parcels(sale) == 2
    assert sale.state(told.sold.now()).status == "completed"


@offering("shipments")
def test_a_correction_shows(told: Told) -> None:
    if told.shipments.correct is None:
        pytest.skip(f"{told.connector.label} takes no corrections, and says so")
    sale = told.order()
    dispatch = told.dispatch(sale)
    sent = told.carry(dispatch)
    corrected = replace(dispatch, tracking_number="CORRECTED-1")
    again = told.ask(told.shipments.correct(told.shop, sent.remote_id, corrected))
    found = told.ask(told.shipments.find(told.shop, corrected))
    assert found is not None and found.remote_id == again.remote_id
    records = told.sold.records
    texts = [each.tracking for each in records.of(sale.id)] + [each.text for each in records.notes]
    assert any("CORRECTED-1" in text for text in texts)


@offering("shipments")
def test_an_order_that_left_by_itself_is_said_to_have(told: Told) -> None:
    sale = told.order("completed")
    found = told.ask(told.shipments.find(told.shop, told.dispatch(sale)))
    assert found is not None and found.note.endswith(".")
    assert told.parcels(sale) == 0


@offering("shipments")
def test_an_order_that_the_shop_does_not_have_is_not_found(told: Told) -> None:
    sale = told.order()
    dispatch = told.dispatch(sale)
    told.sold.delete(sale.id)
    assert refusal(told, told.shipments.find(told.shop, dispatch)).kind == Failure.NOT_FOUND
    assert refusal(told, told.shipments.send(told.shop, dispatch)).kind == Failure.NOT_FOUND


@offering("shipments")
def test_a_key_that_may_only_read_tells_of_no_shipment(told: Told) -> None:
    sale = told.order()
    dispatch = told.dispatch(sale)
    told.direct("POST", "rights", write=False)
    refused = refusal(told, told.shipments.send(told.shop, dispatch))
    assert refused.kind == Failure.CREDENTIALS and len(str(refused)) > 40
    assert (told.parcels(sale), told.wrote()) == (0, [])


@offering("stock")
def test_quantities_are_set_and_read_back(told: Told) -> None:
    wanted = {"MUG-BLUE": 7, "SHIRT-M": 0, "TEA-EARL-100": 12}
    targets = tuple(target(sku, quantity) for sku, quantity in wanted.items())
    answers = told.ask(told.stock.send(told.shop, targets))
    assert [(each.sku, each.outcome, each.quantity) for each in answers] == [
        (sku, StockOutcome.SET, quantity) for sku, quantity in wanted.items()
    ]
    assert {sku: told.sold.records.quantities[sku] for sku in wanted} == wanted
    read = told.ask(told.stock.read(told.shop, targets))
    assert [(each.sku, each.quantity) for each in read] == [*wanted.items()]


@offering("stock")
def test_articles_whose_place_is_known_take_fewer_requests(told: Told) -> None:
    first = told.ask(told.stock.send(told.shop, (target("MUG-BLUE", 7), target("SHIRT-M", 3))))
    before = len(told.server.site.log)
    told.direct("DELETE", "log")
    again = tuple(target(each.sku, 9, place=each.place, before=each.quantity) for each in first)
    answers = told.ask(told.stock.send(told.shop, again))
    assert [each.quantity for each in answers] == [9, 9]
    assert len(told.server.site.log) < before or not first[0].place


@offering("stock")
def test_a_place_that_is_no_longer_there_is_looked_up(told: Told) -> None:
    place = told.ask(told.stock.send(told.shop, (target("MUG-BLUE", 7),)))[0].place
    answers = told.ask(told.stock.send(told.shop, (target("TEA-EARL-100", 4, place=place),)))
    if place:  # what is set by SKU alone cannot be misled
        assert (answers[0].outcome, answers[0].quantity) == (StockOutcome.SET, 4)
        assert told.sold.records.quantities["TEA-EARL-100"] == 4


@offering("stock")
def test_one_bad_article_of_a_batch_is_refused_alone(told: Told) -> None:
    told.direct("POST", "stock", **{"MUG-WHITE": None})
    targets = (target("MUG-BLUE", 7), target("NOT-THERE", 1), target("MUG-WHITE", 2), target("SHIRT-M", 3))
    answers = told.ask(told.stock.send(told.shop, targets))
    outcomes = [each.outcome for each in answers]
    assert [outcomes[0], outcomes[1], outcomes[3]] == [StockOutcome.SET, StockOutcome.UNKNOWN, StockOutcome.SET]
    # eBay knows nothing of a listing without stock: it was not made by this API.
    assert outcomes[2] == (StockOutcome.UNKNOWN if told.connector.key == "ebay" else StockOutcome.UNMANAGED)
    quantities = told.sold.records.quantities
    assert (quantities["MUG-BLUE"], quantities["MUG-WHITE"], quantities["SHIRT-M"]) == (7, None, 3)
    read = told.ask(told.stock.read(told.shop, targets))
    assert [each.outcome for each in read] == [each.outcome for each in answers]


@offering("stock")
def test_a_whole_batch_is_set(told: Told) -> None:
    skus = list(told.sold.records.quantities)[: told.stock.at_once]
    answers = told.ask(told.stock.send(told.shop, tuple(target(sku, 5) for sku in skus)))
    assert {each.quantity for each in answers} == {5}
    assert len(answers) == len(skus)


@offering("stock")
def test_a_key_that_may_only_read_sets_nothing(told: Told) -> None:
    told.direct("POST", "rights", write=False)
    refused = refusal(told, told.stock.send(told.shop, (target("MUG-BLUE", 7),)))
    assert refused.kind == Failure.CREDENTIALS
    assert told.wrote() == []


@offering("stock")
def test_what_a_shop_sells_shows_when_it_is_read(told: Told) -> None:
    told.ask(told.stock.send(told.shop, (target("MUG-BLUE", 7),)))
    told.sold.place(wanted={"MUG-BLUE": 2})
    assert told.ask(told.stock.read(told.shop, (target("MUG-BLUE", 0),)))[0].quantity == 5


@offering("pay")
def test_an_order_is_paid_once(told: Told) -> None:
    assert told.connector.outward.pay is not None
    sale = told.order("pending")
    order = told.external_id(sale)
    told.ask(told.connector.outward.pay(told.shop, order, PAID))
    assert sale.state(told.sold.now()).status == "processing"
    written = len(told.wrote())
    again = told.ask(told.connector.outward.pay(told.shop, order, PAID))
    assert again.note.endswith(".")
    assert len(told.wrote()) == written > 0


@offering("pay")
def test_a_cancelled_order_is_not_paid(told: Told) -> None:
    assert told.connector.outward.pay is not None
    order = told.external_id(told.order("cancelled"))
    assert refusal(told, told.connector.outward.pay(told.shop, order, PAID)).kind == Failure.REFUSED
    assert told.wrote() == []


@offering("name_paper")
def test_a_document_is_named_once(told: Told) -> None:
    assert told.connector.outward.name_paper is not None
    sale = told.order()
    order = told.external_id(sale)
    told.direct("POST", "faults", kind="lose_answer")
    with pytest.raises(ShopError):
        told.ask(told.connector.outward.name_paper(told.shop, order, PAPER))
    told.ask(told.connector.outward.name_paper(told.shop, order, PAPER))
    texts = [note.text for note in told.sold.records.notes if note.order == sale.id]
    assert len(texts) == 1
    assert PAPER.code in texts[0] and PAPER.url in texts[0]
    told.ask(
        told.connector.outward.name_paper(told.shop, order, replace(PAPER, code="CN2026000002", title="Credit note"))
    )
    texts = [note.text for note in told.sold.records.notes if note.order == sale.id]
    assert any("CN2026000002" in text for text in texts) and any(PAPER.code in text for text in texts)


@offering("creation")
def test_a_created_order_adds_up_and_is_found_by_our_reference(told: Told) -> None:
    wanted = copy()
    assert told.ask(told.creation.find(told.shop, wanted.reference)) is None
    made = told.ask(told.creation.create(told.shop, wanted))
    found = told.ask(told.creation.find(told.shop, wanted.reference))
    assert found is not None and found.remote_id == made.remote_id
    order = told.read(made.remote_id)
    assert (order.total, order.residual, order.currency) == (TOTAL, Decimal(0), "EUR")
    assert {line.sku: line.quantity for line in order.lines} == {"MUG-BLUE": 2, "TEA-EARL-100": 3}
    assert (order.shipping.first_name, order.shipping.city, order.shipping.country) == ("Ada", "Praha", "CZ")


@offering("creation")
def test_a_created_order_is_listed_with_our_reference(told: Told) -> None:
    """The echo that must be known for ours when it is loaded."""
    made = told.ask(told.creation.create(told.shop, copy()))
    page = told.ask(told.connector.orders.by_ids(told.shop, (made.remote_id,)))
    assert b"ebay-12-34567-89012" in page.payloads[0]


@offering("creation")
@pytest.mark.parametrize("lost", [0, 1, 2])
def test_an_order_whose_answer_is_lost_is_created_once(told: Told, lost: int) -> None:
    before = len(told.sold.sales)
    told.direct("POST", "faults", kind="lose_answer", skip=lost)
    for _ in range(4):
        try:
            found = told.ask(told.creation.find(told.shop, copy().reference))
            made = found or told.ask(told.creation.create(told.shop, copy()))
            break
        except ShopError as error:
            assert error.passes
    assert len(told.sold.sales) == before + 1
    assert told.read(made.remote_id).total == TOTAL


@offering("creation")
@pytest.mark.parametrize("takes", [True, False])
def test_a_created_order_takes_the_goods_off_where_it_is_meant_to(told: Told, takes: bool) -> None:
    before = told.sold.records.quantities["MUG-BLUE"]
    made = told.ask(told.creation.create(told.shop, copy(takes_stock=takes)))
    after = told.sold.records.quantities["MUG-BLUE"]
    assert before is not None
    assert after == before - 2 * takes or "stock" in made.note


@offering("creation")
@pytest.mark.parametrize("paid", [True, False])
def test_a_created_order_is_paid_or_not(told: Told, paid: bool) -> None:
    made = told.ask(told.creation.create(told.shop, copy(paid=paid)))
    order = told.read(made.remote_id)
    states = {True: {"processing"}, False: {"pending", "on-hold"}}
    sale = next(each for each in told.sold.visible() if each.given is not None)
    assert sale.state(told.sold.now()).status in states[paid]
    assert order.external_id == told.external_id(sale)


@offering("creation")
def test_a_key_that_may_only_read_creates_nothing(told: Told) -> None:
    told.direct("POST", "rights", write=False)
    before = len(told.sold.sales)
    assert refusal(told, told.creation.create(told.shop, copy())).kind == Failure.CREDENTIALS
    assert len(told.sold.sales) == before
