"""An Ecwid order, read into the normalised order. See `orders.py` for the document and `shapes.py` for its parts.

What matters (docs.ecwid.com): amounts are JSON numbers with float noise; a line's `price` is for one piece, before
discounts and, where `pricesIncludeTax`, with tax; its `tax`, `couponAmount` and `discounts` are for the whole line;
`tax` of the order is that of lines and shipping; `total` is what is left after gift cards, points and store credit.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import UTC, datetime
from decimal import ROUND_HALF_UP, Decimal
from typing import Any

import msgspec

from integrations.connectors.contract import Shop
from integrations.connectors.ecwid.shapes import Brief, Document, RawItem, RawOrder, RawRedeemed, RawTax
from integrations.connectors.errors import PayloadError
from integrations.connectors.kit import stamps, values
from integrations.connectors.kit.identities import identifying
from integrations.connectors.kit.order_reading import OrderReading
from integrations.connectors.kit.values import Number
from orders.intake.incoming import ZERO, IncomingLine, IncomingOrder

TOO_MUCH = Decimal(10) ** 10
# Payment statuses that decide alone, whatever is the state of the delivery.
ALONE = {"CANCELLED", "REFUNDED", "INCOMPLETE"}
DATE = re.compile(r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d [+-]\d{4}", re.ASCII)
_DOCUMENT = msgspec.json.Decoder(Document)


class Reading(OrderReading):
    """Amounts as Ecwid has them: numbers with float noise, with or without the tax."""

    # Whether prices hold the tax.
    inclusive = False
    # Whether the lines' taxes hold the tax on shipping, too: then it is not counted twice.
    shared = False
    # What the order's tax holds beyond that of lines and shipping; None where the order does not tell its tax.
    beyond: Decimal | None = None

    def amount(self, value: Number, field: str) -> Decimal:
        """Noise beyond six decimals is a computer's, not the shop's: it goes without a note."""
        if isinstance(value, float) and abs(value) < float(TOO_MUCH):
            value = f"{value:.6f}"
        return super().amount(value, field)

    def taxes(self, taxes: list[RawTax] | None) -> Decimal:
        return self.sum([tax.total for tax in taxes or ()], "taxes.total")

    def taxation(self, raw: RawOrder) -> None:
        self.inclusive = raw.pricesIncludeTax is True
        taxed = self.sum([item.tax for item in raw.items or ()], "items.tax")
        told, shipped = self.amount(raw.tax, "tax"), self.taxes(raw.taxesOnShipping)
        self.shared = bool(shipped) and taxed == told
        if raw.tax is not None:
            within = self.sum([tax.taxOnShipping for item in raw.items or () for tax in item.taxes or ()], "taxes")
            self.beyond = told - shipped - taxed + (within if self.shared else ZERO)

    def shipping(self, raw: RawOrder) -> tuple[Decimal, Decimal]:
        """Net and tax."""
        option, tax = raw.shippingOption, self.taxes(raw.taxesOnShipping)
        if option is None:
            rate = ZERO
        elif option.discountedShippingRate is not None:
            rate = self.amount(option.discountedShippingRate, "discountedShippingRate")
        else:
            rate = self.amount(option.shippingRate, "shippingRate")
        return (rate - tax if self.inclusive else rate), tax

    def fees(self, raw: RawOrder) -> tuple[Decimal, Decimal]:
        """Handling and surcharges. `taxesOnShipping` covers the tax on handling, unless the fee names its own.

        A tax that the order's own has no room for stands in that of the items already.
        """
        net = tax = ZERO
        handling = [(raw.handlingFee, raw.handlingFee.value)] if raw.handlingFee else []
        for fee, value in [*handling, *((each, each.total) for each in raw.customSurcharges or ())]:
            own = self.taxes(fee.taxes)
            if self.beyond is not None and self.beyond - tax < own / 2:
                own = ZERO
            net += self.amount(value, "fee") - (own if self.inclusive else ZERO)
            tax += own
        return net, tax


def parse(payload: bytes, shop: Shop) -> IncomingOrder:
    """Raises PayloadError, and nothing else, for what cannot be an order."""
    reading = Reading(payload)
    document = reading.document(_DOCUMENT)
    raw = document.order
    external_id = values.identifier(raw.id)
    reading.in_currency(shop, document.currency, path="$.currency")
    reading.taxation(raw)
    total = reading.total(raw.total, "$.order.total")
    placed_at, modified_at = stamps.placed_and_modified(
        _moment(raw.createTimestamp, raw.createDate, "createDate"),
        _moment(raw.updateTimestamp, raw.updateDate, "updateDate"),
        "$.order.updateTimestamp",
    )
    shipping_total, shipping_tax = reading.shipping(raw)
    fee_total, fee_tax = reading.fees(raw)
    option = raw.shippingOption
    title = reading.shipping_title(option.shippingMethodName if option else None)
    email = reading.email(raw.email, "The buyer's e-mail")
    billing = reading.address(raw.billingPerson, "the billing address", email)
    order = IncomingOrder(
        external_id=external_id,
        number=reading.number(external_id),
        status=status(raw.paymentStatus, raw.fulfillmentStatus),
        placed_at=placed_at,
        modified_at=modified_at,
        currency=reading.currency,
        total=total,
        lines=reading.lines(raw.items, lambda item: _line(item, reading), "$.order.items"),
        tax_total=reading.amount(raw.tax, "tax"),
        shipping_total=shipping_total,
        shipping_tax=shipping_tax,
        fee_total=fee_total,
        fee_tax=fee_tax,
        fee_title=_fee_title(raw, reading),
        discount_total=reading.amount(raw.couponDiscount, "couponDiscount") + reading.amount(raw.discount, "discount"),
        refunded_total=reading.amount(raw.refundedAmount, "refundedAmount"),
        payment_code=reading.payment_code(raw.paymentMethod),
        payment_title=reading.payment_title(raw.paymentMethod),
        shipping_code=values.reference(option.shippingMethodId) or title[:100] if option else "",
        shipping_title=title,
        buyer_key=values.reference(raw.customerId),
        email=email,
        phone=billing.phone,
        billing=billing,
        shipping=reading.address(raw.shippingPerson, "the delivery address", ""),
        note=reading.buyers_note(raw.orderComments),
        metadata=_metadata(raw, reading),
        warnings=reading.warnings(),
    )
    return reading.checked(order, lambda: _named(raw, reading))


def _fee_title(raw: RawOrder, reading: Reading) -> str:
    handling = [(fee.name or "Handling", fee.value) for fee in [raw.handlingFee] if fee]
    return reading.fee_title(*handling, *((each.description, each.total) for each in raw.customSurcharges or ()))


def _named(raw: RawOrder, reading: Reading) -> Iterator[tuple[str, Decimal]]:
    """What pays or lowers the total beside the lines. Of discounts that is what no line and no delivery has taken."""
    for name, value in (
        ("Gift card", raw.giftCardRedemption),
        ("Loyalty points", _redeemed(raw.loyalty)),
        ("Store credit", _redeemed(raw.storeCredit)),
    ):
        yield name, -reading.amount(value, name)
    off = [discount.total for item in raw.items or () for discount in item.discounts or ()]
    yield "Discount", reading.sum(off, "discounts.total") - reading.amount(raw.discount, "discount")
    option = raw.shippingOption
    coupon = reading.sum([item.couponAmount for item in raw.items or ()], "couponAmount")
    if option is not None and option.discountedShippingRate is not None:
        coupon += reading.amount(option.shippingRate, "shippingRate")
        coupon -= reading.amount(option.discountedShippingRate, "discountedShippingRate")
    yield "Coupon", coupon - reading.amount(raw.couponDiscount, "couponDiscount")


def status(payment: Any, fulfilment: Any) -> str:
    """`PAID/SHIPPED`, or the payment status alone where it decides alone; "" for none."""
    parts = [part.strip()[:50] for part in (payment, fulfilment) if isinstance(part, str) and part.strip()]
    return parts[0] if parts and parts[0] in ALONE else "/".join(parts)


def _moment(seconds: Any, date: Any, field: str) -> datetime | None:
    """The timestamp in seconds, or else the date `2024-09-04 07:22:09 +0000`."""
    try:
        if type(seconds) is int and seconds:
            return stamps.in_range(datetime.fromtimestamp(seconds, UTC), field)
        if not date:
            return None
        if not isinstance(date, str) or DATE.fullmatch(date) is None:
            raise ValueError(date)
        return stamps.in_range(datetime.strptime(date, "%Y-%m-%d %H:%M:%S %z").astimezone(UTC), field)
    except (ValueError, OverflowError, OSError):
        raise stamps.bad_date(date or seconds, field) from None


def _line(raw: RawItem, reading: Reading) -> IncomingLine:
    """There is no total of a line: it is price x quantity (so is the documented subtotal) less what was taken off."""
    quantity, sku = values.quantity(raw.quantity), values.sku(raw.sku)
    exact = values.unit_price(raw.price, "price") * quantity
    before = exact.quantize(Decimal(1).scaleb(-reading.digits), ROUND_HALF_UP)
    if before >= TOO_MUCH:
        raise PayloadError("bad_amount", "The line's price times its quantity is too large.", "price")
    tax = reading.amount(raw.tax, "tax")
    if reading.shared:
        tax -= reading.sum([each.taxOnShipping for each in raw.taxes or ()], "taxOnShipping")
    off = reading.sum([discount.total for discount in raw.discounts or ()], "discounts.total")
    discount = reading.amount(raw.couponAmount, "couponAmount") + off
    included = reading.inclusive and raw.taxAlreadyDeductedFromPrice is not True
    unit = raw.priceWithoutTax if included and raw.priceWithoutTax is not None else raw.price
    download = raw.digital is True and raw.isShippingRequired is False
    return IncomingLine(
        key=values.identifier(raw.id)[:100],
        name=reading.product(raw.name),
        quantity=quantity,
        sku=sku,
        product_key=values.reference(raw.combinationId) or values.reference(raw.productId),
        unit_price=values.unit_price(unit, "price"),
        total=before - discount - (tax if included else ZERO),
        tax=tax,
        tax_code=values.tax_code((each.name, each.value) for each in raw.taxes or ()),
        discount=discount,
        stocked=bool(sku) and not download and raw.giftCard is not True,
        metadata=reading.metadata([(str(each.name or ""), each.value or None) for each in raw.selectedOptions or ()]),
    )


def _metadata(raw: RawOrder, reading: Reading) -> dict[str, Any]:
    """The extra fields by their titles or names, and what Ecwid says beside: only what is there."""
    pairs = [(str(extra.title or extra.id or ""), extra.value) for extra in raw.orderExtraFields or ()]
    pairs += list(raw.extraFields.items()) if isinstance(raw.extraFields, dict) else []
    pairs += [
        ("transaction_id", raw.externalTransactionId),
        ("coupon_codes", raw.discountCoupon.code if raw.discountCoupon else None),
        ("private_admin_notes", raw.privateAdminNotes),
        ("fulfillment_status", raw.fulfillmentStatus if status(raw.paymentStatus, None) in ALONE else None),
        ("tracking_number", raw.trackingNumber),
        ("gift_card_redemption", raw.giftCardRedemption),
        ("loyalty_redemption", _redeemed(raw.loyalty)),
        ("store_credit_redemption", _redeemed(raw.storeCredit)),
        ("external_order_id", raw.externalOrderId),
        ("customer_tax_id", raw.customerTaxId),
    ]
    return reading.metadata(pairs, empty=(None, "", 0))


def _redeemed(raw: RawRedeemed | None) -> Number:
    """What points or store credit paid of the order; nothing when that was taken back."""
    return raw.redemption.amount if raw and raw.redemption and raw.redemption.cancelled is not True else None


# Ecwid writes the id first.
identify = identifying(
    Brief,
    rb'"id"\s*:\s*"([^"\\\x00-\x1f]{1,255})"',
    external_id=lambda brief: values.identifier(brief.id),
    status=lambda brief: status(brief.paymentStatus, brief.fulfillmentStatus),
    modified_at=lambda brief: _moment(brief.updateTimestamp, None, "updateTimestamp"),
    within="order",
)
