"""What WooCommerce is told, word for word, and the cases that only it has."""

from __future__ import annotations

import json
from decimal import Decimal

import pytest

from integrations.connectors import get
from integrations.connectors.contract import Connector, Shipments, Shop, StockLevels
from integrations.connectors.errors import Failure, ShopError
from integrations.connectors.outward import CopiedLine, Dispatch, DispatchLine, StockOutcome
from integrations.simulator.shop import SimulatedShop
from tests.integrations.connectors.outward.telling import PAID, SENT_AT, Spoken, Told, copy, target

SHOP = Shop("https://tea.example", {}, memory={"shipment_tracking": False})
DISPATCH = Dispatch(
    reference="SH2026000001",
    order_id="105",
    lines=(DispatchLine("1050", "MUG-BLUE", 2),),
    completes=True,
    carrier_title="Parcel & Post",
    tracking_number="T1",
    shipped_at=SENT_AT,
)
NO_PLUGIN = (404, {"code": "rest_no_route", "message": "No route", "data": {"status": 404}})
ORDER = (200, {"id": 105, "status": "processing"})
NOTE = "Shipped. Carrier: Parcel &amp; Post. Tracking number: T1. (SH2026000001)"


@pytest.fixture
def connector() -> Connector:
    return get("woocommerce")


@pytest.fixture
def plugged() -> SimulatedShop:
    return SimulatedShop("Outward", seed=4, plugins=["shipment-tracking"])


@pytest.fixture
def new() -> Shop:
    """A shop of which nobody knows yet whether it has the plugin."""
    return Shop("https://tea.example", {})


@pytest.fixture
def shipments(connector: Connector) -> Shipments:
    assert connector.outward.shipments is not None
    return connector.outward.shipments


@pytest.fixture
def stock(connector: Connector) -> StockLevels:
    assert connector.outward.stock is not None
    return connector.outward.stock


def test_without_the_plugin_a_note_tells_the_buyer(shipments: Shipments, new: Shop) -> None:
    spoken = Spoken(ORDER, NO_PLUGIN, (200, []), (201, {"id": 7}), (200, {"id": 105, "status": "completed"}))
    sent = spoken.drive(shipments.send(new, DISPATCH))
    assert new.memory == {"shipment_tracking": False}
    assert (sent.remote_id, sent.note[:8]) == ("note:7", "The shop")
    assert spoken.bodies == [{"note": NOTE, "customer_note": True}, {"status": "completed"}]
    assert spoken.writes == [("POST", "/wp-json/wc/v3/orders/105/notes"), ("PUT", "/wp-json/wc/v3/orders/105")]
    assert [request.idempotent for request in spoken.asked] == [None] * 5


def test_a_part_names_its_goods_and_completes_nothing(shipments: Shipments) -> None:
    part = Dispatch(**{**vars(DISPATCH), "completes": False, "tracking_number": "", "tell_buyer": False})
    spoken = Spoken(ORDER, (201, {"id": 7}))
    spoken.drive(shipments.send(SHOP, part))
    text = "Shipped: 2 × MUG-BLUE. Carrier: Parcel &amp; Post. (SH2026000001)"
    assert spoken.bodies == [{"note": text, "customer_note": False}]


def test_with_the_plugin_an_entry_is_made(shipments: Shipments, new: Shop) -> None:
    mapped = Dispatch(**{**vars(DISPATCH), "carrier": "DHL"})
    for dispatch, named in ((DISPATCH, "custom_tracking_provider"), (mapped, "tracking_provider")):
        spoken = Spoken(ORDER, (200, []), (201, {"tracking_id": "7f49"}), (200, {"id": 105}))
        assert spoken.drive(shipments.send(new, dispatch)).remote_id == "tracking:7f49"
        name = dispatch.carrier or dispatch.carrier_title
        assert spoken.bodies[0] == {named: name, "tracking_number": "T1", "date_shipped": "2026-11-20"}
        assert spoken.writes[0] == ("POST", "/wp-json/wc-shipment-tracking/v3/orders/105/shipment-trackings")


def test_half_of_it_is_not_told_again(shipments: Shipments) -> None:
    """The note is there, the status did not follow."""
    notes = (200, [{"id": 6, "note": "Something else"}, {"id": 7, "note": NOTE}])
    assert Spoken(ORDER, notes).drive(shipments.find(SHOP, DISPATCH)) is None
    spoken = Spoken(ORDER, notes, (200, {"id": 105}))
    assert spoken.drive(shipments.send(SHOP, DISPATCH)).remote_id == "note:7"
    assert spoken.bodies == [{"status": "completed"}]


@pytest.mark.parametrize("code", ["cancelled", "refunded", "failed", "trash"])
def test_an_order_that_is_off_is_not_told(shipments: Shipments, code: str) -> None:
    for operation in (shipments.find, shipments.send):
        with pytest.raises(ShopError, match="Processing") as refused:
            Spoken((200, {"id": 105, "status": code})).drive(operation(SHOP, DISPATCH))
        assert refused.value.kind == Failure.REFUSED


class TestWithThePlugin:
    """Against a shop that has it."""

    @pytest.fixture
    def sold(self, plugged: SimulatedShop) -> SimulatedShop:
        return plugged

    def test_it_is_told_found_and_corrected(self, told: Told) -> None:
        sale = told.order()
        dispatch = told.dispatch(sale)
        sent = told.carry(dispatch)
        assert sent.remote_id.startswith("tracking:")
        found = told.ask(told.shipments.find(told.shop, dispatch))
        assert found is not None and found.remote_id == sent.remote_id
        corrected = Dispatch(**{**vars(dispatch), "tracking_number": "T9"})
        assert told.shipments.correct is not None
        again = told.ask(told.shipments.correct(told.shop, sent.remote_id, corrected))
        assert again.remote_id != sent.remote_id
        assert told.ask(told.shipments.find(told.shop, corrected)) == again
        entries = [each for each in told.sold.records.of(sale.id) if not each.more.get("deleted")]
        assert [each.tracking for each in entries] == ["T9"]
        assert sale.state(told.sold.now()).status == "completed"

    def test_a_lost_answer_makes_one_entry(self, told: Told) -> None:
        sale = told.order()
        told.direct("POST", "faults", kind="lose_answer")
        told.carry(told.dispatch(sale))
        assert told.parcels(sale) == 1


def product(own: int, sku: str, quantity: int | None, **more: object) -> dict[str, object]:
    managed = quantity is not None
    return {"id": own, "parent_id": 0, "type": "simple", "sku": sku, "manage_stock": managed,
            "stock_quantity": quantity, **more}  # fmt: skip


def test_quantities_are_written_in_batches(stock: StockLevels) -> None:
    shirt = product(41, "SHIRT-S", 3, type="variation", parent_id=40)
    found = (200, [product(5, "MUG", 9), shirt])
    spoken = Spoken(
        found, (200, {"update": [product(5, "MUG", 7)]}), (200, {"update": [{**shirt, "stock_quantity": 2}]})
    )
    answers = spoken.drive(stock.send(SHOP, (target("MUG", 7), target("SHIRT-S", 2))))
    assert [each.quantity for each in answers] == [7, 2]
    assert dict(spoken.asked[0].params)["sku"] == "MUG,SHIRT-S"
    assert spoken.writes == [
        ("POST", "/wp-json/wc/v3/products/batch"),
        ("POST", "/wp-json/wc/v3/products/40/variations/batch"),
    ]
    assert spoken.bodies == [
        {"update": [{"id": 5, "stock_quantity": 7}]},
        {"update": [{"id": 41, "stock_quantity": 2}]},
    ]
    assert [each.place for each in answers] == [{"articles": [[5, 0]]}, {"articles": [[41, 40]]}]


def test_every_article_of_a_sku_is_set(stock: StockLevels) -> None:
    two = [product(5, "MUG", 9), product(6, "MUG", 4)]
    spoken = Spoken((200, two), (200, {"update": [product(5, "MUG", 7), product(6, "MUG", 7)]}))
    answer = spoken.drive(stock.send(SHOP, (target("MUG", 7),)))[0]
    assert spoken.bodies == [{"update": [{"id": 5, "stock_quantity": 7}, {"id": 6, "stock_quantity": 7}]}]
    assert (answer.outcome, answer.quantity, answer.message[:20]) == (StockOutcome.SET, 7, "The shop has 2 artic")


def test_what_the_shop_says_is_told_and_not_what_was_sent(stock: StockLevels) -> None:
    spoken = Spoken((200, [product(5, "MUG", 9)]), (200, {"update": [product(5, "MUG", 6)]}))
    assert spoken.drive(stock.send(SHOP, (target("MUG", 7),)))[0].quantity == 6


def test_a_refused_article_fails_alone(stock: StockLevels) -> None:
    bad = {"id": 5, "error": {"code": "woocommerce_rest_cannot_edit", "message": "No.", "data": {"status": 403}}}
    spoken = Spoken((200, [product(5, "MUG", 9), product(6, "POT", 9)]), (200, {"update": [bad, product(6, "POT", 2)]}))
    answers = spoken.drive(stock.send(SHOP, (target("MUG", 7), target("POT", 2))))
    assert [each.outcome for each in answers] == [StockOutcome.REFUSED, StockOutcome.SET]
    assert answers[0].message == "The shop refused the quantity (woocommerce_rest_cannot_edit)."


def test_a_variation_that_shares_its_stock_is_left_alone(stock: StockLevels) -> None:
    shared = product(41, "SHIRT-S", None, type="variation", parent_id=40, manage_stock="parent")
    answer = Spoken((200, [shared])).drive(stock.send(SHOP, (target("SHIRT-S", 7),)))[0]
    assert answer.outcome == StockOutcome.UNMANAGED and "variations together" in answer.message


def test_a_sku_with_a_comma_is_asked_for_alone(stock: StockLevels) -> None:
    spoken = Spoken((200, []), (200, []), (200, []))
    spoken.drive(stock.read(SHOP, (target("A", 0), target("B,C", 0), target("D", 0))))
    assert [dict(each.params)["sku"] for each in spoken.asked] == ["A", "B,C", "D"]


def test_an_article_of_another_sku_by_now_is_looked_up(stock: StockLevels) -> None:
    renamed = (200, {"update": [product(5, "OLD-MUG", 7)]})
    spoken = Spoken(renamed, (200, [product(8, "MUG", 1)]), (200, {"update": [product(8, "MUG", 7)]}))
    answer = spoken.drive(stock.send(SHOP, (target("MUG", 7, place={"articles": [[5, 0]]}),)))[0]
    assert (answer.quantity, answer.place) == (7, {"articles": [[8, 0]]})


@pytest.mark.parametrize(("status", "body"), [("pending", {"set_paid": True}), ("on-hold", {"status": "processing"})])
def test_an_order_on_hold_is_paid_by_its_status(connector: Connector, status: str, body: object) -> None:
    """`set_paid` alone would leave it on hold, as the simulated shop does."""
    pay = connector.outward.pay
    assert pay is not None
    before = (200, {"id": 105, "status": status, "date_paid_gmt": None})
    spoken = Spoken(before, (200, {"id": 105, "status": "processing"}))
    spoken.drive(pay(SHOP, "105", PAID))
    assert spoken.bodies == [body]


def test_an_order_is_written_as_the_api_documents_it(connector: Connector) -> None:
    creation = connector.outward.creation
    assert creation is not None
    spoken = Spoken(
        (200, []), (201, {"id": 900, "status": "pending", "total": "60.00"}),
        (200, {"id": 900, "status": "processing", "total": "68.37"}),
    )  # fmt: skip
    made = spoken.drive(creation.create(SHOP, copy(takes_stock=False)))
    assert made.remote_id == "900" and "e-mail" in made.note
    first, second = spoken.bodies
    assert first["line_items"] == [
        {"sku": "MUG-BLUE", "name": "A mug, blue", "quantity": 2, "subtotal": "24.60", "total": "24.60"},
        {"sku": "TEA-EARL-100", "name": "Earl Grey", "quantity": 3, "subtotal": "27.00", "total": "27.00"},
    ]
    assert first["shipping_lines"] == [{"method_id": "flat_rate", "method_title": "Courier", "total": "4.90"}]
    assert first["meta_data"] == [
        {"key": "_countinghouse_reference", "value": "ebay-12-34567-89012"},
        {"key": "_countinghouse_number", "value": "12-34567-89012"},
        {"key": "_order_stock_reduced", "value": "yes"},
    ]
    assert first["billing"]["address_1"] == "12 St James's Square" and "email" not in first["billing"]
    assert "ada@example.org" not in json.dumps(first)
    assert second == {
        "status": "processing",
        "fee_lines": [{"name": "Taxes and rounding", "tax_status": "none", "total": "8.37"}],
    }


def test_what_has_no_sku_is_a_fee(told: Told) -> None:
    lines = (CopiedLine("", "Gift wrapping", 1, Decimal("2.00"), Decimal("0.42")),)
    made = told.ask(
        told.creation.create(told.shop, copy(lines=lines, shipping_net=Decimal(0), shipping_tax=Decimal(0)))
    )
    order = told.read(made.remote_id)
    assert (order.total, order.fee_total, order.fee_tax) == (Decimal("2.42"), Decimal("2.00"), Decimal("0.42"))


def test_other_taxes_of_the_shop_are_made_up_for(told: Told) -> None:
    """The shop takes 21 % of all of it; the marketplace took 10 % of the tea."""
    lines = (CopiedLine("TEA-EARL-100", "Earl Grey", 1, Decimal("10.00"), Decimal("1.00")),)
    made = told.ask(told.creation.create(told.shop, copy(lines=lines)))
    order = told.read(made.remote_id)
    assert (order.total, order.residual) == (Decimal("16.93"), Decimal(0))
    assert order.fee_total == Decimal("-1.10")
