"""Amounts that stand beside lines, delivery and fees: read once, and called by the name that the shop has for them."""

from __future__ import annotations

import json
from decimal import Decimal
from typing import Any

import pytest

from integrations.connectors import get
from integrations.connectors.kit.order_reading import OrderReading
from orders.admin.amounts import amount_rows
from orders.documents.issue import complete
from orders.intake.incoming import ZERO, IncomingOrder
from orders.models import Order
from tests.factories import incoming, line
from tests.integrations.connectors.bigcommerce import orders as bigcommerce
from tests.integrations.connectors.ebay import orders as ebay
from tests.integrations.connectors.ecwid import orders as ecwid
from tests.integrations.connectors.money.documents import document, parse
from tests.integrations.connectors.paypal import payments as paypal
from tests.integrations.connectors.shopify import orders as shopify
from tests.integrations.connectors.woocommerce import orders as woocommerce

CARD, CREDIT = ("Gift card", Decimal(-10)), ("Store credit", Decimal(-3))


@pytest.mark.parametrize(
    ("missing", "named", "title"),
    [
        ("-10", [CARD], "Gift card"),
        ("-13", [CARD, CREDIT], "Gift card + Store credit"),
        ("-3", [CARD, CREDIT], "Store credit"),
        ("-9.99", [CARD], "Gift card"),
        ("-10.50", [CARD], "Gift card + other"),
        ("-0.02", [CARD], ""),
        ("4", [CARD, CREDIT], ""),
        ("-10", [("Gift card", ZERO)], ""),
        ("-10", [], ""),
    ],
)
def test_what_is_missing_is_called_by_the_parts_that_come_closest(
    missing: str, named: list[tuple[str, Decimal]], title: str
) -> None:
    order = incoming(line(total=Decimal(40)), total=Decimal(40) + Decimal(missing))
    assert OrderReading(b"{}").titled(order, *named).residual_title == title


def test_the_order_page_and_the_invoice_have_the_name() -> None:
    order = incoming(line(total=Decimal(40)), total=Decimal(30), residual_title="Gift card")
    assert [each["name"] for each in complete([], order, ZERO)] == ["Gift card"]
    assert [each["name"] for each in complete([], incoming(line(total=Decimal(40)), total=Decimal(30)), ZERO)] == [
        "Rounding and other"
    ]
    held = {"total": Decimal(30), "residual": Decimal(-10), "currency": "EUR", "status": "complete"}
    labels = [row.label for row in amount_rows(Order(**held, residual_title="Gift card"), [])]
    assert labels == ["Items", "Gift card", "Total"]
    assert amount_rows(Order(**held), [])[1].label == "Not itemised by the shop"


# --- Ecwid ---


def tea(**changes: Any) -> IncomingOrder:
    """Two teas at 12.10 with tax, 6.00 for delivery."""
    item = {"id": 1, "name": "Tea", "sku": "TEA", "quantity": 2, "price": 12.1, "tax": 4.2, "taxes": [{"total": 4.2}]}
    written = {"id": "E1", "createTimestamp": 1795170000, "updateTimestamp": 1795170000, "pricesIncludeTax": True}
    written |= {"items": [item], "tax": 4.2, "shippingOption": {"shippingMethodName": "Post", "shippingRate": 6.0}}
    written |= changes
    return get("ecwid").parse(json.dumps({"order": written, "currency": "EUR"}).encode(), ecwid.SHOP)


@pytest.mark.parametrize(
    ("changes", "total", "title"),
    [
        ({"loyalty": {"redemption": {"amount": 10.0, "cancelled": False}}}, 20.2, "Loyalty points"),
        ({"storeCredit": {"redemption": {"amount": 10.0}}}, 20.2, "Store credit"),
        ({"giftCardRedemption": 10.0}, 20.2, "Gift card"),
        ({"giftCardRedemption": 5.0, "storeCredit": {"redemption": {"amount": 5.0}}}, 20.2, "Gift card + Store credit"),
        ({"loyalty": {"redemption": {"amount": 10.0, "cancelled": True}}}, 30.2, ""),
        ({"discount": 3.0}, 27.2, "Discount"),
        ({"couponDiscount": 3.0}, 27.2, "Coupon"),
    ],
)
def test_ecwids_credits_and_discounts(changes: dict[str, Any], total: float, title: str) -> None:
    order = tea(**changes, total=total)
    assert (order.residual_title, order.residual) == (title, Decimal(str(total)) - Decimal("30.20"))


def test_a_coupon_that_makes_ecwids_delivery_free_is_no_other_discount() -> None:
    post = {"shippingMethodName": "Post", "shippingRate": 6.0, "discountedShippingRate": 0.0}
    order = tea(total=24.2, couponDiscount=6.0, shippingOption=post)
    assert (order.shipping_total, order.residual, order.residual_title) == (ZERO, ZERO, "")


@pytest.mark.parametrize(("told", "total", "counted"), [(4.62, 26.62, "0.42"), (4.62 - 0.42, 26.2, "0")])
def test_the_tax_of_ecwids_handling_is_counted_once(told: float, total: float, counted: str) -> None:
    """Where the items' taxes are all of the order's tax, that on the fee is among them."""
    fee = {"value": 2.0, "taxes": [{"total": 0.42}]}
    item = {"id": 1, "name": "Tea", "sku": "TEA", "quantity": 2, "price": 10.0, "tax": 4.2}
    order = tea(items=[item], pricesIncludeTax=False, shippingOption=None, handlingFee=fee, tax=told, total=total)
    assert (order.fee_total, order.fee_tax, order.residual) == (Decimal("2.00"), Decimal(counted), ZERO)


# --- the others ---


def test_what_only_ebays_tax_of_the_order_tells_is_that_of_delivery() -> None:
    plates = ebay.line(taxes=[{"amount": ebay.money("12.0")}])
    pricing = {
        name: ebay.money(value) for name, value in {"deliveryCost": "5.0", "tax": "13.0", "total": "78.0"}.items()
    }
    order = get("ebay").parse(ebay.payload(lineItems=[plates], pricingSummary=pricing), ebay.shop())
    assert (order.tax_total, order.shipping_tax, order.residual) == (Decimal(13), Decimal(1), ZERO)


@pytest.mark.parametrize(
    ("more", "title"),
    [
        ({"deliveryCost": {"importCharges": ebay.money("7.5")}}, "Import charges"),
        ({"deliveryCost": {"handlingCost": ebay.money("7.5")}}, "Handling"),
        ({"deliveryCost": {"shippingIntermediationFee": ebay.money("7.5")}}, "Fee of eBay's carrier"),
        ({"ebayCollectAndRemitTaxes": [{"amount": ebay.money("7.5")}]}, "Tax collected by eBay"),
    ],
)
def test_ebays_charges_have_names(more: dict[str, Any], title: str) -> None:
    pricing = {"deliveryCost": ebay.money("5.0"), "total": ebay.money("72.5")}
    document = ebay.payload(lineItems=[ebay.line(**more)], pricingSummary=pricing)
    order = get("ebay").parse(document, ebay.shop())
    assert (order.residual, order.residual_title) == (Decimal("7.5"), title)
    within = ebay.payload(lineItems=[ebay.line(**more)])
    assert get("ebay").parse(within, ebay.shop()).residual_title == "", "the order's delivery holds it"


@pytest.mark.parametrize(
    ("field", "value", "title"),
    [
        ("gift_wrap_amount", "2.00", "Gift wrapping"),
        ("handling_amount", "2.00", "Handling"),
        ("insurance_amount", "2.00", "Insurance of items"),
        ("basic_shipping_amount", "2.00", "Shipping of items"),
        ("extra_shipping_amount", "2.00", "Express delivery"),
        ("adjustment_amount", "-2.00", "Adjustment"),
        ("discount_amount", "2.00", "Discount of items"),
    ],
)
def test_what_paypal_tells_of_items_alone_has_a_name(field: str, value: str, title: str) -> None:
    signed = -2 if field == "discount_amount" else Decimal(value)
    paid = paypal.info(transaction_amount=paypal.money(str(Decimal("47.60") + signed)))
    cart = {"item_details": [paypal.item(**{field: paypal.money(value)})]}
    order = get("paypal").parse(paypal.payload(paid, cart_info=cart), paypal.shop())
    assert (order.residual, order.residual_title) == (signed, title)


def test_gift_cards_of_woocommerces_plugin_have_a_name() -> None:
    owed = Decimal(woocommerce.order()["total"])
    cards = [{"code": "A", "amount": "3.00"}, {"code": "B", "amount": 2}]
    order = get("woocommerce").parse(woocommerce.payload(gift_cards=cards, total=str(owed - 5)), woocommerce.SHOP)
    assert (order.residual, order.residual_title) == (Decimal(-5), "Gift card")
    odd = get("woocommerce").parse(woocommerce.payload(gift_cards={"1": "?"}, total=str(owed - 5)), woocommerce.SHOP)
    assert odd.residual_title == ""


def test_bigcommerces_certificate_and_credit_have_names() -> None:
    owed = Decimal(bigcommerce.order()["total_inc_tax"])
    before = get("bigcommerce").parse(bigcommerce.payload(), bigcommerce.SHOP).residual
    changes = {
        "total_inc_tax": str(owed - 5 - before),
        "gift_certificate_amount": "3.0000",
        "store_credit_amount": "2.0000",
    }
    order = get("bigcommerce").parse(bigcommerce.payload(changes), bigcommerce.SHOP)
    assert (order.residual, order.residual_title) == (Decimal(-5), "Gift certificate + Store credit")


def shop_edit(**changes: Any) -> IncomingOrder:
    return get("shopify").parse(shopify.payload(edited=True, **changes), shopify.SHOP)


def test_a_discount_that_comes_with_shopifys_edit_is_owed_no_more() -> None:
    mug = shopify.line(discountAllocations=[{"allocatedAmountSet": "8.0"}])
    order = shop_edit(
        lineItems=shopify.lines(mug, shopify.line(1)),
        currentTotalPriceSet="41.29",
        currentTotalTaxSet="8.03",
        currentTotalDiscountsSet="8.0",
    )
    assert (order.total, order.discount_total, order.residual) == (Decimal("41.29"), Decimal("8.0"), ZERO)
    assert shop_edit(currentTotalPriceSet="41.29").residual_title == "Order edit", "what no line tells of"
    # The control: of an order that was not edited, and of one that was paid back, the ordered total stands.
    document = shopify.payload(currentTotalPriceSet="41.29", totalRefundedSet="5.0", edited=True)
    assert get("shopify").parse(document, shopify.SHOP).total == Decimal("46.29")
    assert get("shopify").parse(shopify.payload(currentTotalPriceSet="41.29"), shopify.SHOP).total == Decimal("46.29")


# --- what fees are called ---


def test_fees_are_called_what_they_are_for() -> None:
    reading = OrderReading(b"{}")
    assert reading.fee_title(("Tip", "1.00"), ("Handling", "0.0000"), (None, "3"), ("A &amp; B", 2)) == "Tip + A & B"
    assert reading.fee_title(("Tip", None), ("Tip", Decimal("0.00")), (7, "1.00")) == ""


@pytest.mark.parametrize(
    ("platform", "title"),
    [
        ("woocommerce", "Surcharge + Taken back"),
        ("shopify", "Import + Duties + Tip"),
        ("bigcommerce", "Handling + Gift wrapping"),
        ("ebay", "Special fees + Adjustment"),
        ("ecwid", "Handling"),
        ("paypal", "Insurance + Other + Tip + Discount"),
        ("magento1", "Gift wrapping"),
        ("magento2", "Gift wrapping"),
        ("prestashop", "Gift wrapping + Spring"),
    ],
)
def test_fees_of_each_platform(platform: str, title: str) -> None:
    assert parse(platform, document(platform)).fee_title == title


def test_the_order_page_and_the_invoice_name_the_fees() -> None:
    order = incoming(line(total=Decimal(40)), total=Decimal(38), fee_total=Decimal(-2), fee_title="Spring")
    assert [each["name"] for each in complete([], order, ZERO)] == ["Spring"]
    held = Order(total=38, fee_total=Decimal(-2), currency="EUR", status="complete", fee_title="Spring")
    assert [row.label for row in amount_rows(held, [])] == ["Items", "Spring", "Total"]
