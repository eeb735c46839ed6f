"""A written order becomes exactly this normalised order; each awkward shape has its reading."""

from __future__ import annotations

from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import msgspec
import pytest

from integrations.connectors import get
from integrations.connectors.contract import Identity
from integrations.connectors.errors import PayloadError
from orders.intake.incoming import ZERO, IncomingAddress, IncomingLine, IncomingOrder
from tests.integrations.connectors.shopify.orders import SHOP, line, lines, order, payload, refund
from tests.payloads import PAYLOADS

shopify = get("shopify")


def parse(**changes: Any) -> IncomingOrder:
    return shopify.parse(payload(**changes), SHOP)


def test_the_written_order() -> None:
    expected = IncomingOrder(
        external_id="450000002001",
        number="#2001",
        status="paid",
        placed_at=datetime(2026, 11, 1, 10, tzinfo=UTC),
        modified_at=datetime(2026, 11, 1, 10, 5, 9, tzinfo=UTC),
        currency="EUR",
        total=Decimal("46.29"),
        lines=(
            IncomingLine(
                key="315",
                name='Mug "Zwiebelmuster"',
                quantity=2,
                sku="MUG-BLUE",
                product_key="930",
                unit_price=Decimal("8.5"),
                total=Decimal("17.00"),
                tax=Decimal("3.57"),
                tax_code="VAT 20% + X 1%",
                discount=Decimal("3.00"),
                metadata={"engraving": "Für Mama"},
            ),
            IncomingLine(
                key="316",
                name="Barista shirt - M",
                quantity=3,
                sku="SHIRT-M",
                product_key="42",
                unit_price=Decimal("5.42"),
                total=Decimal("16.26"),
                tax=Decimal("3.41"),
                tax_code="VAT 21%",
            ),
        ),
        tax_total=Decimal("8.03"),
        shipping_total=Decimal("5.00"),
        shipping_tax=Decimal("1.05"),
        discount_total=Decimal("3.00"),
        paid_at=datetime(2026, 11, 1, 10, 4, tzinfo=UTC),
        payment_code="shopify_payments",
        payment_title="Shopify Payments",
        shipping_code="COURIER",
        shipping_title="Courier & post",
        buyer_key="7001",
        email="zoe@example.com",
        phone="+48 601 555 011",
        billing=IncomingAddress(
            first_name="Zoë",
            last_name="O'Brien",
            line_1="Prinsengracht 263",
            city="Amsterdam",
            postal_code="1016 GV",
            country="NL",
            email="zoe@example.com",
        ),
        shipping=IncomingAddress(
            first_name="Łukasz",
            last_name="Wójcik",
            company="Wójcik & Syn",
            line_1="ul. Świdnicka 8/3",
            city="Wrocław",
            state="PL-DS",
            postal_code="50-067",
            country="PL",
            phone="+48 601 555 011",
        ),
        note="Zvonit 2×\n🙏",
        metadata={
            "coupon_codes": "LÉTO10",
            "tags": "VIP, říše",
            "confirmation_number": "QX2001",
            "payment_status": "PAID",
            "fulfillment_status": "UNFULFILLED",
            "gift": "ano 🎁",
            "empty": None,
        },
    )
    assert parse() == expected
    assert parse().residual == 0


@pytest.mark.parametrize(("length", "kept"), [(254, 254), (255, 255), (256, 255)])
def test_an_address_line_of_shopifys_length_stays_whole(length: int, kept: int) -> None:
    street = "x" * (length - 1) + "7"
    found = parse(shippingAddress={**order()["shippingAddress"], "address1": street}).shipping.line_1
    assert len(found) == kept
    assert found.endswith("7" if length == kept else "…")


def test_what_the_buyer_pays_is_the_buyers_currency() -> None:
    mug = line(quantity=1, currentQuantity=1, originalUnitPriceSet="10/10.84 USD", discountAllocations=[], taxLines=[])
    order = parse(
        presentmentCurrencyCode="USD",
        lineItems=lines(mug),
        shippingLines={"nodes": []},
        **dict.fromkeys(("totalPriceSet", "currentTotalPriceSet"), "10.0/10.84 USD"),
        **dict.fromkeys(("totalTaxSet", "totalDiscountsSet", "totalRefundedSet"), "0.0/0.0 USD"),
        totalTipReceivedSet="0/0 USD",
    )
    assert (order.currency, order.total, order.lines[0].total, order.residual) == (
        "USD",
        Decimal("10.84"),
        Decimal("10.84"),
        ZERO,
    )
    assert order.metadata["shop_total"] == "10.0 EUR"


def test_amounts_of_two_currencies_are_not_added() -> None:
    with pytest.raises(PayloadError) as caught:
        parse(totalPriceSet="10/9 CHF")
    assert caught.value.code == "mixed_currencies"


def test_prices_with_tax_are_made_net() -> None:
    """2 × 12.10 - 2.42 = 21.78, of which 3.78 are tax."""
    mug = line(
        originalUnitPriceSet="12.1",
        discountAllocations=[{"allocatedAmountSet": "2.42"}],
        taxLines=[{"priceSet": "3.78"}],
    )
    way = {"title": "Post", "code": "P", "discountedPriceSet": "6.05", "taxLines": [{"priceSet": "1.05"}]}
    order = parse(
        taxesIncluded=True,
        lineItems=lines(mug),
        shippingLines={"nodes": [way]},
        totalPriceSet="27.83",
        totalTaxSet="4.83",
    )
    bought = order.lines[0]
    assert (bought.total, bought.tax, bought.discount) == (Decimal("18.00"), Decimal("3.78"), Decimal("2.00"))
    assert bought.unit_price == 9
    assert (order.shipping_total, order.shipping_tax, order.residual) == (Decimal("5.00"), Decimal("1.05"), ZERO)


@pytest.mark.parametrize(
    ("currency", "price", "total"), [("JPY", "1980.0", "3960"), ("KWD", "12.345", "24.690"), ("EUR", "1.5", "3.00")]
)
def test_decimals_are_the_currencys(currency: str, price: str, total: str) -> None:
    mug = line(originalUnitPriceSet=price, discountAllocations=[], taxLines=[])
    order = parse(
        currency=currency, lineItems=lines(mug), shippingLines={"nodes": []}, totalPriceSet=total, totalTaxSet="0.0"
    )
    assert str(order.total) == str(order.lines[0].total) == total
    assert (order.residual, order.warnings) == (ZERO, ())


def test_a_unit_edited_out_is_not_in_the_order() -> None:
    """One of two mugs (8.50 and 1.785 tax) left before it was paid back, then the money was."""
    gone = refund("0.0", "NO_RESTOCK", L315=1)
    mug = line(currentQuantity=1)
    order = parse(edited=True, lineItems=lines(mug, line(1)), refunds=[gone], currentTotalPriceSet="36.0")
    assert [each.quantity for each in order.lines] == [1, 3]
    assert (order.lines[0].total, order.lines[0].tax, order.lines[0].discount) == (
        Decimal("8.50"),
        Decimal("1.79"),
        Decimal("1.50"),
    )
    assert order.total == Decimal("36.00"), "to the cent of currentTotalPriceSet, though the half is 10.285"
    assert abs(order.residual) == Decimal("0.01")
    assert order.refunded_total == 0
    paid_back = parse(
        edited=True,
        lineItems=lines(mug, line(1)),
        refunds=[gone, refund("10.29", "NO_RESTOCK")],
        currentTotalPriceSet="36.0",
        totalRefundedSet="10.29",
    )
    assert (paid_back.total, paid_back.refunded_total) == (Decimal("36.00"), ZERO), "36.00 are what was kept"


def test_a_line_edited_out_leaves_a_note() -> None:
    order = parse(lineItems=lines(line(currentQuantity=0), line(1)), currentTotalPriceSet="25.72")
    assert [each.key for each in order.lines] == ["316"]
    assert order.warnings == ("The line 'Mug \"Zwiebelmuster\"' was taken out of the order and was left out.",)
    assert (order.total, order.tax_total, order.residual) == (Decimal("25.72"), Decimal("4.46"), ZERO)


def test_what_came_back_after_it_was_shipped_stays_and_is_paid_back() -> None:
    order = parse(
        displayFulfillmentStatus="FULFILLED",
        displayFinancialStatus="PARTIALLY_REFUNDED",
        lineItems=lines(line(currentQuantity=1), line(1)),
        refunds=[refund("10.28", "RETURN", L315=1)],
        currentTotalPriceSet="36.01",
        totalRefundedSet="10.28",
    )
    assert [each.quantity for each in order.lines] == [2, 3]
    assert (order.total, order.refunded_total, order.residual) == (Decimal("46.29"), Decimal("10.28"), ZERO)


def test_what_was_cancelled_before_it_was_shipped_is_not_shipped() -> None:
    order = parse(
        displayFinancialStatus="PARTIALLY_REFUNDED",
        lineItems=lines(line(currentQuantity=1), line(1)),
        refunds=[refund("10.28", "CANCEL", L315=1)],
        currentTotalPriceSet="36.01",
        totalRefundedSet="10.28",
    )
    assert (order.status, [each.quantity for each in order.lines]) == ("partially_refunded", [1, 3])
    assert (order.total, order.refunded_total) == (Decimal("36.01"), ZERO)


def test_a_cancelled_order_keeps_what_was_ordered() -> None:
    order = parse(
        cancelledAt="2026-11-02T08:00:00Z",
        cancelReason="CUSTOMER",
        displayFinancialStatus="REFUNDED",
        lineItems=lines(line(currentQuantity=0), line(1, currentQuantity=0)),
        refunds=[refund("46.29", "CANCEL", L315=2, L316=3)],
        currentTotalPriceSet="0.0",
        totalRefundedSet="46.29",
    )
    assert (order.status, [each.quantity for each in order.lines]) == ("cancelled", [2, 3])
    assert (order.total, order.refunded_total, order.residual) == (Decimal("46.29"), Decimal("46.29"), ZERO)


def test_a_tip_counts_once() -> None:
    tip = line(name="Tip", sku=None, product=None, variant=None, quantity=1, currentQuantity=1, requiresShipping=False)
    tip |= {"id": "gid://shopify/LineItem/9", "originalUnitPriceSet": "1.5", "discountAllocations": [], "taxLines": []}
    among = parse(lineItems=lines(line(), line(1), tip), totalPriceSet="47.79", totalTipReceivedSet="1.5")
    beside = parse(totalPriceSet="47.79", totalTipReceivedSet="1.5")
    assert (among.fee_total, among.residual, among.lines[2].stocked) == (ZERO, ZERO, False)
    assert (beside.fee_total, beside.residual) == (Decimal("1.50"), ZERO)


@pytest.mark.parametrize(("included", "total", "fees"), [(False, "51.39", "5.0"), (True, "47.39", "1.0")])
def test_duties_and_fees(included: bool, total: str, fees: str) -> None:
    duty = {"price": "4.0", "taxLines": []}
    fee = {"name": "Import", "price": "1.0", "taxLines": [{"priceSet": "0.1"}]}
    order = parse(
        dutiesIncluded=included,
        lineItems=lines(line(duties=[duty]), line(1)),
        additionalFees=[fee],
        totalPriceSet=total,
    )
    assert (order.fee_total, order.fee_tax, order.residual) == (Decimal(fees), Decimal("0.10"), ZERO)


@pytest.mark.parametrize(
    "changes",
    [{"isGiftCard": True}, {"sku": None, "variant": None}, {"sku": ""}, {"requiresShipping": False}],
    ids=["gift card", "deleted", "no SKU", "download"],
)
def test_lines_without_stock(changes: dict[str, Any]) -> None:
    changes = {"variant": {"id": "gid://shopify/ProductVariant/930"}, **changes}
    assert not parse(lineItems=lines(line(**changes))).lines[0].stocked


def test_a_deleted_product_has_no_key() -> None:
    assert parse(lineItems=lines(line(product=None, variant=None))).lines[0].product_key == ""


def test_a_guest_without_addresses() -> None:
    order = parse(customer=None, email=None, phone="+420600000001", billingAddress=None, shippingAddress=None)
    assert (order.buyer_key, order.email, order.phone) == ("", "", "+420600000001")
    assert order.billing.is_empty
    assert order.shipping.is_empty


def test_lines_of_further_pages() -> None:
    first = lines(line(), pageInfo={"hasNextPage": True, "endCursor": "x"})
    order = shopify.parse(payload(lineItems=first, more_lines=[]).replace(b"true", b"false"), SHOP)
    assert len(order.lines) == 1
    with pytest.raises(PayloadError, match="Not all lines"):
        parse(lineItems=first)
    more = msgspec.json.decode(payload(lineItems=lines(line(1))))["order"]["lineItems"]
    assert [each.key for each in parse(lineItems=first, more_lines=[more]).lines] == ["315", "316"]


@pytest.mark.parametrize(
    ("payment", "fulfilment", "changes", "code"),
    [
        ("PAID", "UNFULFILLED", {}, "paid"),
        ("PAID", None, {}, "paid"),
        ("PARTIALLY_REFUNDED", "UNFULFILLED", {}, "partially_refunded"),
        ("PAID", "ON_HOLD", {}, "on_hold"),
        ("PAID", "PARTIALLY_FULFILLED", {}, "partially_fulfilled"),
        ("PAID", "FULFILLED", {}, "fulfilled"),
        ("PENDING", "FULFILLED", {}, "fulfilled"),
        ("PENDING", "ON_HOLD", {}, "pending"),
        ("AUTHORIZED", "UNFULFILLED", {}, "authorized"),
        ("REFUNDED", "FULFILLED", {}, "refunded"),
        ("VOIDED", "UNFULFILLED", {}, "voided"),
        ("PAID", "UNFULFILLED", {"cancelledAt": "2026-11-01T10:00:00Z"}, "cancelled"),
        ("PAID", "FULFILLED", {"test": True}, "test"),
        ("PAID", "TELEPORTED", {}, "teleported"),
        ("NEW_STATE", "UNFULFILLED", {}, "new_state"),
        (None, "UNFULFILLED", {}, ""),
    ],
)
def test_one_code_for_payment_and_fulfilment(
    payment: str | None, fulfilment: str | None, changes: dict[str, Any], code: str
) -> None:
    written = payload(displayFinancialStatus=payment, displayFulfillmentStatus=fulfilment, **changes)
    assert shopify.parse(written, SHOP).status == shopify.identify(written, SHOP).status == code


def test_every_code_has_a_default_rule_and_a_label() -> None:
    codes = [rule.status for rule in shopify.default_rules]
    assert len(codes) == len(set(codes)) == 16
    assert {"paid", "pending", "fulfilled", "cancelled", "test"} <= set(codes)


def test_identify() -> None:
    written = payload()
    modified = datetime(2026, 11, 1, 10, 5, 9, tzinfo=UTC)
    assert shopify.identify(written, SHOP) == Identity("450000002001", "#2001", "paid", modified)
    assert shopify.identify(written[:200], SHOP) == Identity("450000002001")
    for odd in (b"", b"[]", b'{"order":null}', b'{"order":{"id":{}}}', b"\xff\xfe\x00", b'{"order":' * 5000):
        assert shopify.identify(odd, SHOP).external_id == ""


def test_the_samples_add_up() -> None:
    read = 0
    for sample in (PAYLOADS / "shopify").glob("orders_*.json"):
        data = msgspec.json.decode(sample.read_bytes())["data"]
        for node in (data.get("orders") or data)["nodes"]:
            if node is None or sample.name == "orders_with_more_lines.json":
                continue
            order = shopify.parse(msgspec.json.encode({"order": node}), SHOP)
            assert (order.residual, order.warnings) == (ZERO, ()), sample.name
            read += 1
    assert read == 9
