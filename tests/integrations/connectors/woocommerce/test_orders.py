"""A recorded order becomes exactly this normalised order; each awkward shape has its reading."""

from __future__ import annotations

from datetime import UTC, datetime
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from integrations.connectors import get
from integrations.connectors.contract import Identity, Shop
from orders.intake.incoming import IncomingAddress, IncomingLine, IncomingOrder
from tests.integrations.connectors.woocommerce.orders import ABSENT, SHOP, line, payload

woo = get("woocommerce")


def parse(**changes: Any) -> IncomingOrder:
    return woo.parse(payload(**changes), SHOP)


def test_the_recorded_order() -> None:
    expected = IncomingOrder(
        external_id="727",
        number="2026/00006",
        status="processing",
        placed_at=datetime(2026, 11, 1, 10, tzinfo=UTC),
        modified_at=datetime(2026, 11, 1, 10, 5, 9, tzinfo=UTC),
        currency="EUR",
        total=Decimal("30.25"),
        lines=(
            IncomingLine(
                key="315",
                name='Mug "Zwiebelmuster"',
                quantity=2,
                sku="MUG-BLUE",
                product_key="93",
                unit_price=Decimal(9),
                total=Decimal("18.00"),
                tax=Decimal("3.78"),
                tax_code="standard",
                discount=Decimal("2.00"),
                stocked=True,
            ),
            IncomingLine(
                key="316",
                name="Barista shirt - M",
                quantity=3,
                sku="SHIRT-M",
                product_key="23",
                unit_price=Decimal("0.166667"),
                total=Decimal("0.50"),
                tax=Decimal("0.10"),
                tax_code="standard",
                discount=Decimal("0.00"),
                stocked=True,
                metadata={"pa_size": "m"},
            ),
        ),
        tax_total=Decimal("5.25"),
        shipping_total=Decimal("5.00"),
        shipping_tax=Decimal("1.05"),
        fee_total=Decimal("1.50"),
        fee_tax=Decimal("0.32"),
        fee_title="Dobírka + Loyalty",
        discount_total=Decimal("2.00"),
        refunded_total=Decimal("10.50"),
        paid_at=datetime(2026, 11, 1, 10, 4, tzinfo=UTC),
        payment_code="cod",
        payment_title="Cash on delivery",
        shipping_code="flat_rate",
        shipping_title="Courier & post",
        buyer_key="26",
        email="zoe@example.com",
        phone="+31 6 5555 0112",
        billing=IncomingAddress(
            first_name="Zoë",
            last_name="O'Brien",
            line_1="Prinsengracht 263",
            city="Amsterdam",
            postal_code="1016 GV",
            country="NL",
            phone="+31 6 5555 0112",
            email="zoe@example.com",
        ),
        shipping=IncomingAddress(
            first_name="Łukasz",
            last_name="Wójcik",
            company="Wójcik & Syn",
            line_1="ul. Świdnicka 8/3",
            city="Wrocław",
            postal_code="50-067",
            country="PL",
        ),
        note="Zvonit 2×\r\n🙏",
        metadata={
            "_order_number": "2026/00006",
            "gift_options": {"wrap": True, "card": None},
            "engraving": "Für Mama",
            "engraving (2)": "2026",
            "transaction_id": "tx-1",
            "coupon_codes": "spring10",
        },
    )
    assert parse() == expected
    assert parse().residual == 0


def test_what_does_not_add_up_stays_a_note() -> None:
    assert parse(total="20.25").residual == Decimal("-10.00"), "a gift card of a plugin"


def test_a_guest_has_no_key() -> None:
    assert parse(customer_id=0).buyer_key == ""


def test_a_deleted_product_is_no_stock() -> None:
    order = parse(line_items=[line(product_id=0, sku=None)])
    assert (order.lines[0].stocked, order.lines[0].sku, order.lines[0].product_key) == (False, "", "")
    assert order.lines[0].name == 'Mug "Zwiebelmuster"'


def test_the_shell_of_a_bundle_is_no_stock_and_its_parts_are() -> None:
    order = parse(
        line_items=[
            line(id=1, sku="SET", bundled_items=[2]),
            line(id=2, sku="PART", bundled_by=1, price=0, total="0.00", subtotal="0.00", quantity=4),
        ]
    )
    assert [(each.sku, each.quantity, each.stocked) for each in order.lines] == [("SET", 2, False), ("PART", 4, True)]


@pytest.mark.parametrize(
    ("currency", "total", "expected"),
    [
        ("JPY", "1466.00", Decimal("1466")),
        ("JPY", "3960", Decimal("3960")),
        ("KWD", "14.595", Decimal("14.595")),
        ("KWD", "1466.00", Decimal("1466.00")),
        ("EUR", "1236", Decimal("1236.00")),
        ("EUR", "1235.6900", Decimal("1235.69")),
        ("EUR", 12.5, Decimal("12.50")),
        ("EUR", 7, Decimal("7.00")),
        ("EUR", "0.00", Decimal("0.00")),
        (" eur ", "1.00", Decimal("1.00")),
    ],
)
def test_money_has_the_shops_decimals_in_every_currency(currency: str, total: str | float, expected: Decimal) -> None:
    order = parse(currency=currency, total=total, line_items=[], fee_lines=[], shipping_lines=[], refunds=[])
    assert (order.currency, order.total) == (currency.strip().upper(), expected)


def test_amounts_the_currency_has_no_coin_for_are_rounded_with_one_note() -> None:
    order = parse(currency="JPY", total="1466.50", total_tax="0.40")
    assert order.total == 1467
    assert [note for note in order.warnings if "rounded" in note] == [order.warnings[0]]
    assert "total: 1466.50 to 1467" in order.warnings[0]


def test_float_noise_is_rounded() -> None:
    assert parse(total=0.1 + 0.2).total == Decimal("0.30")


@pytest.mark.parametrize("nothing", [None, "", "0000-00-00 00:00:00", ABSENT])
def test_no_date_has_four_spellings(nothing: object) -> None:
    order = parse(date_paid_gmt=nothing, date_created_gmt=nothing, date_modified_gmt=nothing)
    assert order.paid_at is None
    assert order.placed_at == datetime(2026, 11, 1, 10, tzinfo=UTC), "from the shop's local stamp"
    assert order.modified_at == datetime(2026, 11, 1, 10, 5, 9, tzinfo=UTC)


@pytest.mark.parametrize(
    ("local", "expected"),
    [
        ("2026-03-29T02:30:00", datetime(2026, 3, 29, 1, 30, tzinfo=UTC)),
        ("2026-10-25T02:30:00", datetime(2026, 10, 25, 0, 30, tzinfo=UTC)),
    ],
)
def test_local_times_that_dst_skips_or_doubles(local: str, expected: datetime) -> None:
    """Prague; skipped ones move forward, doubled ones are the first."""
    assert parse(date_created_gmt="", date_created=local).placed_at == expected


def test_an_impossible_payment_date_is_left_out() -> None:
    order = parse(date_paid_gmt="9999-12-31T23:59:59")
    assert order.paid_at is None
    assert order.warnings == ("The date 9999-12-31 in date_paid_gmt cannot be right. It was left out.",)


@pytest.mark.parametrize(
    ("status", "expected"),
    [
        ("Processing ", "processing"),
        ("wc-on-hold", "on-hold"),
        (None, ""),
        (3, ""),
        ({"id": 3}, ""),
        ("x" * 500, "x" * 100),
    ],
)
def test_statuses_are_an_open_set(status: object, expected: str) -> None:
    assert parse(status=status).status == expected


@pytest.mark.parametrize(
    ("identifier", "expected"),
    [
        (5, "5"),
        (5.0, "5"),
        ("5", "5"),
        (12345678901234567890123, "12345678901234567890123"),
        ("A1", "A1"),
        ("../../1", "../../1"),
    ],
)
def test_ids_are_text(identifier: object, expected: str) -> None:
    assert parse(id=identifier).external_id == expected


@pytest.mark.parametrize(
    ("country", "expected"), [("cz", "CZ"), ("UK", "GB"), ("Czech Republic", "CZ"), ("XX", ""), ("", ""), (None, "")]
)
def test_countries(country: str | None, expected: str) -> None:
    order = parse(billing={"country": country})
    assert order.billing.country == expected
    assert bool(order.warnings) == (country == "XX")


@pytest.mark.parametrize("address", ["a", "a@b\r\nBcc: x@y", "x" * 400 + "@example.com", "Ann <a@example.com>", "a@b"])
def test_addresses_that_are_no_email_are_left_out(address: str) -> None:
    order = parse(billing={"email": address})
    assert (order.email, len(order.warnings)) == ("", 1)


@pytest.mark.parametrize("address", ["a@example.com", "ann.o'b+x@example.co.uk", "a@příklad.cz", " a@example.com "])
def test_addresses_that_are(address: str) -> None:
    assert parse(billing={"email": address}).email == address.strip()


@pytest.mark.parametrize(("given", "notes"), [([], 0), (None, 0), (ABSENT, 0), ("Main street 1", 1)])
def test_an_address_may_be_missing(given: object, notes: int) -> None:
    order = parse(shipping=given)
    assert order.shipping.is_empty
    assert len(order.warnings) == notes


def test_texts_are_kept_as_they_are() -> None:
    hostile = '"><script>alert(1)</script> {{7*7}} %s =HYPERLINK("x") \u202e \u200b'
    order = parse(customer_note=hostile, line_items=[line(name=hostile, sku="<b>")], payment_method_title=hostile)
    assert (order.note, order.payment_title, order.lines[0].name, order.lines[0].sku) == (
        hostile,
        hostile,
        hostile,
        "<b>",
    )


def test_long_texts_are_cut_with_a_note() -> None:
    order = parse(customer_note="n" * 20_000, billing={"phone": "1" * 200}, line_items=[line(name="x" * 400)])
    assert (len(order.note), len(order.phone), len(order.lines[0].name)) == (10_000, 40, 300)
    assert len(order.warnings) == 3


def test_characters_no_database_can_hold_are_replaced() -> None:
    body = payload().replace("Zoë".encode(), rb"Z\u0000o\ud800 \ud83d\ude4f \\u0000")
    order = woo.parse(body, SHOP)
    assert order.billing.first_name == "Z�o� 🙏 \\u0000"
    assert len(order.warnings) == 1


def test_extras_are_bounded() -> None:
    order = parse(
        meta_data=[
            {"key": "long", "value": "x" * 600},
            {"key": "k" * 200, "value": 1},
            {"key": "deep", "value": [[[1]] * 300]},
        ]
        + [{"key": "__proto__", "value": {"a": 1}}, {"key": "number", "value": 10**30}]
        + [{"key": f"key {number}", "value": number} for number in range(5000)]
    )
    extras = {name: value for name, value in order.metadata.items() if name not in {"transaction_id", "coupon_codes"}}
    assert len(extras) == 200
    assert max(len(name) for name in extras) == 100
    assert (len(extras["long"]), len(extras["deep"]), extras["__proto__"]) == (500, 500, {"a": 1})
    assert len(order.warnings) == 1


def test_php_writes_a_list_with_gaps_as_an_object() -> None:
    order = parse(meta_data={"0": {"key": "a", "value": 1}, "7": {"key": "b", "value": [2, None]}})
    assert order.metadata["a"] == 1
    assert order.metadata["b"] == [2, None]


def test_quantities() -> None:
    order = parse(line_items=[line(id=1, quantity="2"), line(id=2, quantity=3.0), line(id=3, quantity=0)])
    assert [each.quantity for each in order.lines] == [2, 3]
    assert order.warnings == ('Line 3 (Mug "Zwiebelmuster") has the quantity 0 and was left out.',)


def test_a_missing_currency_is_the_shops_own_where_it_is_set() -> None:
    shop = Shop("https://shop.example", {}, ZoneInfo("UTC"), {"currency": "CZK"})
    order = woo.parse(payload(currency=None), shop)
    assert order.currency == "CZK"
    assert "CZK" in order.warnings[0]


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        (
            payload(total="bad"),
            Identity("727", "2026/00006", "processing", datetime(2026, 11, 1, 10, 5, 9, tzinfo=UTC)),
        ),
        (b'{"id": 9, "date_modified_gmt": [1]}', Identity("9", "9")),
        (b'{"id": 12, "total": "1', Identity("12")),
        (b'{"id":"7", "number": true, "status": {}, "date_modified_gmt": "x"}', Identity("7", "7")),
        (b"[" * 100_000, Identity("")),
        (b"\xff\xfe\x00", Identity("")),
        (b"", Identity("")),
        (b"null", Identity("")),
    ],
)
def test_identify_never_raises(body: bytes, expected: Identity) -> None:
    assert woo.identify(body, SHOP) == expected
