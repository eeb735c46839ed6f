"""A documented BigCommerce order becomes exactly this normalised order; each awkward shape has its reading."""

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
from tests.integrations.connectors.bigcommerce.orders import ABSENT, RECORDED, SHOP, line, order, payload, with_lines
from tests.payloads import PAYLOADS

bc = get("bigcommerce")


def parse(order_changes: dict[str, Any] | None = None, **parts: Any) -> IncomingOrder:
    return bc.parse(payload(order_changes, **parts), SHOP)


def test_the_documented_order() -> None:
    read = bc.parse(RECORDED.read_bytes(), SHOP)
    assert read.residual == 0
    assert read == IncomingOrder(
        external_id="218",
        number="218",
        status="14",
        placed_at=datetime(2026, 11, 3, 21, 40, 11, tzinfo=UTC),
        modified_at=datetime(2026, 11, 3, 23, 17, 25, tzinfo=UTC),
        currency="EUR",
        total=Decimal("84.23"),
        lines=(
            IncomingLine(
                key="25",
                name='Fog Linen Towel "Beige"',
                quantity=2,
                sku="S-GREE",
                product_key="77",
                unit_price=Decimal(18),
                total=Decimal("30.00"),
                tax=Decimal("6.30"),
                discount=Decimal("6.00"),
                metadata={"Size": "M"},
            ),
            IncomingLine(
                key="26",
                name="Painting, one of its kind",
                quantity=1,
                unit_price=Decimal("8.3333"),
                total=Decimal("15.00"),
                tax=Decimal("3.15"),
                stocked=False,
            ),
            IncomingLine(
                key="27",
                name="A song",
                quantity=1,
                sku="SONG",
                product_key="78",
                unit_price=Decimal(5),
                total=Decimal("5.00"),
                tax=Decimal("1.05"),
                stocked=False,
            ),
            IncomingLine(
                key="28",
                name="5 € Gift Certificate",
                quantity=1,
                unit_price=Decimal(5),
                total=Decimal("5.00"),
                stocked=False,
            ),
        ),
        tax_total=Decimal("13.23"),
        shipping_total=Decimal("10.00"),
        shipping_tax=Decimal("2.10"),
        fee_total=Decimal("6.00"),
        fee_tax=Decimal("0.63"),
        fee_title="Handling + Gift wrapping + A Fee",
        discount_total=Decimal("6.00"),
        refunded_total=Decimal("10.60"),
        payment_code="Credit Card",
        payment_title="Credit Card",
        shipping_code="Free & fast",
        shipping_title="Free & fast",
        buyer_key="11",
        email="janedoe@example.com",
        phone="1234567890",
        billing=IncomingAddress(
            first_name="Jane",
            last_name="O'Brien",
            line_1="555 East Street",
            city="Austin",
            state="Texas",
            postal_code="78108",
            country="US",
            phone="1234567890",
            email="janedoe@example.com",
        ),
        shipping=IncomingAddress(
            first_name="Trish",
            last_name="Smith",
            company="Acme Pty Ltd",
            line_1="666 Sussex St",
            city="Sydney",
            state="New South Wales",
            postal_code="2000",
            country="AU",
            email="elsie@example.com",
        ),
        note="Nechat u sousedů &lt;3",
        metadata={
            "Delivery Instructions": "Leave in backyard",
            "transaction_id": "ch_3N",
            "payment_status": "partially refunded",
            "coupon_codes": "S2549JM0Y",
            "staff_notes": "gift 🎁",
            "order_source": "www",
            "channel_id": 1,
            "external_order_id": "A-77",
            "gift_certificate_amount": "20.0000",
            "store_credit_amount": "5.0000",
            "display_currency": "USD",
            "display_exchange_rate": "1.1000000000",
        },
    )


def test_discounts_without_the_total_after_them() -> None:
    exclusive = parse(with_lines(line(discounted_total_inc_tax=None))).lines[0]
    assert (exclusive.total, exclusive.tax, exclusive.discount) == (Decimal("30.00"), Decimal("6.30"), Decimal("6.00"))
    inclusive = line(total_inc_tax="42.3000", discounted_total_inc_tax=None)
    read = parse({**with_lines(inclusive), "is_tax_inclusive_pricing": True}).lines[0]
    assert read.total + read.tax == Decimal("36.30")
    assert read.tax == Decimal("6.30")


def test_tax_inclusive_prices_are_read_from_their_exact_side() -> None:
    """The net side is an estimate with four decimals; gross and tax are what was charged."""
    changes = {"is_tax_inclusive_pricing": True, "shipping_cost_ex_tax": "9.9174", "shipping_cost_inc_tax": "12.0000"}
    read = parse({**changes, "shipping_cost_tax": "2.0800"})
    assert (read.shipping_total, read.shipping_tax) == (Decimal("9.92"), Decimal("2.08"))
    assert not read.warnings


def test_what_does_not_add_up_stays_in_the_residual() -> None:
    assert parse({"total_inc_tax": "84.2200"}).residual == Decimal("-0.01")


def test_the_legacy_list_of_consignments_and_pickups() -> None:
    pickup = {"pickup_method_id": 1, "pickup_method_display_name": "Pick Up", "line_items": [line()]}
    read = parse({"consignments": [{"pickups": [pickup], "shipping": [], "email": []}]})
    assert (read.shipping_title, read.shipping, len(read.lines)) == ("Pick Up", IncomingAddress(), 1)


TWO = ("The order goes to 2 addresses: its items say where. Ship one at a time.",)


def test_each_line_knows_its_address() -> None:
    shipping = order()["consignments"]["shipping"][0]
    second = {**shipping, "id": 100, "city": "Perth", "shipping_method": "Express", "line_items": [line(id=30)]}
    read = parse({"consignments": {"shipping": [shipping, second]}})
    assert read.warnings == TWO
    assert (read.shipping_title, [each.key for each in read.lines]) == ("Free & fast + Express", ["25", "26", "30"])
    assert (read.shipping.city, [each.shipping.city for each in read.lines]) == ("Sydney", ["", "", "Perth"])
    assert (read.lines[2].shipping.name, read.lines[0].shipping.is_empty) == ("Trish Smith", True)
    same = parse({"consignments": {"shipping": [shipping, second | {"city": "Sydney"}]}})
    assert (same.warnings, {each.shipping for each in same.lines}) == ((), {IncomingAddress()}), "one address twice"


def test_lines_that_are_picked_up_are_not_sent_with_the_rest() -> None:
    shipping = order()["consignments"]["shipping"][0]
    pickup = {"pickup_method_display_name": "Pick Up", "line_items": [line(id=30)]}
    read = parse({"consignments": {"shipping": [shipping], "pickups": [pickup]}})
    assert (read.warnings, read.lines[2].shipping) == (TWO, IncomingAddress(company="Pick Up"))


def test_lines_fetched_apart_name_their_addresses() -> None:
    links = {"url": "https://api.bigcommerce.com/x", "resource": "/orders/218/consignments"}
    address = order()["consignments"]["shipping"][0] | {"line_items": None}
    places = [address, address | {"id": 100, "city": "Perth"}]
    sold = [line(order_address_id=99), line(id=30, order_address_id=100)]
    read = parse({"consignments": links}, products=sold, shipping_addresses=places)
    assert (read.warnings, [each.shipping.city for each in read.lines]) == (TWO, ["", "Perth"])


def test_lines_fetched_apart() -> None:
    links = {"url": "https://api.bigcommerce.com/x", "resource": "/orders/218/consignments"}
    address = order()["consignments"]["shipping"][0] | {"line_items": None}
    read = parse({"consignments": links, "fees": links}, products=[line()], shipping_addresses=[address])
    assert ([each.sku for each in read.lines], read.shipping.city) == (["S-GREE"], "Sydney")
    assert read.fee_total == Decimal("3.00"), "handling and wrapping"


@pytest.mark.parametrize("gone", [ABSENT, None, [], ""])
def test_a_guest_without_addresses(gone: Any) -> None:
    read = parse({"customer_id": 0, "billing_address": gone, "consignments": {"downloads": [{"line_items": [line()]}]}})
    assert (read.buyer_key, read.email, read.billing.is_empty, read.shipping.is_empty) == ("", "", True, True)


def test_lines_of_quantity_0_and_twins_are_left_out() -> None:
    read = parse(with_lines(line(), line(), line(id=31, quantity=0)))
    assert [each.key for each in read.lines] == ["25"]
    assert "quantity 0" in read.warnings[0]


def test_the_currency_is_the_one_charged() -> None:
    assert parse({"default_currency_code": "", "currency_code": "usd"}).currency == "USD"
    bare = payload({"default_currency_code": None, "currency_code": None})
    read = bc.parse(bare, Shop(SHOP.base_url, {}, settings={"currency": "CZK"}))
    assert (read.currency, "CZK, was taken" in read.warnings[0]) == ("CZK", True)


@pytest.mark.parametrize(("currency", "total"), [("JPY", "6250"), ("KWD", "31.275"), ("USD", "59.92")])
def test_the_documented_samples(currency: str, total: str) -> None:
    samples = [json.loads(path.read_text()) for path in (PAYLOADS / "bigcommerce").glob("order_*.json")]
    found = [sample for sample in samples if sample["default_currency_code"] == currency]
    assert found
    for sample in found:
        read = bc.parse(json.dumps({"order": sample}).encode(), SHOP)
        assert (read.currency, read.total, read.status) == (currency, Decimal(total), str(sample["status_id"]))
        assert read.modified_at == datetime(2026, 10, 6, 14, 0, 9, tzinfo=UTC)


@pytest.mark.parametrize(
    ("changes", "code", "path"),
    [
        ({"id": None}, "no_id", "id"),
        ({"id": True}, "no_id", "id"),
        ({"id": 5.5}, "no_id", "id"),
        ({"id": "x" * 256}, "bad_id", "id"),
        ({"total_inc_tax": None}, "no_total", "$.order.total_inc_tax"),
        ({"total_inc_tax": "-5.0000"}, "negative_total", "$.order.total_inc_tax"),
        ({"total_inc_tax": "12,50"}, "bad_amount", "total_inc_tax"),
        ({"total_inc_tax": "1e3"}, "bad_amount", "total_inc_tax"),
        ({"total_inc_tax": True}, "wrong_type", "$.order.total_inc_tax"),
        ({"default_currency_code": "XAU"}, "unknown_currency", "currency"),
        ({"default_currency_code": "", "currency_code": ""}, "unknown_currency", "$.order.default_currency_code"),
        ({"date_modified": "", "date_created": ""}, "no_date", "$.order.date_modified"),
        ({"date_modified": "2026-11-03T10:00:00Z"}, "bad_date", "date_modified"),
        ({"date_modified": "Wed, 31 Feb 2026 10:00:00 +0000"}, "bad_date", "date_modified"),
        ({"date_modified": "Fri, 31 Dec 9999 23:59:59 +0000"}, "date_out_of_range", "date_modified"),
        ({"consignments": "[]"}, "wrong_type", "$.order.consignments"),
        (with_lines(line(quantity=-1)), "negative_quantity", "$.order.consignments.line_items[0].quantity"),
        (with_lines(line(quantity=1.5)), "fractional_quantity", "$.order.consignments.line_items[0].quantity"),
        (with_lines(line(), line(id=2, sku="x" * 101)), "bad_sku", "$.order.consignments.line_items[1].sku"),
        (with_lines(*[line()] * 1001), "too_many_lines", "$.order.consignments"),
        ({"customer_message": "x" * 1_000_001}, "too_large", "$"),
    ],
)
def test_refused(changes: dict[str, Any], code: str, path: str) -> None:
    with pytest.raises(PayloadError) as caught:
        parse(changes)
    assert (caught.value.code, caught.value.path) == (code, path)
    assert caught.value.message.endswith(".")
    assert isinstance(bc.identify(payload(changes), SHOP), Identity)


def test_a_repeated_key_is_seen_where_the_sum_is_off() -> None:
    twice = RECORDED.read_bytes().replace(
        b'"total_tax": "13.2300"', b'"total_inc_tax": "1.0000", "total_tax": "13.2300"'
    )
    with pytest.raises(PayloadError, match="twice"):
        bc.parse(twice, SHOP)


def test_identify() -> None:
    modified = datetime(2026, 11, 3, 23, 17, 25, tzinfo=UTC)
    assert bc.identify(payload(), SHOP) == Identity("218", "218", "14", modified)
    assert bc.identify(b'{"order":{"id":77,"tot', SHOP) == Identity("77")
    assert bc.identify(b"", SHOP) == Identity("")
    assert bc.identify(payload({"date_modified": "yesterday", "status_id": {"id": 1}}), SHOP) == Identity("218", "218")


@settings(max_examples=150, deadline=None)
@given(st.binary(max_size=200) | st.text(max_size=200).map(lambda text: b'{"order":{"id":' + text.encode() + b"}}"))
def test_nothing_but_payload_errors_comes_out(body: bytes) -> None:
    bc.identify(body, SHOP)
    with pytest.raises(PayloadError):
        bc.parse(body, SHOP)
