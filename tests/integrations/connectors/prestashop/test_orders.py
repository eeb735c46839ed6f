"""A documented PrestaShop order becomes exactly this normalised order; each awkward shape has its reading."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from integrations.connectors import get
from integrations.connectors.contract import Identity
from integrations.connectors.errors import PayloadError
from integrations.connectors.prestashop.checking import translated
from orders.intake.incoming import ZERO, IncomingAddress, IncomingComment, IncomingLine, IncomingOrder
from tests.integrations.connectors.prestashop.orders import RECORDED, document, payload, row, rows, shop

prestashop = get("prestashop")


def parse(beside: dict[str, Any] | None = None, **changes: Any) -> IncomingOrder:
    return prestashop.parse(payload(beside, **changes), shop())


def sample(name: str) -> IncomingOrder:
    return prestashop.parse(json.dumps(document(name)).encode(), shop())


def test_the_documented_order() -> None:
    read = prestashop.parse(RECORDED.read_bytes(), shop())
    assert read.residual == Decimal("0.01"), "totals may be off by a cent, which is told and refuses nothing"
    assert read == IncomingOrder(
        external_id="6",
        number="KHWLILZLL",
        status="2",
        placed_at=datetime(2026, 7, 1, 8, tzinfo=UTC),
        modified_at=datetime(2026, 7, 3, 6, tzinfo=UTC),
        currency="EUR",
        total=Decimal("61.73"),
        lines=(
            IncomingLine(
                key="11",
                name="Tričko s kolibříkem - Velikost : S",
                quantity=2,
                sku="demo_1",
                product_key="1-2",
                unit_price=Decimal("19.12"),
                total=Decimal("38.24"),
                tax=Decimal("8.03"),
                refunded=1,
                metadata={"ecotax": "0.50"},
            ),
            IncomingLine(
                key="12",
                name="Vektorová grafika",
                quantity=1,
                sku="demo_12",
                product_key="12",
                unit_price=Decimal("9.90"),
                total=Decimal("9.90"),
                tax=Decimal("2.08"),
                stocked=False,
            ),
        ),
        tax_total=Decimal("10.72"),
        shipping_total=Decimal("5.00"),
        shipping_tax=Decimal("1.05"),
        fee_total=Decimal("-2.13"),
        fee_tax=Decimal("-0.45"),
        fee_title="Gift wrapping + Spring 5",
        discount_total=Decimal("4.13"),
        refunded_total=Decimal("25.14"),
        paid_at=datetime(2026, 7, 2, 7, 10, 11, tzinfo=UTC),
        payment_code="ps_wirepayment",
        payment_title="Bank transfer & more",
        shipping_code="2",
        shipping_title="Kurýr",
        buyer_key="2",
        email="jana@example.com",
        phone="+420 601 555 010",
        billing=IncomingAddress(
            first_name="Jana",
            last_name="Nováková",
            company="Čaj a spol. s r.o.",
            line_1="Vinohradská 12",
            city="Praha",
            postal_code="120 00",
            country="CZ",
            phone="+420 601 555 010",
            email="jana@example.com",
        ),
        shipping=IncomingAddress(
            first_name="Jürgen",
            last_name="Großmann",
            line_1="Königsallee 1",
            line_2="3. OG",
            city="Düsseldorf",
            postal_code="40212",
            country="DE",
            phone="+49 151 5550 113",
        ),
        note="Prosím zvonit 2×\r\nDěkuji 🙏\nOn the gift: Všechno nejlepší 🎂",
        comments=(
            IncomingComment(
                key="message-2",
                at=datetime(2026, 7, 2, 7, 10, 11, tzinfo=UTC),
                text="Paid late.",
                author="Staff, private",
            ),
        ),
        metadata={
            "transaction_id": "VS 2026070001",
            "vouchers": "Spring 5",
            "gift": "yes",
            "invoice_number": "6",
            "staff_note": "VIP",
            "vat_number": "CZ00000019",
            "address_note": "Beim Nachbarn",
        },
    )


def test_yen_of_a_guest_without_details() -> None:
    """Lines are the price times the quantity; a product that is gone leaves an id of 0 and no reference."""
    read = sample("order_in_yen")
    assert (read.currency, read.total, read.tax_total, read.residual) == ("JPY", Decimal(4460), Decimal(405), ZERO)
    assert [(line.total, line.tax, line.sku, line.product_key, line.stocked) for line in read.lines] == [
        (Decimal(3600), Decimal(360), "", "", False),
        (Decimal(0), Decimal(0), "FREE", "21", True),
    ]
    assert (read.shipping_total, read.shipping_tax) == (Decimal(455), Decimal(45))
    assert (read.buyer_key, read.email, read.paid_at, read.shipping_title) == ("", "hana@example.com", None, "")
    assert (read.billing.state, read.billing.country, read.metadata) == (
        "Tokyo",
        "JP",
        {"conversion_rate": "161.250000"},
    )
    assert read.billing == IncomingAddress(**{**_fields(read.shipping), "email": "hana@example.com"}), "one for both"


def _fields(address: IncomingAddress) -> dict[str, str]:
    return {name: getattr(address, name) for name in address.__struct_fields__}


def test_dinars_with_nothing_to_deliver() -> None:
    read = sample("order_in_dinar")
    assert (read.total, read.lines[0].total, read.residual) == (Decimal("3.702"), Decimal("3.702"), ZERO)
    assert (read.shipping.is_empty, read.shipping_code, read.shipping_title, read.email) == (True, "", "", "")
    assert (read.billing.country, read.warnings) == ("KW", ())


def test_what_is_empty_may_be_left_out() -> None:
    """The answer of one order has no keys for it, a list has "" and "0"."""
    single, listed = document("single")["order"], document("list")["orders"][0]
    assert not {"valid", "gift", "note", "delivery_number"} & set(single) and {"valid", "gift"} <= set(listed)
    beside = {name: value for name, value in document().items() if name != "order"}
    left, whole = (prestashop.parse(json.dumps({"order": each} | beside).encode(), shop()) for each in (single, listed))
    assert (left.total, left.lines, left.fee_total, left.billing) == (
        whole.total,
        whole.lines,
        whole.fee_total,
        whole.billing,
    )


def test_orders_of_one_cart_share_their_reference_and_not_their_id() -> None:
    first, second = (
        prestashop.parse(json.dumps({"order": each, "currency": "EUR"}).encode(), shop())
        for each in document("list")["orders"]
    )
    assert (first.number, second.number) == ("KHWLILZLL", "KHWLILZLL")
    assert (first.external_id, second.external_id, second.lines) == ("6", "8", ())
    assert second.metadata["total_paid_real"] == "46.00", "paid in part"
    assert (second.paid_at, second.fee_total, second.residual) == (None, Decimal(-10), Decimal(100))


def test_the_shops_own_rounding_of_a_line_is_taken() -> None:
    """With PrestaShop's rounding of single units ten pieces of 1.234567 cost 12.30, not 12.35."""
    rounded = {"id": 11, "total_price_tax_excl": "12.300000", "total_price_tax_incl": "14.880000"}
    changes = {"associations": rows(row(product_quantity="10", unit_price_tax_excl="1.234567"))}
    line = parse({"details": [rounded]}, **changes).lines[0]
    assert (line.total, line.tax, line.unit_price) == (Decimal("12.30"), Decimal("2.58"), Decimal("1.234567"))
    control = parse({"details": []}, **changes).lines[0]
    assert control.total == Decimal("12.35")
    noise = {"id": 11, "total_price_tax_excl": "12.396694", "total_price_tax_incl": "15.000000"}
    read = parse({"details": [noise]}, **changes)
    assert (read.lines[0].total, read.lines[0].tax, read.warnings) == (Decimal("12.40"), Decimal("2.60"), ())


@pytest.mark.parametrize(
    ("slip", "refunded"),
    [
        ({}, "25.14"),
        ({"amount": "10.000000"}, "12.00"),
        ({"total_shipping_tax_incl": "0.000000", "shipping_cost_amount": "0.000000"}, "23.14"),
        ({"total_products_tax_excl": "0", "total_products_tax_incl": "0", "total_shipping_tax_incl": "0"}, "20.77"),
        ({"amount": "23.140000"}, "25.14"),
        ({"amount": "", "total_shipping_tax_incl": None}, "24.79"),
    ],
    ids=["whole", "chosen by hand", "without shipping", "of 1.5", "prices with tax", "missing"],
)
def test_refunds(slip: dict[str, Any], refunded: str) -> None:
    assert parse({"slips": [document()["slips"][0] | slip]}).refunded_total == Decimal(refunded)


def test_units_that_were_paid_back() -> None:
    """Of all slips together, and never more than were sold; a slip of an amount alone names none."""
    slip = document()["slips"][0]
    bare = {name: value for name, value in slip.items() if name != "associations"}
    assert parse({"slips": [slip, slip, slip]}).lines[0].refunded == 2
    assert [line.refunded for line in parse({"slips": [bare, slip | {"associations": []}]}).lines] == [0, 0]
    odd = {"order_slip_details": [{"id_order_detail": "11", "product_quantity": "half"}]}
    read = parse({"slips": [slip | {"associations": odd}]})
    assert (read.lines[0].refunded, "was left out" in read.warnings[-1]) == (0, True)


@pytest.mark.parametrize(
    ("email", "kept"),
    [("jana@example.com", True), ("a", False), ("a@b\r\nBcc: x@y", False), ("Jana <jana@example.com>", False)],
)
def test_the_customers_e_mail(email: str, kept: bool) -> None:
    read = parse({"customer": {"id": 2, "email": email, "is_guest": "0"}})
    assert (read.email, read.billing.email, bool(read.warnings)) == ((email, email, False) if kept else ("", "", True))
    assert read.shipping.email == ""


def test_a_customer_who_is_gone_and_addresses_that_are() -> None:
    read = parse({"customer": None, "addresses": None})
    assert (read.email, read.buyer_key, read.billing.is_empty, read.shipping.is_empty) == ("", "2", True, True)
    assert len([note for note in read.warnings if "any more; it was left out" in note]) == 2


@pytest.mark.parametrize(("country", "read"), [("CZ", "CZ"), ("UK", "GB"), ("cz", "CZ"), ("XX", ""), (None, "")])
def test_countries(country: str | None, read: str) -> None:
    address = document()["addresses"][0] | {"country": country}
    assert parse({"addresses": [address, document()["addresses"][1]]}).billing.country == read


def test_when_it_was_paid() -> None:
    first = document()["payments"][0]
    later = first | {"date_add": "2026-07-02 12:00:00"}
    assert parse({"payments": [later, first]}).paid_at == datetime(2026, 7, 2, 10, tzinfo=UTC)
    assert parse({"payments": [first]}, total_paid_real="61.720000").paid_at is None, "a cent is missing"
    assert parse({"payments": []}).paid_at is None
    assert parse({"payments": [first | {"date_add": "0000-00-00 00:00:00"}]}).paid_at is None
    assert "was left out" in parse({"payments": [first | {"date_add": "soon"}]}).warnings[0]


@pytest.mark.parametrize(
    ("messages", "gift", "note"),
    [
        (["Ring"], "", "Ring"),
        ([], "For you", "For you"),
        (["Ring", "Twice"], "For you", "Ring\nTwice\nOn the gift: For you"),
        ([], "", ""),
        ([None], None, ""),
    ],
)
def test_notes_of_the_buyer(messages: list[Any], gift: Any, note: str) -> None:
    told = [{"id": 1, "message": text, "private": "0", "id_employee": "0"} for text in messages]
    ours = [{"id": 9, "message": "ours", "private": "0", "id_employee": "3"}, {"id": 8, "message": "!", "private": "1"}]
    read = parse({"messages": told + ours}, gift_message=gift)
    assert read.note == note
    said = [(each.key, each.at == read.placed_at, each.text, each.author) for each in read.comments]
    assert said == [("message-9", True, "ours", "Staff"), ("message-8", True, "!", "Staff, private")]


def test_what_is_said_after_the_order_is_taken_in_once() -> None:
    def message(number: int, text: str | None, employee: str = "0", private: str = "0") -> dict[str, Any]:
        at = f"2026-07-0{number} 12:00:00"
        return {"id": number, "message": text, "id_employee": employee, "private": private, "date_add": at}

    told = [message(1, "Ring & wait\r\nplease"), message(2, "ok", "3")]
    said = [
        message(1, "Ring &amp; wait please"),
        message(2, "When?"),
        message(3, "Monday", "3"),
        message(4, "She asks again", "3", "1"),
        message(5, "ok"),
        message(6, None),
        message(7, "Ring & wait please"),
    ]
    read = parse({"messages": told, "said": said}, gift_message="")
    assert read.note == "Ring & wait\r\nplease"
    assert [(each.key, each.text, each.author) for each in read.comments] == [
        ("message-2", "ok", "Staff"),
        ("customer-message-2", "When?", "Customer"),
        ("customer-message-3", "Monday", "Staff"),
        ("customer-message-4", "She asks again", "Staff, private"),
        ("customer-message-5", "ok", "Customer"),
        ("customer-message-7", "Ring & wait please", "Customer"),
    ]
    assert read.comments[1].at == datetime(2026, 7, 2, 10, tzinfo=UTC)


def test_a_currency_that_the_shop_does_not_tell_is_not_guessed() -> None:
    with pytest.raises(PayloadError, match="which currency has the id 1"):
        prestashop.parse(payload({"currency": None}), shop(currency="CZK"))
    read = prestashop.parse(payload({"currency": None}, id_currency="0"), shop(currency="CZK"))
    assert (read.currency, "CZK, was taken" in read.warnings[0]) == ("CZK", True)


def test_times_are_the_shops_own() -> None:
    """Of the hour that came twice, on 25 October 2026, placed in the first and changed at the end of the second."""
    assert parse(date_add="2026-01-15 12:00:00").placed_at == datetime(2026, 1, 15, 11, tzinfo=UTC)
    read = parse(date_add="2026-10-25 02:30:00", date_upd="2026-10-25 02:10:00")
    assert (read.placed_at, read.modified_at) == (
        datetime(2026, 10, 25, 0, 30, tzinfo=UTC),
        datetime(2026, 10, 25, 2, tzinfo=UTC),
    )
    assert prestashop.identify(payload(date_upd="2026-10-25 02:10:00"), shop()).modified_at == read.modified_at


def test_no_date() -> None:
    none = "0000-00-00 00:00:00"
    assert parse(date_upd=none).modified_at == datetime(2026, 7, 1, 8, tzinfo=UTC)
    assert parse(date_add=None).placed_at == datetime(2026, 7, 3, 6, tzinfo=UTC)
    with pytest.raises(PayloadError, match="does not say when"):
        parse(date_add=none, date_upd="")


@pytest.mark.parametrize(
    ("state", "code"), [("2", "2"), (2, "2"), ("0", "0"), (None, ""), ("", ""), ({"id": 1}, ""), (True, "")]
)
def test_states(state: Any, code: str) -> None:
    assert parse(current_state=state).status == code


@pytest.mark.parametrize(
    ("changes", "code", "path"),
    [
        ({"id": None}, "no_id", "id"),
        ({"id": True}, "no_id", "id"),
        ({"total_paid": None, "total_paid_tax_incl": None}, "no_total", "$.order.total_paid"),
        ({"total_paid": "-5.000000"}, "negative_total", "$.order.total_paid"),
        ({"total_paid": "12,50"}, "bad_amount", "total_paid"),
        ({"total_paid": True}, "wrong_type", "$.order.total_paid"),
        ({"date_upd": "2026-11-01T06:26:28Z"}, "bad_date", "date_upd"),
        ({"date_upd": "2026-02-30 06:26:28"}, "bad_date", "date_upd"),
        ({"date_upd": "1999-12-31 00:00:00"}, "date_out_of_range", "date_upd"),
        ({"date_add": "9999-12-31 23:59:59"}, "date_out_of_range", "date_add"),
        ({"associations": {"order_rows": {}}}, "wrong_type", "$.order.associations.order_rows"),
        (
            {"associations": rows(row(product_quantity="-1"))},
            "negative_quantity",
            "$.order.associations.order_rows[0].quantity",
        ),
        ({"associations": rows(row(), row(product_quantity=1.5))}, "fractional_quantity",
         "$.order.associations.order_rows[1].quantity"),
        ({"associations": rows(row(product_reference="x" * 101))}, "bad_sku",
         "$.order.associations.order_rows[0].sku"),
        ({"associations": rows(row(id="9", unit_price_tax_excl="9999999999", product_quantity="99"))}, "bad_amount",
         "$.order.associations.order_rows[0].unit_price_tax_excl"),
        ({"associations": rows(*[row()] * 1001)}, "too_many_lines", "$.order.associations.order_rows"),
        ({"gift_message": "x" * 1_000_001}, "too_large", "$"),
    ],
)  # fmt: skip
def test_refused(changes: dict[str, Any], code: str, path: str) -> None:
    with pytest.raises(PayloadError) as caught:
        parse(**changes)
    assert (caught.value.code, caught.value.path) == (code, path)
    assert caught.value.message.endswith(".")
    assert isinstance(prestashop.identify(payload(**changes), shop()), Identity)


def test_identify() -> None:
    modified = datetime(2026, 7, 3, 6, tzinfo=UTC)
    assert prestashop.identify(RECORDED.read_bytes(), shop()) == Identity("6", "KHWLILZLL", "2", modified)
    assert prestashop.identify(b'{"order":{"id":7,"tot', shop()) == Identity("7")
    assert prestashop.identify(payload(date_upd="soon", reference=None), shop()) == Identity("6", "6", "2")


def test_names_of_one_and_of_several_languages() -> None:
    names = [translated(state["name"]) for state in document("states")["order_states"]]
    assert names == ["Čekáme na platbu šekem", "Payment accepted", "Packed"]
    assert [translated(odd) for odd in (None, [], 5, [{"id": 1}], [None])] == [""] * 5


def test_a_repeated_key_is_seen_where_the_sum_is_off() -> None:
    once = b'"total_paid": "61.730000"'
    with pytest.raises(PayloadError, match="twice"):
        prestashop.parse(payload().replace(once, once + b', "total_paid": "99.000000"'), shop())


@settings(max_examples=150, deadline=None)
@given(st.binary(max_size=200) | st.text(max_size=200).map(lambda text: b'{"order":{"id":' + text.encode() + b"}}"))
def test_nothing_but_payload_errors_comes_out(body: bytes) -> None:
    prestashop.identify(body, shop())
    with pytest.raises(PayloadError):
        prestashop.parse(body, shop())
