"""PayPal payments read to the cent, the awkward ones too; what cannot be an order says why."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import pytest

from integrations.connectors.contract import Identity
from integrations.connectors.errors import PayloadError
from integrations.connectors.paypal.identity import is_order
from orders.intake.incoming import IncomingAddress, IncomingLine, IncomingOrder
from tests.integrations.connectors.paypal.payments import ID, info, item, money, payload, paypal, shop, transaction
from tests.payloads import PAYLOADS

SHOP = shop()


def test_a_whole_payment() -> None:
    read = paypal.parse(payload(), SHOP)
    assert read == IncomingOrder(
        external_id=ID,
        number="SHOP-1001",
        status="S",
        placed_at=datetime(2026, 10, 30, 10, tzinfo=UTC),
        modified_at=datetime(2026, 10, 30, 10, 0, 2, tzinfo=UTC),
        currency="EUR",
        total=Decimal("47.60"),
        lines=(
            IncomingLine(
                key="1",
                name="Mug & saucer",
                quantity=2,
                sku="MUG",
                unit_price=Decimal("17.5"),
                total=Decimal(35),
                tax=Decimal("6.65"),
            ),
        ),
        tax_total=Decimal("7.60"),
        shipping_total=Decimal(5),
        shipping_tax=Decimal("0.95"),
        paid_at=datetime(2026, 10, 30, 10, 0, 2, tzinfo=UTC),
        payment_code="T0006",
        payment_title="PayPal: PayPal Checkout",
        buyer_key="6STWC2LSUYYYE",
        email="buyer@example.com",
        phone="+49 15155501",
        billing=IncomingAddress(
            first_name="Jürgen", last_name="Großmann", country="DE", phone="+49 15155501", email="buyer@example.com"
        ),
        shipping=IncomingAddress(
            first_name="Jürgen",
            last_name="Großmann",
            line_1="Königsallee 1",
            city="Düsseldorf",
            postal_code="40212",
            country="DE",
        ),
        note="Bitte klingeln 🙏",
        metadata={
            "transaction_id": "9AB00000000000001",
            "invoice_id": "SHOP-1001",
            "custom_field": "x-7",
            "subject": "Bill",
            "paypal_fee": "-1.90 EUR",
        },
    )
    assert read.residual == 0


def test_discounts_tips_and_negative_items_add_up() -> None:
    coupon = {"item_name": "Coupon", "item_quantity": "1", "item_unit_price": money("-5"), "item_amount": money("-5")}
    changed = info(
        transaction_amount=money("42.10"),
        discount_amount=money("3.00"),
        tip_amount=money("2.00"),
        insurance_amount=money(".50"),
        shipping_discount_amount=money("-1.00"),
        shipping_tax_amount=None,
        sales_tax_amount=money("8.60"),
    )
    cart = {"item_details": [item(tax_amounts=None), coupon]}
    read = paypal.parse(payload(changed, cart_info=cart), SHOP)
    assert [line.name for line in read.lines] == ["Mug & saucer"]
    assert (read.fee_total, read.fee_tax, read.shipping_total) == (Decimal("-5.50"), Decimal("8.60"), Decimal(4))
    assert (read.discount_total, read.residual) == (Decimal(8), Decimal(0))


def test_prices_with_tax_are_made_net() -> None:
    cart = {"tax_inclusive": True, "item_details": [item(item_amount=money("41.65"))]}
    read = paypal.parse(payload(cart_info=cart), SHOP)
    assert (read.lines[0].total, read.lines[0].tax, read.residual) == (Decimal(35), Decimal("6.65"), Decimal(0))


def test_a_payment_without_a_cart_or_a_payer() -> None:
    bare = json.dumps({"transaction_info": info(invoice_id=None)}).encode()
    read = paypal.parse(bare, SHOP)
    assert (read.lines, read.billing, read.shipping) == ((), IncomingAddress(), IncomingAddress())
    assert (read.number, read.residual) == ("9AB00000000000001", Decimal("41.65"))


@pytest.mark.parametrize(
    ("state", "paid", "refunded"), [("S", True, "0"), ("P", False, "0"), ("D", False, "0"), ("V", True, "47.60")]
)
def test_states(state: str, paid: bool, refunded: str) -> None:
    read = paypal.parse(payload(info(transaction_status=state)), SHOP)
    assert (read.status, read.paid_at is not None, read.refunded_total) == (state, paid, Decimal(refunded))
    assert state in {rule.status for rule in paypal.default_rules}


@pytest.mark.parametrize(
    ("currency", "value", "total"), [("JPY", "4460", "4460"), ("TND", "14.595", "14.595"), ("eur", ".5", "0.50")]
)
def test_decimals_of_a_currency(currency: str, value: str, total: str) -> None:
    read = paypal.parse(
        json.dumps({"transaction_info": info(transaction_amount=money(value, currency))}).encode(), SHOP
    )
    assert (read.total, read.currency) == (Decimal(total), currency.upper())


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"transaction_id": None}, "no_id"),
        ({"transaction_amount": None}, "no_total"),
        ({"transaction_amount": money("-3.00")}, "negative_total"),
        ({"transaction_amount": money("1,50")}, "bad_amount"),
        ({"transaction_amount": money("1e3")}, "bad_amount"),
        ({"transaction_amount": money("1", "EURO")}, "unknown_currency"),
        ({"transaction_initiation_date": "2026-10-30"}, "bad_date"),
        ({"transaction_initiation_date": "2026-02-30T10:00:00+0000"}, "bad_date"),
        ({"transaction_initiation_date": "9999-10-30T10:00:00Z"}, "date_out_of_range"),
        ({"transaction_amount": "12.00"}, "wrong_type"),
    ],
)
def test_what_is_no_order(changes: dict[str, Any], code: str) -> None:
    with pytest.raises(PayloadError) as caught:
        paypal.parse(payload(info(**changes)), SHOP)
    assert caught.value.code == code


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"item_quantity": "-1"}, "negative_quantity"),
        ({"item_quantity": "1.5"}, "fractional_quantity"),
        ({"item_code": "S" * 101}, "bad_sku"),
        ({"item_amount": money("x")}, "bad_amount"),
    ],
)
def test_what_is_no_item(changes: dict[str, Any], code: str) -> None:
    with pytest.raises(PayloadError) as caught:
        paypal.parse(payload(cart_info={"item_details": [item(**changes)]}), SHOP)
    assert caught.value.code == code
    assert caught.value.path.startswith("$.cart_info.item_details[0]")
    assert paypal.identify(payload(cart_info={"item_details": [item(**changes)]}), SHOP).external_id == ID


def test_quantities_as_paypal_may_write_them() -> None:
    items = [item(item_quantity=None), item(item_quantity="2.0"), item(item_quantity="0")]
    read = paypal.parse(payload(cart_info={"item_details": items}), SHOP)
    assert [line.quantity for line in read.lines] == [1, 2]
    assert "quantity 0" in read.warnings[0]


@pytest.mark.parametrize("body", [b"", b"[]", b"null", b"{", b"\xff", b"[" * 5000, b'{"transaction_info": 3}'])
def test_what_is_no_json(body: bytes) -> None:
    with pytest.raises(PayloadError):
        paypal.parse(body, SHOP)
    assert paypal.identify(body, SHOP) == Identity("")


def test_a_field_that_comes_twice_is_noticed() -> None:
    body = payload().replace(b'"value": "47.60"', b'"value": "1.00", "value": "47.00"', 1)
    with pytest.raises(PayloadError) as caught:
        paypal.parse(body, SHOP)
    assert caught.value.code == "duplicate_key"


@pytest.mark.parametrize(
    ("changes", "order"),
    [
        ({}, True),
        ({"transaction_event_code": "T1107", "transaction_amount": money("-3.00")}, False),
        ({"transaction_event_code": "T0006", "transaction_amount": money("-3.00")}, False),
        ({"transaction_event_code": "T0400"}, False),
        ({"transaction_event_code": "T0001"}, False),
        ({"transaction_event_code": "T0013"}, False),
        ({"transaction_status": "P"}, True),
    ],
)
def test_which_transactions_are_orders(changes: dict[str, Any], order: bool) -> None:
    assert is_order(json.dumps(transaction(info(**changes))).encode()) is order


def test_samples() -> None:
    documented = json.loads((PAYLOADS / "paypal" / "transactions.json").read_text())
    rows = [json.dumps(row).encode() for row in documented["transaction_details"]]
    read = [paypal.parse(row, SHOP) for row in rows if is_order(row)]
    assert [(order.currency, order.total, order.status, order.number) for order in read] == [
        ("JPY", Decimal(6250), "S", "KER-701"),
        ("TND", Decimal("31.275"), "S", "KER-702"),
        ("EUR", Decimal("23.90"), "P", "KER-705"),
    ]
    assert (read[0].lines[0].sku, read[0].lines[0].total, read[0].residual) == ("急須-02", Decimal(5500), Decimal(750))
    assert len(read[2].warnings) == 1
    assert "GBP, not EUR" in read[2].warnings[0]
    assert len({order.external_id for order in read}) == 3
