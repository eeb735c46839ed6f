"""An eBay order (Sell Fulfillment v1.20.7), read into the normalised order.

What matters: `lineItemCost` is for the whole line, not for one unit; discounts of `pricingSummary` are negative;
amounts are texts like "75.0" whatever the currency; taxes that eBay collects and remits are not the seller's money and
are kept beside the order; `totalDueSeller` is the payout, not what the buyer owes; e-mail addresses are aliases and
disappear after 14 days; with Global Shipping the delivery address is eBay's hub.
"""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal
from typing import Any

import msgspec

from integrations.connectors.contract import Shop
from integrations.connectors.ebay.shapes import (
    Brief,
    Buyer,
    CancelStatus,
    Contact,
    ContactAddress,
    Country,
    Instruction,
    Line,
    Order,
    Payment,
    PaymentSummary,
    PickupStep,
    Pricing,
    ShippingStep,
)
from integrations.connectors.ebay.status import status
from integrations.connectors.kit import stamps, values
from integrations.connectors.kit.identities import identifying
from integrations.connectors.kit.json_answers import part
from integrations.connectors.kit.money_reading import MoneyReading, written
from integrations.connectors.kit.windows import SECOND
from orders.intake.incoming import ZERO, IncomingAddress, IncomingLine, IncomingOrder

WITHOUT_CARRIER = {"DIGITAL": "Digital delivery", "PREPARE_FOR_PICKUP": "In-store pickup"}
_ORDER = msgspec.json.Decoder(Order)


def parse(payload: bytes, shop: Shop) -> IncomingOrder:
    """Raises PayloadError, and nothing else, for what cannot be an order."""
    reading = MoneyReading(payload)
    raw = reading.document(_ORDER)
    external_id = values.identifier(raw.orderId, "orderId")
    pricing, buyer = raw.pricingSummary or Pricing(), raw.buyer or Buyer()
    cancelled = raw.cancelStatus or CancelStatus()
    total = reading.owed(shop, pricing.total, "$.pricingSummary.total")
    modified_at = stamps.instant(raw.lastModifiedDate or raw.creationDate, "lastModifiedDate")
    if cancelled.cancelRequests:
        modified_at += SECOND  # a list has the same order without them: that document is the older one
    delivery, payment = _delivery(raw), _payment(raw)
    paid = payment.paymentDate if _is_paid(payment) else None
    shipping_code, shipping_title = _shipping(delivery)
    shipping = _address((delivery.shippingStep or ShippingStep()).shipTo, "the delivery address", reading)
    billing = _address(buyer.buyerRegistrationAddress, "the buyer's address", reading)
    lines = reading.lines(raw.lineItems, lambda line: _line(line, reading), "$.lineItems")
    discount = reading.money(pricing.priceDiscount, "priceDiscount")
    taxed = sum((line.tax for line in lines), ZERO)
    tax = reading.money(pricing.tax, "tax") if pricing.tax else taxed
    order = IncomingOrder(
        external_id=external_id,
        number=external_id[:100],
        status=status(raw.orderPaymentStatus, raw.orderFulfillmentStatus, cancelled.cancelState),
        placed_at=stamps.instant(raw.creationDate, "creationDate") if raw.creationDate else modified_at,
        modified_at=modified_at,
        currency=reading.currency,
        total=total,
        lines=lines,
        tax_total=tax,
        shipping_total=reading.moneys([pricing.deliveryCost, pricing.deliveryDiscount], "deliveryCost"),
        shipping_tax=max(ZERO, tax - taxed),  # what is no line's is the tax on delivery and handling
        fee_total=reading.moneys([pricing.fee, pricing.adjustment], "fee"),
        fee_title=reading.fee_title(
            ("Special fees", reading.money(pricing.fee, "fee")),
            ("Adjustment", reading.money(pricing.adjustment, "adjustment")),
        ),
        discount_total=abs(discount) or sum((line.discount for line in lines), ZERO),
        refunded_total=_refunded(raw, reading),
        paid_at=reading.optional(stamps.instant, paid, "paymentDate") if paid else None,
        payment_code=reading.payment_code(payment.paymentMethod),
        payment_title="eBay" if payment.paymentMethod == "EBAY" else (payment.paymentMethod or "")[:200],
        shipping_code=shipping_code[:100],
        shipping_title=shipping_title[:200],
        buyer_key=values.reference(buyer.username),
        email=billing.email or shipping.email,
        phone=billing.phone or shipping.phone,
        billing=billing,
        shipping=shipping,
        note=reading.buyers_note(raw.buyerCheckoutNotes),
        metadata=_metadata(raw, delivery, payment, reading),
        warnings=reading.warnings(),
    )
    return reading.checked(order, lambda: _named(raw, reading))


def _named(raw: Order, reading: MoneyReading) -> Iterator[tuple[str, Decimal]]:
    """What eBay tells of the lines and may have put into the order's total beside its pricing."""
    costs = [line.deliveryCost for line in raw.lineItems or () if line.deliveryCost]
    collected = [tax.amount for line in raw.lineItems or () for tax in line.ebayCollectAndRemitTaxes or ()]
    yield "Tax collected by eBay", reading.moneys(collected, "ebayCollectAndRemitTaxes")
    yield "Import charges", reading.moneys([cost.importCharges for cost in costs], "importCharges")
    yield "Handling", reading.moneys([cost.handlingCost for cost in costs], "handlingCost")
    fees = [cost.shippingIntermediationFee for cost in costs]
    yield "Fee of eBay's carrier", reading.moneys(fees, "shippingIntermediationFee")


def _delivery(raw: Order) -> Instruction:
    """The instruction that names a carrier; an order normally has one."""
    instructions = raw.fulfillmentStartInstructions or [Instruction()]
    return next((each for each in instructions if each.shippingStep), instructions[0])


def _shipping(delivery: Instruction) -> tuple[str, str]:
    """Code and title of how it is sent."""
    kind, step = delivery.fulfillmentInstructionsType or "", delivery.shippingStep
    if step is None:
        return kind, WITHOUT_CARRIER.get(kind, kind)
    named = [step.shippingCarrierCode, step.shippingServiceCode]
    return step.shippingServiceCode or kind, " ".join(filter(None, named))


def _payment(raw: Order) -> Payment:
    """The first payment that was made, or the first attempt."""
    payments = (raw.paymentSummary or PaymentSummary()).payments or [Payment()]
    return next(filter(_is_paid, payments), payments[0])


def _is_paid(payment: Payment) -> bool:
    return payment.paymentStatus == "PAID"


def _refunded(raw: Order, reading: MoneyReading) -> Decimal:
    """What has left; a refund that failed or is still pending has not.

    The order's refunds do not include those of its lines (type OrderRefund). Neither says how many units they are for.
    """
    whole = (raw.paymentSummary or PaymentSummary()).refunds or ()
    counted = {refund.refundId for refund in whole if refund.refundId}
    left = [refund.amount for refund in whole if refund.refundStatus not in {"FAILED", "PENDING"}]
    for line in raw.lineItems or ():
        left += [each.amount for each in line.refunds or () if each.refundDate and each.refundId not in counted]
    return sum((abs(reading.money(amount, "refunds.amount")) for amount in left), ZERO)


def _line(raw: Line, reading: MoneyReading) -> IncomingLine:
    quantity, sku = values.quantity(raw.quantity), values.sku(raw.sku)
    before = reading.money(raw.lineItemCost, "lineItemCost")
    discounted = raw.discountedLineItemCost
    total = reading.money(discounted, "discountedLineItemCost") if discounted else before
    return IncomingLine(
        key=values.identifier(raw.lineItemId, "lineItemId")[:100],
        name=reading.product(raw.title),
        quantity=quantity,
        sku=sku,
        product_key=values.reference(raw.legacyVariationId) or values.reference(raw.legacyItemId),
        unit_price=round(total / quantity, 6) if quantity else ZERO,
        total=total,
        tax=reading.moneys([tax.amount for tax in raw.taxes or ()], "taxes.amount"),
        discount=before - total,
        stocked=bool(sku),
        metadata=reading.metadata([(each.name or "", each.value) for each in raw.variationAspects or ()], empty=()),
    )


def _address(raw: Contact | None, what: str, reading: MoneyReading) -> IncomingAddress:
    """eBay has one field for the whole name; the last word is taken for the last name."""
    raw = raw or Contact()
    first, last = values.split_name(raw.fullName)
    place = msgspec.structs.replace(
        raw.contactAddress or ContactAddress(),
        first_name=first,
        last_name=last,
        company=raw.companyName,
        phone=raw.primaryPhone.phoneNumber if raw.primaryPhone else None,
        email=raw.email,
    )
    return reading.address(place, what)


def _metadata(raw: Order, delivery: Instruction, payment: Payment, reading: MoneyReading) -> dict[str, Any]:
    """What belongs to the order but to none of its amounts, under our own names; only what is there."""
    total = raw.pricingSummary.total if raw.pricingSummary else None
    collected = [written(tax.amount) for line in raw.lineItems or () for tax in line.ebayCollectAndRemitTaxes or ()]
    reasons = [each.cancelReason for each in (raw.cancelStatus or CancelStatus()).cancelRequests or ()]
    converted = (
        f"{total.convertedFromValue} {total.convertedFromCurrency}" if total and total.convertedFromValue else ""
    )
    pairs = [
        ("legacy_order_id", raw.legacyOrderId),
        ("sales_record_reference", raw.salesRecordReference),
        ("seller", raw.sellerId),
        ("payment_reference", payment.paymentReferenceId),
        ("payout", written((raw.paymentSummary or PaymentSummary()).totalDueSeller)),
        ("marketplace_fee", written(raw.totalMarketplaceFee)),
        ("taxes_remitted_by_ebay", " + ".join(filter(None, collected))),
        ("converted_from", converted),
        ("pickup_location", (delivery.pickupStep or PickupStep()).merchantLocationKey),
        ("final_destination", (delivery.finalDestinationAddress or Country()).countryCode),
        ("ship_to_reference", (delivery.shippingStep or ShippingStep()).shipToReferenceId),
        ("cancel_reason", ", ".join(filter(None, reasons))),
    ]
    return reading.metadata(pairs, empty=(None, "", 0))


# eBay writes the id first, but in a long document that is cut off it may come late.
identify = identifying(
    Brief,
    rb'"orderId"\s*:\s*"([0-9A-Za-z!_-]{1,60})"',
    external_id=lambda brief: values.identifier(brief.orderId, "orderId"),
    status=lambda brief: status(
        brief.orderPaymentStatus, brief.orderFulfillmentStatus, part(brief.cancelStatus).get("cancelState")
    ),
    modified_at=lambda brief: stamps.instant(brief.lastModifiedDate, "lastModifiedDate"),
    searched=100_000,
)
