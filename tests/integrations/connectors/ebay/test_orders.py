"""eBay orders read to the cent, the awkward ones too; what cannot be an order says why."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import pytest

from integrations.choices import ImportAction
from integrations.connectors.contract import Identity
from integrations.connectors.errors import PayloadError
from orders.intake.incoming import IncomingAddress, IncomingLine, IncomingOrder
from tests.integrations.connectors.ebay.orders import ebay, line, money, order, payload, shop
from tests.payloads import PAYLOADS

SHOP = shop()


def test_a_whole_order() -> None:
    address = IncomingAddress(
        first_name="Zoë van den",
        last_name="Berg",
        company="Berg BV",
        line_1="Prinsengracht 263",
        line_2="II",
        city="Amsterdam",
        state="NH",
        postal_code="1016 GV",
        country="NL",
        phone="+31 6 5555 0112",
        email="alias1@members.ebay.example",
    )
    read = ebay.parse(payload(), SHOP)
    assert read == IncomingOrder(
        external_id="12-34567-89012",
        number="12-34567-89012",
        status="paid/not_started",
        placed_at=datetime(2026, 10, 31, 22, 6, 58, tzinfo=UTC),
        modified_at=datetime(2026, 10, 31, 22, 7, 1, tzinfo=UTC),
        currency="EUR",
        total=Decimal("65.00"),
        lines=(
            IncomingLine(
                key="10000000000001",
                name="Teller & Tasse",
                quantity=3,
                sku="TELLER",
                product_key="254700000001",
                unit_price=Decimal(20),
                total=Decimal(60),
            ),
        ),
        shipping_total=Decimal(5),
        paid_at=datetime(2026, 10, 31, 22, 6, 58, tzinfo=UTC),
        payment_code="EBAY",
        payment_title="eBay",
        shipping_code="DE_DHLPaket",
        shipping_title="DHL DE_DHLPaket",
        buyer_key="zoe_nl",
        email=address.email,
        phone=address.phone,
        shipping=address,
        metadata={
            "legacy_order_id": "110222-55555",
            "sales_record_reference": "19",
            "seller": "teehaus",
            "payment_reference": "1000000005",
            "payout": "58.25 EUR",
            "marketplace_fee": "6.75 EUR",
        },
    )
    assert read.residual == 0


def test_discounts_taxes_and_fees_add_up() -> None:
    read = ebay.parse(
        payload(
            pricingSummary={
                "priceSubtotal": money("60.0"),
                "priceDiscount": money("-6.0"),
                "deliveryCost": money("5.0"),
                "deliveryDiscount": money("-1.5"),
                "tax": money("4.46"),
                "fee": money("0.3"),
                "adjustment": money("-2.0"),
                "total": money("60.26"),
            },
            lineItems=[
                line(
                    discountedLineItemCost=money("54.0"),
                    taxes=[{"amount": money("4.46")}],
                    ebayCollectAndRemitTaxes=[{"amount": money("1.1")}],
                )
            ],
        ),
        SHOP,
    )
    first = read.lines[0]
    assert (first.total, first.discount, first.tax, first.unit_price) == tuple(map(Decimal, ("54", "6", "4.46", "18")))
    assert (read.discount_total, read.shipping_total, read.tax_total) == tuple(map(Decimal, ("6", "3.50", "4.46")))
    assert (read.fee_total, read.residual) == (Decimal("-1.70"), Decimal(0))
    assert read.metadata["taxes_remitted_by_ebay"] == "1.1 EUR"


def test_what_does_not_add_up_stays_as_a_residual() -> None:
    read = ebay.parse(payload(pricingSummary={"total": money("65.01"), "deliveryCost": money("5.0")}), SHOP)
    assert (read.total, read.residual) == (Decimal("65.01"), Decimal("0.01"))


@pytest.mark.parametrize(
    ("currency", "value", "total"),
    [("JPY", "1980.0", Decimal(1980)), ("KWD", "4.125", Decimal("4.125")), ("eur", "75.0", Decimal(75))],
)
def test_decimals_of_a_currency(currency: str, value: str, total: Decimal) -> None:
    goods = [line(lineItemCost=money(value, currency))]
    read = ebay.parse(payload(pricingSummary={"total": money(value, currency)}, lineItems=goods), SHOP)
    assert (read.total, read.lines[0].total, read.currency, read.residual) == (
        total, total, currency.upper(), Decimal(0),
    )  # fmt: skip


def test_an_amount_in_another_currency_is_left_out_with_a_note() -> None:
    refunds = [{"amount": money("3.0", "USD"), "refundStatus": "REFUNDED"}]
    read = ebay.parse(payload(paymentSummary={"refunds": refunds}), SHOP)
    assert read.refunded_total == 0
    assert "in USD, not in EUR" in read.warnings[0]


def test_refunds_of_lines_count_beside_those_of_the_order_once() -> None:
    """eBay says of which line, and how much, but not how many units of it."""
    issued = {"refundDate": "2026-11-02T10:00:00.000Z"}
    back = [
        {"amount": money("4.0"), "refundId": "1", **issued},
        {"amount": money("5.0"), "refundId": "2"},
        {"amount": money("2.0"), "refundId": "3", **issued},
    ]
    whole = [{"amount": money("2.0"), "refundId": "3", "refundStatus": "REFUNDED"}]
    read = ebay.parse(payload(lineItems=[line(refunds=back)], paymentSummary={"refunds": whole}), SHOP)
    assert read.refunded_total == 6
    assert read.lines[0].refunded == 0


def test_refunds_that_did_not_happen_do_not_count() -> None:
    refunds = [
        {"amount": money("3.0"), "refundStatus": state} for state in ("REFUNDED", "PENDING", "FAILED", "SOMETHING_NEW")
    ]
    assert ebay.parse(payload(paymentSummary={"refunds": refunds}), SHOP).refunded_total == 6


@pytest.mark.parametrize(
    ("payment", "fulfilment", "cancel", "code", "action"),
    [
        ("PAID", "NOT_STARTED", "NONE_REQUESTED", "paid/not_started", ImportAction.VALID),
        ("PAID", "FULFILLED", None, "paid/fulfilled", ImportAction.HISTORY),
        ("PENDING", "NOT_STARTED", "NONE_REQUESTED", "pending", ImportAction.SKIP),
        ("FULLY_REFUNDED", "FULFILLED", "NONE_REQUESTED", "fully_refunded", ImportAction.SKIP),
        ("PARTIALLY_REFUNDED", "IN_PROGRESS", "NONE_REQUESTED", "partially_refunded/in_progress", ImportAction.HOLD),
        ("PAID", "NOT_STARTED", "CANCELED", "canceled", ImportAction.SKIP),
        ("PAID", "NOT_STARTED", "IN_PROGRESS", "cancel_requested", ImportAction.HOLD),
        ("PAID", "NOT_STARTED", "CANCEL_REJECTED", "cancel_cancel_rejected", None),
        ("SOMETHING", "NEW", "NONE_REQUESTED", "something", None),
        (None, None, None, "", None),
    ],
)
def test_three_states_are_one_status(
    payment: str | None, fulfilment: str | None, cancel: str | None, code: str, action: ImportAction | None
) -> None:
    read = ebay.parse(
        payload(orderPaymentStatus=payment, orderFulfillmentStatus=fulfilment, cancelStatus={"cancelState": cancel}),
        SHOP,
    )
    rules = {rule.status: rule.action for rule in ebay.default_rules}
    assert (read.status, rules.get(code)) == (code, action)


def test_variants_and_lines_without_a_sku() -> None:
    aspects = [{"name": "Size", "value": "M"}, {"name": "Color", "value": "blau"}]
    goods = [
        line(lineItemId="1", sku=" S-M ", legacyVariationId="77", variationAspects=aspects),
        line(lineItemId="2", sku=None, quantity=1),
        line(lineItemId="3", quantity=0),
    ]
    read = ebay.parse(payload(lineItems=goods), SHOP)
    shirt, nameless = read.lines
    assert (shirt.sku, shirt.product_key, shirt.metadata) == ("S-M", "77", {"Size": "M", "Color": "blau"})
    assert (nameless.sku, nameless.stocked) == ("", False)
    assert "quantity 0" in read.warnings[0]


def test_pickup_and_registration_address() -> None:
    pickup = [{"fulfillmentInstructionsType": "PREPARE_FOR_PICKUP", "pickupStep": {"merchantLocationKey": "store-1"}}]
    buyer = {"username": "zoe", "buyerRegistrationAddress": {"fullName": "Zoë", "email": "z@example.com"}}
    read = ebay.parse(payload(fulfillmentStartInstructions=pickup, buyer=buyer), SHOP)
    assert (read.shipping.is_empty, read.billing.name, read.email) == (True, "Zoë", "z@example.com")
    assert (read.shipping_title, read.metadata["pickup_location"]) == ("In-store pickup", "store-1")


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"orderId": None}, "no_id"),
        ({"orderId": True}, "no_id"),
        ({"orderId": "x" * 256}, "bad_id"),
        ({"pricingSummary": None}, "no_total"),
        ({"pricingSummary": {"total": {}}}, "no_total"),
        ({"pricingSummary": {"total": money("12,50")}}, "bad_amount"),
        ({"pricingSummary": {"total": money("-1.0")}}, "negative_total"),
        ({"pricingSummary": {"total": money("1.0", "EURO")}}, "unknown_currency"),
        ({"pricingSummary": {"total": {"value": "1.0"}}}, "unknown_currency"),
        ({"lastModifiedDate": "2026-10-31T22:07:01"}, "bad_date"),
        ({"lastModifiedDate": "9999-10-31T22:07:01.000Z"}, "date_out_of_range"),
        ({"lastModifiedDate": None, "creationDate": None}, "bad_date"),
        ({"lineItems": {"0": line()}}, "wrong_type"),
        ({"lineItems": [line(quantity=-1)]}, "negative_quantity"),
        ({"lineItems": [line(quantity=None)]}, "bad_quantity"),
        ({"lineItems": [line(lineItemId=None)]}, "no_id"),
        ({"lineItems": [line(sku="S" * 101)]}, "bad_sku"),
        ({"lineItems": [line()] * 1001}, "too_many_lines"),
        ({"buyerCheckoutNotes": "x" * 1_000_001}, "too_large"),
    ],
)
def test_what_is_no_order(changes: dict[str, Any], code: str) -> None:
    with pytest.raises(PayloadError) as caught:
        ebay.parse(payload(**changes), SHOP)
    assert caught.value.code == code
    identity = ebay.identify(payload(**changes), SHOP)
    assert identity.external_id == ("" if "orderId" in changes else "12-34567-89012")


@pytest.mark.parametrize("body", [b"", b"[]", b"null", b"{", b"\xff", b"[" * 5000, b'{"orderId": "1-2", '])
def test_what_is_no_json(body: bytes) -> None:
    with pytest.raises(PayloadError):
        ebay.parse(body, SHOP)
    assert isinstance(ebay.identify(body, SHOP), Identity)


def test_a_field_that_comes_twice_is_noticed() -> None:
    body = payload().replace(b'"total": {"value": "65.0"', b'"total": {"value": "1.0", "value": "64.0"')
    with pytest.raises(PayloadError) as caught:
        ebay.parse(body, SHOP)
    assert caught.value.code == "duplicate_key"


def test_identity_of_a_broken_order() -> None:
    broken = payload(lineItems=3)
    moment = datetime(2026, 10, 31, 22, 7, 1, tzinfo=UTC)
    assert ebay.identify(broken, SHOP) == Identity("12-34567-89012", "12-34567-89012", "paid/not_started", moment)
    assert ebay.identify(payload()[:400], SHOP).external_id == "12-34567-89012"


def test_unreadable_characters_are_replaced() -> None:
    body = json.dumps(order(buyerCheckoutNotes="a\ud800b\x00")).encode()
    read = ebay.parse(body, SHOP)
    assert read.note == "a\ufffdb\ufffd"
    assert read.warnings


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("order_refunded_in_part", ("cancel_requested", "GBP", Decimal("54.5"), 0, Decimal("12.5"))),
        ("order_digital", ("paid/not_started", "EUR", Decimal(96), 0, Decimal(0))),
        ("order_in_yen", ("paid/not_started", "JPY", Decimal(2750), 0, Decimal(0))),
    ],
)
def test_samples(name: str, expected: tuple[object, ...]) -> None:
    read = ebay.parse((PAYLOADS / "ebay" / f"{name}.json").read_bytes(), SHOP)
    assert (read.status, read.currency, read.total, read.residual, read.refunded_total) == expected
    assert read.warnings == ()
    if name == "order_refunded_in_part":
        assert read.metadata["final_destination"] == "NZ"
        assert (read.shipping.company, read.metadata["cancel_reason"]) == ("eBay Intl Shipping", "BUYER_ASKED_CANCEL")
