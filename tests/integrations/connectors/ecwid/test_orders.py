"""A documented Ecwid order becomes exactly this normalised order; each awkward shape has its reading."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from integrations.connectors import get
from integrations.connectors.contract import Identity, Shop
from integrations.connectors.errors import PayloadError
from orders.intake.incoming import IncomingAddress, IncomingLine, IncomingOrder
from tests.integrations.connectors.ecwid.orders import ABSENT, RECORDED, SHOP, item, payload
from tests.payloads import PAYLOADS

ecwid = get("ecwid")


def parse(currency: Any = "EUR", **changes: Any) -> IncomingOrder:
    return ecwid.parse(payload(currency, **changes), SHOP)


def test_the_documented_order() -> None:
    read = ecwid.parse(RECORDED.read_bytes(), SHOP)
    assert read.residual == Decimal("-5.00"), "the gift card"
    assert read == IncomingOrder(
        external_id="SHOP-EBJFT",
        number="SHOP-EBJFT",
        status="PARTIALLY_REFUNDED/PROCESSING",
        placed_at=datetime(2026, 11, 1, 5, 26, 28, tzinfo=UTC),
        modified_at=datetime(2026, 11, 1, 6, 26, 28, tzinfo=UTC),
        currency="EUR",
        total=Decimal("49.68"),
        lines=(
            IncomingLine(
                key="40989227",
                name='Cherry "red"',
                quantity=5,
                sku="00004",
                product_key="9",
                unit_price=Decimal("5.99"),
                total=Decimal("25.46"),
                tax=Decimal("1.79"),
                tax_code="Tax X 7%",
                discount=Decimal("4.49"),
                metadata={"Size": "Big"},
            ),
            IncomingLine(
                key="40989228",
                name="A song",
                quantity=1,
                unit_price=Decimal("16.98"),
                total=Decimal("16.98"),
                tax=Decimal("0.48"),
                stocked=False,
            ),
        ),
        tax_total=Decimal("4.12"),
        shipping_total=Decimal("6.00"),
        shipping_tax=Decimal("1.84"),
        fee_total=Decimal("2.12"),
        fee_tax=Decimal("0.01"),
        fee_title="Wrapping",
        discount_total=Decimal("4.49"),
        refunded_total=Decimal("3.50"),
        residual_title="Gift card",
        payment_code="Card &amp; more",
        payment_title="Card & more",
        shipping_code="customShippingId",
        shipping_title="2nd day delivery",
        buyer_key="40201284",
        email="john@example.com",
        phone="+1234567890",
        billing=IncomingAddress(
            first_name="John Paul",
            last_name="Smith",
            company="Unreal Company",
            line_1="W 3d st",
            line_2="Floor 2",
            city="New York",
            state="New York",
            postal_code="10001",
            country="US",
            phone="+1234567890",
            email="john@example.com",
        ),
        shipping=IncomingAddress(
            first_name="Jana",
            last_name="Nováková",
            line_1="Vinohradská 12",
            city="Praha",
            postal_code="120 00",
            country="CZ",
        ),
        note="Zvonit 2× 🙏",
        metadata={
            "Gift note": "Für Mama",
            "AFF_ID": "fb-123",
            "transaction_id": "ch_3N",
            "coupon_codes": "DISC",
            "private_admin_notes": "VIP",
            "gift_card_redemption": 5,
            "customer_tax_id": "CZ123",
        },
    )


def test_prices_with_tax() -> None:
    """As documented for pricesIncludeTax: a price of 10 with 10 % tax is 9.09 and 0.91."""
    line = item(price=10, priceWithoutTax=9.09, quantity=2, tax=1.82, couponAmount=0, discounts=[])
    shipping = {"shippingMethodName": "Post", "shippingRate": 11}
    read = parse(pricesIncludeTax=True, items=[line], shippingOption=shipping, taxesOnShipping=[{"total": 1}], tax=2.82)
    assert (read.lines[0].total, read.lines[0].tax, read.lines[0].unit_price) == (
        Decimal("18.18"),
        Decimal("1.82"),
        Decimal("9.09"),
    )
    assert (read.shipping_total, read.shipping_tax, read.shipping_code) == (Decimal("10.00"), Decimal("1.00"), "Post")
    deducted = {**line, "price": 9.09, "taxAlreadyDeductedFromPrice": True}
    assert parse(pricesIncludeTax=True, items=[deducted]).lines[0].total == Decimal("18.18")


def test_tax_on_shipping_within_the_lines_taxes_is_not_counted_twice() -> None:
    """In older orders the lines' taxes hold their share of the tax on shipping."""
    line = item(price=100, quantity=1, tax=22, couponAmount=0, discounts=[], taxes=[{"total": 22, "taxOnShipping": 2}])
    read = parse(
        items=[line], tax=22, taxesOnShipping=[{"total": 2}], shippingOption={"shippingRate": 10}, total=132,
        handlingFee=ABSENT, customSurcharges=None,
    )  # fmt: skip
    assert (read.lines[0].tax, read.shipping_tax, read.residual) == (Decimal(20), Decimal(2), Decimal(0))


def test_a_guest_without_addresses_keeps_the_e_mail() -> None:
    read = parse(customerId=ABSENT, billingPerson=ABSENT, shippingPerson=ABSENT, shippingOption=ABSENT)
    assert (read.buyer_key, read.email, read.billing) == ("", "john@example.com", IncomingAddress(email=read.email))
    assert (read.shipping.is_empty, read.shipping_code, read.shipping_title) == (True, "", "")


@pytest.mark.parametrize(
    ("changes", "stocked"),
    [
        ({}, True),
        ({"digital": True, "isShippingRequired": False}, False),
        ({"digital": True, "isShippingRequired": True}, True),
        ({"giftCard": True}, False),
        ({"sku": " "}, False),
        ({"sku": None, "productId": 0}, False),
    ],
)
def test_what_is_kept_in_stock(changes: dict[str, Any], stocked: bool) -> None:
    assert parse(items=[item(**changes)]).lines[0].stocked == stocked


@pytest.mark.parametrize(
    ("payment", "fulfilment", "code"),
    [
        ("PAID", "SHIPPED", "PAID/SHIPPED"),
        ("CANCELLED", "SHIPPED", "CANCELLED"),
        ("CUSTOM_PAYMENT_STATUS_1", "DELIVERED", "CUSTOM_PAYMENT_STATUS_1/DELIVERED"),
        ("PAID", None, "PAID"),
        (None, {"id": 1}, ""),
    ],
)
def test_statuses(payment: Any, fulfilment: Any, code: str) -> None:
    assert parse(paymentStatus=payment, fulfillmentStatus=fulfilment).status == code


def test_noise_goes_without_a_note_and_real_decimals_with_one() -> None:
    read = parse(total=0.30000000000000004)
    assert (read.total, read.warnings) == (Decimal("0.30"), ())
    read = parse(total=12.345)
    assert (read.total, "were rounded" in read.warnings[0]) == (Decimal("12.35"), True)
    assert parse(currency="KWD", total=12.345).total == Decimal("12.345")
    assert parse(currency="JPY", total=4460).total == Decimal(4460)


def test_dates_stand_in_for_timestamps() -> None:
    read = parse(createTimestamp=None, updateTimestamp=ABSENT)
    assert read.modified_at == datetime(2026, 11, 1, 6, 26, 28, tzinfo=UTC)


def test_the_documented_samples() -> None:
    def sample(name: str, currency: str) -> IncomingOrder:
        order = json.loads((PAYLOADS / "ecwid" / f"order_{name}.json").read_text())
        return ecwid.parse(json.dumps({"order": order, "currency": currency}).encode(), SHOP)

    noisy = sample("with_noise", "EUR")
    assert (noisy.number, noisy.total, noisy.residual) == ("KER-0301-A", Decimal("0.60"), Decimal(0))
    yen = sample("in_yen", "JPY")
    assert (yen.total, yen.tax_total, yen.lines[0].sku) == (Decimal(6250), Decimal(568), "急須-02")
    with pytest.raises(PayloadError, match="too large"):
        sample("of_a_guest", "KWD")


@pytest.mark.parametrize(
    ("changes", "code", "path"),
    [
        ({"id": None}, "no_id", "id"),
        ({"id": " "}, "no_id", "id"),
        ({"id": True}, "no_id", "id"),
        ({"id": "x" * 256}, "bad_id", "id"),
        ({"total": None}, "no_total", "$.order.total"),
        ({"total": -5}, "negative_total", "$.order.total"),
        ({"total": "12,50"}, "bad_amount", "total"),
        ({"total": 1e300}, "bad_amount", "total"),
        ({"total": 12345678901}, "bad_amount", "total"),
        ({"total": True}, "wrong_type", "$.order.total"),
        ({"currency": "EURO"}, "unknown_currency", "currency"),
        ({"currency": None}, "unknown_currency", "$.currency"),
        (
            {"updateTimestamp": 0, "createTimestamp": 0, "updateDate": "", "createDate": ""},
            "no_date",
            "$.order.updateTimestamp",
        ),
        ({"updateTimestamp": 1793514388000}, "bad_date", "updateDate"),
        ({"updateTimestamp": 1}, "date_out_of_range", "updateDate"),
        ({"updateTimestamp": None, "updateDate": "2026-11-01T06:26:28Z"}, "bad_date", "updateDate"),
        ({"updateTimestamp": None, "updateDate": "2026-02-30 06:26:28 +0000"}, "bad_date", "updateDate"),
        ({"items": {"1": {}}}, "wrong_type", "$.order.items"),
        ({"items": [item(quantity=-1)]}, "negative_quantity", "$.order.items[0].quantity"),
        ({"items": [item(), item(quantity=1.5)]}, "fractional_quantity", "$.order.items[1].quantity"),
        ({"items": [item(sku="x" * 101)]}, "bad_sku", "$.order.items[0].sku"),
        ({"items": [item()] * 1001}, "too_many_lines", "$.order.items"),
        ({"orderComments": "x" * 1_000_001}, "too_large", "$"),
    ],
)
def test_refused(changes: dict[str, Any], code: str, path: str) -> None:
    with pytest.raises(PayloadError) as caught:
        parse(**changes)
    assert (caught.value.code, caught.value.path) == (code, path)
    assert caught.value.message.endswith(".")
    assert isinstance(ecwid.identify(payload(**changes), SHOP), Identity)


def test_the_settings_currency_stands_in_with_a_note() -> None:
    read = ecwid.parse(payload(None), Shop(SHOP.base_url, {}, settings={"currency": "CZK"}))
    assert (read.currency, "CZK, was taken" in read.warnings[0]) == ("CZK", True)


def test_a_repeated_key_is_seen_where_the_sum_is_off() -> None:
    twice = RECORDED.read_bytes().replace(b'"total": 49.68', b'"total": 49.68, "total": 1')
    with pytest.raises(PayloadError, match="twice"):
        ecwid.parse(twice, SHOP)


def test_identify() -> None:
    modified = datetime(2026, 11, 1, 6, 26, 28, tzinfo=UTC)
    status = "PARTIALLY_REFUNDED/PROCESSING"
    assert ecwid.identify(payload(), SHOP) == Identity("SHOP-EBJFT", "SHOP-EBJFT", status, modified)
    assert ecwid.identify(b'{"order":{"id":"X7","tot', SHOP) == Identity("X7")
    assert ecwid.identify(payload(updateTimestamp="soon"), SHOP).modified_at is None


@settings(max_examples=150, deadline=None)
@given(st.binary(max_size=200) | st.text(max_size=200).map(lambda text: b'{"order":{"id":' + text.encode() + b"}}"))
def test_nothing_but_payload_errors_comes_out(body: bytes) -> None:
    ecwid.identify(body, SHOP)
    with pytest.raises(PayloadError):
        ecwid.parse(body, SHOP)


@pytest.mark.parametrize(
    ("field", "named"), [("loyalty", "loyalty_redemption"), ("storeCredit", "store_credit_redemption")]
)
def test_what_else_paid_a_part_is_named_as_gift_cards_are(field: str, named: str) -> None:
    paid = {"redemption": {"id": "r1", "amount": 10.0, "cancelled": False}}
    read = parse(**{field: paid, "total": 39.68})
    assert (read.total, read.residual, read.metadata[named]) == (Decimal("39.68"), Decimal("-15.00"), 10.0)
    paid["redemption"]["cancelled"] = True
    assert named not in parse(**{field: paid}).metadata


def test_shipping_that_a_coupon_made_free_costs_nothing() -> None:
    plain: dict[str, Any] = {
        "total": 24.2,
        "tax": 4.2,
        "couponDiscount": 6.0,
        "discount": 0,
        "giftCardRedemption": ABSENT,
    }
    tea = {"id": 1, "name": "Tea", "sku": "TEA", "quantity": 2, "price": 12.1, "priceWithoutTax": 10.0, "tax": 4.2}
    option = {"shippingMethodName": "Post", "shippingRate": 6.0, "discountedShippingRate": 0.0}
    empty = {"taxesOnShipping": ABSENT, "handlingFee": ABSENT, "customSurcharges": ABSENT, "pricesIncludeTax": True}
    read = parse(items=[tea], shippingOption=option, **plain, **empty)
    assert (read.shipping_total, read.residual, read.discount_total) == (Decimal(0), Decimal(0), Decimal(6))
    charged = parse(items=[tea], shippingOption=option | {"discountedShippingRate": None}, **plain, **empty)
    assert (charged.shipping_total, charged.residual) == (Decimal(6), Decimal(-6)), "the control"
