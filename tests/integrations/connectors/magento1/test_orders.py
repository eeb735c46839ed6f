"""A documented Magento 1 order becomes exactly this normalised order; each awkward shape has its reading."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import pytest

from integrations.connectors import get
from integrations.connectors.errors import PayloadError
from integrations.connectors.magento2 import lines
from orders.intake.incoming import IncomingAddress, IncomingComment, IncomingLine, IncomingOrder
from tests.integrations.connectors.magento1.orders import ABSENT, item, order, payload, read, shop

magento = get("magento1")
SHOP = shop()


def parse(**changes: Any) -> Any:
    return magento.parse(payload(**changes), SHOP)


def found_in(name: str) -> Any:
    return magento.parse(read(name), SHOP)


def test_the_documented_order() -> None:
    found = found_in("order.xml")
    assert found.residual == Decimal("-13.80"), "the gift card and the store credit"
    assert found == IncomingOrder(
        external_id="100000041",
        number="100000041",
        status="processing",
        placed_at=datetime(2026, 10, 5, 8, 15, 30, tzinfo=UTC),
        modified_at=datetime(2026, 10, 6, 9, 0, 1, tzinfo=UTC),
        currency="EUR",
        total=Decimal("147.00"),
        lines=(
            IncomingLine(
                key="2001",
                name="Barista shirt-M",
                quantity=2,
                sku="SHIRT-M",
                product_key="42",
                unit_price=Decimal(50),
                total=Decimal("90.00"),
                tax=Decimal("18.00"),
                tax_code="20%",
                discount=Decimal("10.00"),
                refunded=1,
            ),
            IncomingLine(
                key="2003",
                name="Lamp & bulb",
                quantity=1,
                sku="LAMP-1",
                product_key="12",
                unit_price=Decimal(30),
                total=Decimal("30.00"),
                tax=Decimal("6.00"),
                tax_code="20%",
            ),
        ),
        tax_total=Decimal("26.80"),
        shipping_total=Decimal("9.00"),
        shipping_tax=Decimal("1.80"),
        fee_total=Decimal("5.00"),
        fee_tax=Decimal("1.00"),
        fee_title="Gift wrapping",
        discount_total=Decimal("13.20"),
        refunded_total=Decimal("54.00"),
        residual_title="Gift card + Store credit",
        payment_code="ccsave",
        payment_title="ccsave",
        shipping_code="flatrate_flatrate",
        shipping_title="Flat Rate - Fixed",
        buyer_key="77",
        email="claire.brun@example.com",
        phone="+33 4 55 50 01 90",
        billing=IncomingAddress(
            first_name="Claire",
            last_name="Brun",
            line_1="12 rue Mercière",
            line_2="Bât. B, 3e étage",
            city="Lyon",
            state="Rhône",
            postal_code="69002",
            country="FR",
            phone="+33 4 55 50 01 90",
            email="claire.brun@example.com",
        ),
        shipping=IncomingAddress(
            first_name="Paul",
            last_name="Brun",
            line_1="5 quai Perrache",
            city="Lyon",
            state="Rhône",
            postal_code="69002",
            country="FR",
            phone="+33 4 55 50 01 90",
            email="claire.brun@example.com",
        ),
        note="Sonnez 2× 🙏\n\nJoyeux anniversaire !",
        metadata={
            "transaction_id": "pi_3N",
            "coupon_codes": "AUTOMNE",
            "gift_cards_amount": "10.0000",
            "gift_card_codes": "CADEAU-7",
            "store_credit_amount": "3.8000",
            "store_id": "1",
            "store_name": "Main Website / Main Website Store / Français",
            "customer_tax_id": "FR00123456789",
            "external_order_id": "ERP-9",
            "delivery_date": "2026-10-09",
        },
        comments=(
            IncomingComment(
                key="2026-10-05 08:16:00 2542792ee0354944",
                at=datetime(2026, 10, 5, 8, 16, tzinfo=UTC),
                text="Payé\nStatus: processing",
            ),
            IncomingComment(
                key="2026-10-05 09:00:00 5c94dc226ef819cd",
                at=datetime(2026, 10, 5, 9, tzinfo=UTC),
                text="Emballer en cadeau",
            ),
        ),
    )


def test_a_configurable_product_is_counted_once() -> None:
    assert [(line.sku, line.quantity) for line in found_in("order.xml").lines] == [("SHIRT-M", 2), ("LAMP-1", 1)]


def test_control_children_that_count_are_seen(monkeypatch: pytest.MonkeyPatch) -> None:
    def flat(items: Any, reading: Any, *, off: bool) -> Any:
        return reading.lines(items, lambda row: lines._line(row, reading, off), "$.items")

    monkeypatch.setattr("integrations.connectors.magento2.payload.lines", flat)
    assert [line.sku for line in found_in("order.xml").lines] == ["SHIRT-M", "SHIRT-M", "LAMP-1"]


def test_bundles() -> None:
    found = found_in("order_of_bundles.xml")
    assert found.residual == 0
    assert [
        (line.sku, line.quantity, line.total, line.tax, line.refunded, line.stocked, line.metadata.get("part_of"))
        for line in found.lines
    ] == [
        ("FILTER", 4, 20, 4, 0, True, "Kit"),
        ("CUP", 2, 10, 2, 1, True, "Kit"),
        ("BOX-B", 3, 60, 12, 1, False, None),
        ("TEA", 6, 0, 0, 2, True, "Box"),
        ("SPOON", 5, 10, 2, 0, True, None),
    ]


def test_a_guest_who_bought_what_is_not_there_any_more() -> None:
    """An empty list stands for the delivery that virtual goods do not have; others have written null."""
    name = "order_in_yen_of_a_deleted_product.xml"
    found = found_in(name)
    assert (found.currency, str(found.total), found.residual, found.warnings) == ("JPY", "4455", 0, ())
    assert (found.buyer_key, found.buyer_name, found.status) == ("", "Claire Brun", "pending")
    assert (found.shipping.is_empty, found.shipping_code, found.shipping_title) == (True, "", "")
    [line] = found.lines
    assert (line.name, line.sku, line.product_key, line.stocked) == ("削除された商品", "", "", False)
    assert (found.metadata["base_currency"], found.metadata["base_grand_total"]) == ("USD", "29.7000")
    null = json.dumps({**json.loads(read(name)), "shipping_address": None}).encode()
    assert magento.parse(null, SHOP).shipping.is_empty


def test_the_currency_is_the_buyers() -> None:
    found = found_in("order_in_two_currencies.xml")
    assert (found.currency, found.total, found.residual) == ("CZK", Decimal("484.00"), 0)
    assert [(line.unit_price, line.total, line.tax) for line in found.lines] == [(200, 400, 84)]
    assert found.metadata["base_to_order_rate"] == "25.0000"
    dinar = found_in("order_in_dinar.xml")
    assert (dinar.currency, str(dinar.total), str(dinar.lines[0].total)) == ("KWD", "38.285", "37.035")
    assert (dinar.residual, dinar.warnings) == (0, ())


def test_an_edited_order_is_two_that_know_each_other() -> None:
    old, _, new = json.loads(read("orders_edited.xml"))
    was, became = (magento.parse(json.dumps(each).encode(), SHOP) for each in (old, new))
    assert (was.number, was.status, was.metadata["edited_to_order"]) == ("100000200", "canceled", "100000200-1")
    assert (became.number, became.external_id, became.metadata["edited_from_order"]) == (
        "100000200-1",
        "100000200-1",
        "100000200",
    )
    assert [line.refunded for order in (was, became) for line in order.lines] == [0, 0], "an order that is off is whole"


SHIPPED: list[tuple[dict[str, Any], str]] = [
    ({"qty_shipped": "0.0000"}, "processing"),
    ({"qty_shipped": "1.0000"}, "processing/partly_shipped"),
    ({"qty_shipped": "3.0000"}, "processing/shipped"),
    ({"qty_shipped": "2.0000", "qty_refunded": "1.0000"}, "processing/shipped"),
    ({"qty_shipped": None}, "processing"),
]


@pytest.mark.parametrize(("changes", "status"), SHIPPED)
def test_what_has_left_is_part_of_the_status(changes: dict[str, Any], status: str) -> None:
    found = payload(items=[item(qty_ordered="3.0000", **changes)])
    assert magento.identify(found, SHOP).status == magento.parse(found, SHOP).status == status


def test_units_that_were_paid_back_or_cancelled() -> None:
    [line] = parse(items=[item(qty_ordered="5.0000", qty_refunded="1.0000", qty_canceled="2.0000")]).lines
    assert (line.quantity, line.refunded) == (5, 3)


def test_statuses_of_its_own() -> None:
    assert parse(status="my_own", state="processing").metadata["state"] == "processing"
    assert parse(status=None, state="payment_review").status == "payment_review"
    rules = {rule.status for rule in magento.default_rules}
    assert rules >= {"pending", "holded", "fraud", "closed", "pending_ogone", "processing/shipped"}


def test_missing_null_and_empty_are_one() -> None:
    names = ("customer_id", "coupon_code", "total_paid", "total_refunded", "customer_note", "customer_taxvat")
    plain = parse(**dict.fromkeys(names, ABSENT))
    assert parse(**dict.fromkeys(names)) == parse(**dict.fromkeys(names, "")) == plain
    assert parse(payment=[], billing_address=[], status_history=[], shipping_address=[]).warnings == ()
    assert parse(gift_message=None).note == "Sonnez 2× 🙏"


def test_extras_of_plugins() -> None:
    found = parse(cod_fee_note="x", nested={"a": 1}, base_something="3", plain_zero="0.0000", empty=None)
    assert found.metadata["cod_fee_note"] == "x"
    assert not {"nested", "base_something", "plain_zero", "empty", "state", "gift_cards"} & set(found.metadata)


def test_pieces_of_a_piece_are_refused() -> None:
    with pytest.raises(PayloadError) as refused:
        parse(items=[item(is_qty_decimal="1", qty_ordered="0.7500")])
    assert (refused.value.code, refused.value.path) == ("fractional_quantity", "$.items[0].qty_ordered")


def test_the_number_is_the_id() -> None:
    with pytest.raises(PayloadError, match="no id"):
        parse(increment_id=None)
    assert magento.identify(payload(), SHOP).external_id == order()["increment_id"]
    assert magento.identify(payload()[:-1], SHOP).external_id == "100000041", "of what is cut off, too"
