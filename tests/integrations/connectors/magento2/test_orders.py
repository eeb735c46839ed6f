"""A documented Magento 2 order becomes exactly this normalised order; each awkward shape has its reading."""

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
from tests.integrations.connectors.magento2.orders import ABSENT, FOLDER, SHOP, item, order, payload

magento = get("magento2")


def parse(**changes: Any) -> Any:
    return magento.parse(payload(**changes), SHOP)


def read(name: str) -> Any:
    return magento.parse((FOLDER / name).read_bytes(), SHOP)


def test_the_documented_order() -> None:
    found = read("order.json")
    assert found.residual == Decimal("-13.80"), "the gift card and the store credit"
    assert found == IncomingOrder(
        external_id="41",
        number="000000041",
        status="processing",
        placed_at=datetime(2026, 10, 5, 8, 15, 30, tzinfo=UTC),
        modified_at=datetime(2026, 10, 6, 9, 0, 1, tzinfo=UTC),
        currency="EUR",
        total=Decimal("150.00"),
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
                total=Decimal("32.50"),
                tax=Decimal("6.00"),
                tax_code="20%",
                metadata={"fixed_product_tax": "2.50"},
            ),
        ),
        tax_total=Decimal("27.30"),
        shipping_total=Decimal("9.00"),
        shipping_tax=Decimal("1.80"),
        fee_total=Decimal("5.00"),
        fee_tax=Decimal("1.50"),
        fee_title="Gift wrapping",
        discount_total=Decimal("13.20"),
        refunded_total=Decimal("54.00"),
        residual_title="Gift card + Store credit",
        payment_code="stripe_payments",
        payment_title="Carte bancaire",
        shipping_code="flatrate_flatrate",
        shipping_title="Flat Rate - Fixed",
        buyer_key="77",
        email="claire.brun@example.com",
        phone="+33 4 55 50 01 90",
        billing=IncomingAddress(
            first_name="Claire Anne",
            last_name="Brun",
            company="Atelier Brun",
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
        note="Sonnez 2× 🙏\r\nMerci",
        metadata={
            "delivery_slot": "matin",
            "transaction_id": "pi_3N",
            "coupon_codes": "AUTOMNE",
            "gift_cards_amount": 10,
            "gift_card_codes": "CADEAU-7",
            "store_credit_amount": 3.8,
            "store_id": 1,
            "store_name": "Main Website / Main Website Store / Français",
            "customer_tax_id": "FR00123456789",
            "external_order_id": "ERP-9",
        },
        comments=(
            IncomingComment(key="123", at=datetime(2026, 10, 5, 8, 16, tzinfo=UTC), text="Payé\nStatus: processing"),
            IncomingComment(key="131", at=datetime(2026, 10, 5, 9, tzinfo=UTC), text="Emballer en cadeau & ruban"),
        ),
    )


def test_comments_that_cannot_be_dated_are_left_out_with_a_note() -> None:
    entries = order()["status_histories"]
    found = parse(status_histories=[*entries[:1], {**entries[2], "created_at": "today"}])
    assert [each.key for each in found.comments] == ["123"]
    assert len(found.warnings) == 1 and "created_at of a comment" in found.warnings[0]
    assert parse(status_histories=ABSENT).comments == parse(status_histories=None).comments == ()


def test_a_configurable_product_is_counted_once() -> None:
    """Its child, with the same SKU, is no line; the child's own name tells the variant."""
    assert [(line.sku, line.quantity) for line in read("order.json").lines] == [("SHIRT-M", 2), ("LAMP-1", 1)]


def test_control_children_that_count_are_seen(monkeypatch: pytest.MonkeyPatch) -> None:
    def flat(items: Any, reading: Any, *, off: bool) -> Any:
        return reading.lines(items, lambda row: lines._line(row, reading, off), "$.items")

    monkeypatch.setattr("integrations.connectors.magento2.payload.lines", flat)
    assert [line.sku for line in read("order.json").lines] == ["SHIRT-M", "SHIRT-M", "LAMP-1"]


def test_bundles() -> None:
    """Of one priced by its parts only these are lines; one with a price of its own is a line that no stock is for."""
    found = read("order_of_bundles.json")
    assert found.residual == 0
    assert [
        (line.sku, line.quantity, line.total, line.tax, line.refunded, line.stocked, line.metadata.get("part_of"))
        for line in found.lines
    ] == [
        ("FILTER", 4, 20, 4, 0, True, "Kit"),
        ("CUP", 2, 10, 2, 1, True, "Kit"),
        ("BOX-B", 3, 60, 12, 1, False, None),
        ("TEA", 6, 0, 0, 2, True, "Box"),
        ("HONEY", 3, 0, 0, 1, True, "Box"),
        ("SPOON", 5, 10, 2, 2, True, None),
    ]


def test_amounts_of_children_that_do_not_count() -> None:
    """A bundle with a price of its own is paid once, whatever its parts repeat (magento2#38687)."""
    bundles = json.loads((FOLDER / "order_of_bundles.json").read_bytes())
    for part in bundles["items"][4:6]:
        part |= {"price": 7, "row_total": 21, "tax_amount": 4.2}
    found = magento.parse(json.dumps(bundles).encode(), SHOP)
    assert found.residual == 0
    assert [line.total for line in found.lines if line.metadata.get("part_of") == "Box"] == [0, 0]


def test_a_fixed_product_tax_of_a_variant_stands_in_the_row_of_the_variant() -> None:
    parent, child, _ = order()["items"]
    line = parse(items=[parent, {**child, "weee_tax_applied_row_amount": 1.5}]).lines[0]
    assert (line.total, line.metadata["fixed_product_tax"]) == (Decimal("91.50"), "1.50")


def test_units_of_an_order_that_is_off_are_not_told_apart() -> None:
    off = json.loads((FOLDER / "order_of_bundles.json").read_bytes()) | {"status": "gone", "state": "canceled"}
    assert not any(line.refunded for line in magento.parse(json.dumps(off).encode(), SHOP).lines)


def test_a_guest_who_bought_a_file() -> None:
    found = read("order_of_a_guest.json")
    assert (found.buyer_key, found.buyer_name, found.status) == ("", "Claire Anne Brun", "pending")
    assert (found.shipping.is_empty, found.shipping_code, found.shipping_title) == (True, "", "")
    assert (found.lines[0].stocked, found.residual, found.warnings) == (False, 0, ())


def test_the_currency_is_the_buyers() -> None:
    found = read("order_in_two_currencies.json")
    assert (found.currency, found.total, found.residual) == ("CZK", Decimal("484.00"), 0)
    assert [(line.unit_price, line.total, line.tax) for line in found.lines] == [(200, 400, 84)]
    named = {name: found.metadata[name] for name in ("base_currency", "base_grand_total", "base_to_order_rate")}
    assert named == {"base_currency": "EUR", "base_grand_total": 19.36, "base_to_order_rate": 25}


def test_yen_and_dinar() -> None:
    yen, dinar = read("order_in_yen.json"), read("order_in_dinar.json")
    assert (yen.currency, str(yen.total), str(yen.lines[0].total), yen.residual) == ("JPY", "7034", "5940", 0)
    assert (dinar.currency, str(dinar.total), str(dinar.lines[0].total)) == ("KWD", "38.285", "37.035")
    assert (str(dinar.lines[0].unit_price), dinar.residual, dinar.warnings) == ("12.345000", 0, ())


def test_control_noise_is_noted_elsewhere(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delattr(lines.Reading, "amount")
    assert any("rounded" in note for note in read("order_in_dinar.json").warnings)


def test_a_fee_that_only_the_total_holds() -> None:
    """The rest is neither lost nor laid on anything."""
    found = read("order_with_a_fee_of_a_plugin.json")
    assert (found.total, found.residual, found.fee_total) == (Decimal("2886.05"), Decimal("6.05"), 0)
    assert (found.payment_code, found.payment_title) == ("cashondelivery", "Contre remboursement")
    assert (found.lines[0].sku, found.lines[0].stocked) == ("DESK", True)


SHIPPED: list[tuple[dict[str, Any], str]] = [
    ({"qty_shipped": 0}, "processing"),
    ({"qty_shipped": 1}, "processing/partly_shipped"),
    ({"qty_shipped": 3}, "processing/shipped"),
    ({"qty_shipped": 2, "qty_refunded": 1}, "processing/shipped"),
    ({"qty_shipped": 2, "qty_canceled": 1}, "processing/shipped"),
    ({"qty_shipped": "2.0000"}, "processing/partly_shipped"),
    ({"qty_shipped": None}, "processing"),
    ({"qty_shipped": "x"}, "processing"),
]


@pytest.mark.parametrize(("changes", "status"), SHIPPED)
def test_what_has_left_is_part_of_the_status(changes: dict[str, Any], status: str) -> None:
    found = payload(items=[item(qty_ordered=3, **changes)])
    assert magento.identify(found, SHOP).status == magento.parse(found, SHOP).status == status


def test_statuses() -> None:
    sent = [item(qty_shipped=1)]
    assert parse(status="complete", state="complete", items=sent).status == "complete"
    assert parse(status="my_own", state="processing", items=sent).status == "my_own/shipped"
    assert parse(status=None, state="processing").status == "processing", "magento2#34180"
    assert parse(status=ABSENT, state=ABSENT).status == ""
    assert parse(status="my_own").metadata["state"] == "processing"
    bundles = json.loads((FOLDER / "order_of_bundles.json").read_bytes())
    bundles["items"] = bundles["items"][:3]
    bundles["items"][2] |= {"qty_shipped": 1}
    assert magento.parse(json.dumps(bundles).encode(), SHOP).status == "processing/shipped", "sent in parts"
    bundles["items"][2] |= {"qty_shipped": 0, "is_virtual": 1}
    assert magento.parse(json.dumps(bundles).encode(), SHOP).status == "processing/shipped", "a part is a download"
    whole = [item(item_id=1, qty_shipped=1, product_type="bundle"), item(item_id=2, parent_item_id=1)]
    assert parse(items=whole).status == "processing/shipped", "sent as a whole"


def test_missing_null_and_empty_are_one() -> None:
    names = ("customer_id", "coupon_code", "total_paid", "total_refunded", "customer_note", "customer_taxvat")
    plain = parse(**dict.fromkeys(names, ABSENT))
    assert parse(**dict.fromkeys(names)) == plain
    assert parse(extension_attributes=[], payment=[], billing_address=None).warnings == ()
    bare = parse(extension_attributes=ABSENT, payment=ABSENT, billing_address=ABSENT, shipping_description=ABSENT)
    assert (bare.shipping.is_empty, bare.payment_code, bare.email) == (True, "", "claire.brun@example.com")


@pytest.mark.parametrize("street", [["5 quai", None, "B"], {"0": "5 quai", "2": "B"}, ["", "5 quai", 7, "B"]])
def test_streets(street: Any) -> None:
    billing = {**order()["billing_address"], "street": street}
    read = parse(billing_address=billing).billing
    assert (read.line_1, read.line_2) == ("5 quai", "B")
    assert parse(billing_address={**billing, "street": "5 quai"}).billing.line_1 == "5 quai"


def test_several_addresses() -> None:
    assigned = order()["extension_attributes"]["shipping_assignments"] * 2
    found = parse(extension_attributes={"shipping_assignments": assigned})
    assert found.warnings == ("The order goes to 2 addresses; only the first was read.",)


def test_extras_of_plugins() -> None:
    extras = {"__proto__": "x", "slot": 7, "nested": {"a": 1}, "base_fee": 3, **{f"k{at}": "v" for at in range(300)}}
    found = parse(extension_attributes=extras)
    assert (found.metadata["__proto__"], found.metadata["slot"], len(found.metadata)) == ("x", 7, 200)
    assert not {"nested", "base_fee"} & set(found.metadata)
    assert any("extra fields were cut" in note for note in found.warnings)


@pytest.mark.parametrize(("cards", "amount", "codes"), [
    ([{"code": "A", "amount": 7.5}, {"code": "B", "amount": 2}], "9.50", "A, B"),
    ([{"code": "A", "amount": "x"}, {"amount": 2}], None, "A"),
    ("[]", None, None),
])  # fmt: skip
def test_gift_cards_without_a_sum(cards: Any, amount: str | None, codes: str | None) -> None:
    found = parse(extension_attributes={"gift_cards": cards}).metadata
    assert (found.get("gift_cards_amount"), found.get("gift_card_codes")) == (amount, codes)


def test_an_order_that_was_edited_names_those_before_and_after_it() -> None:
    read = parse(relation_parent_real_id="000000012", relation_child_real_id="000000012-2")
    assert (read.metadata["edited_from_order"], read.metadata["edited_to_order"]) == ("000000012", "000000012-2")


def test_a_gift_message() -> None:
    extras = {"gift_message": {"gift_message_id": 3, "sender": "A", "recipient": "B", "message": "Pour toi"}}
    assert parse(extension_attributes=extras).metadata["gift_message"] == "Pour toi"


def test_an_offset_or_another_format_is_no_stamp() -> None:
    for stamp in ("2026-10-05T08:15:30+01:00", "2026-10-05", "2026-10-05 24:00:00", "yesterday"):
        with pytest.raises(PayloadError) as refused:
            parse(created_at=stamp)
        assert refused.value.code == "bad_date"


def test_pieces_of_a_piece_are_refused() -> None:
    with pytest.raises(PayloadError) as refused:
        parse(items=[item(is_qty_decimal=1, qty_ordered=0.75)])
    assert (refused.value.code, refused.value.path) == ("fractional_quantity", "$.items[0].qty_ordered")
