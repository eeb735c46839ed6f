"""An eBay order (Sell Fulfillment v1.20.7), read into the normalised order.

What matters: `lineItemCost` is for the whole line, not for one unit; discounts of `pricingSummary` are negative;
amounts are texts like "75.0" whatever the currency; taxes that eBay collects and remits are not the seller's money and
are kept beside the order; `totalDueSeller` is the payout, not what the buyer owes; e-mail addresses are aliases and
disappear after 14 days; with Global Shipping the delivery address is eBay's hub.
"""

from __future__ import annotations

import re
from decimal import Decimal
from typing import Any

import msgspec

from integrations.connectors.contract import Identity, Shop
from integrations.connectors.ebay.shapes import Amount, Contact, Instruction, Line, Order, Payment, Pricing, Refund
from integrations.connectors.errors import PayloadError
from integrations.connectors.kit import decoding, stamps, values
from integrations.connectors.kit.json_documents import repaired, utf8
from orders.intake.incoming import ZERO, IncomingAddress, IncomingLine, IncomingOrder

MAX_LINES = 1000
NOT_CANCELLED = {"", "NONE_REQUESTED"}
PAID = {"PAID", "PARTIALLY_REFUNDED"}
_ORDER = msgspec.json.Decoder(Order)


class Money:
    """Reads amounts at the order's decimals. One in another currency counts as zero, with a note."""

    def __init__(self, code: str, digits: int, notes: list[str]) -> None:
        self.code, self.digits, self.notes = code, digits, notes

    def read(self, amount: Amount | None, field: str) -> Decimal:
        if amount is None or amount.value in (None, ""):
            return ZERO
        if amount.currency and amount.currency.strip().upper() != self.code:
            self.notes.append(f"The amount {field} is in {amount.currency[:10]}, not in {self.code}, and was left out.")
            return ZERO
        return values.amount(amount.value, self.digits, field, self.notes)


def parse(payload: bytes, shop: Shop) -> IncomingOrder:
    """Raises PayloadError, and nothing else, for what cannot be an order."""
    notes: list[str] = []
    raw = decoding.decode(_ORDER, payload, notes)
    external_id = values.identifier(raw.orderId, "orderId")
    pricing = raw.pricingSummary or Pricing()
    if pricing.total is None or pricing.total.value in (None, ""):
        raise PayloadError("no_total", "The order has no total.", "$.pricingSummary.total")
    money = Money(*_currency(pricing.total, shop, notes), notes)
    total = money.read(pricing.total, "pricingSummary.total")
    if total < 0:
        raise PayloadError("negative_total", f"The order's total is negative ({total}).", "$.pricingSummary.total")
    modified_at = stamps.instant(raw.lastModifiedDate or raw.creationDate, "lastModifiedDate")
    delivery = _delivery(raw)
    step = delivery.shippingStep
    shipping = _address(step.shipTo if step else None, "the delivery address", notes)
    billing = _address(raw.buyer.buyerRegistrationAddress if raw.buyer else None, "the buyer's address", notes)
    lines = _lines(raw.lineItems or [], money)
    payment = _payment(raw)
    discount = money.read(pricing.priceDiscount, "pricingSummary.priceDiscount")
    order = IncomingOrder(
        external_id=external_id,
        number=external_id[:100],
        status=status(raw.orderPaymentStatus, raw.orderFulfillmentStatus, _cancel_state(raw)),
        placed_at=stamps.instant(raw.creationDate, "creationDate") if raw.creationDate else modified_at,
        modified_at=modified_at,
        currency=money.code,
        total=total,
        lines=lines,
        tax_total=(
            money.read(pricing.tax, "pricingSummary.tax") if pricing.tax else sum((line.tax for line in lines), ZERO)
        ),
        shipping_total=money.read(pricing.deliveryCost, "pricingSummary.deliveryCost")
        + money.read(pricing.deliveryDiscount, "pricingSummary.deliveryDiscount"),
        fee_total=money.read(pricing.fee, "pricingSummary.fee")
        + money.read(pricing.adjustment, "pricingSummary.adjustment"),
        discount_total=abs(discount) or sum((line.discount for line in lines), ZERO),
        refunded_total=sum((_refunded(refund, money) for refund in _refunds(raw)), ZERO),
        paid_at=stamps.optional_instant(payment.paymentDate, "paymentDate", notes) if _is_paid(payment) else None,
        payment_code=values.text(payment.paymentMethod, 100, "The payment code", notes),
        payment_title="eBay" if payment.paymentMethod == "EBAY" else (payment.paymentMethod or "")[:200],
        shipping_code=_delivery_code(delivery)[:100],
        shipping_title=_delivery_title(delivery)[:200],
        buyer_key=values.reference(raw.buyer.username if raw.buyer else None),
        email=billing.email or shipping.email,
        phone=billing.phone or shipping.phone,
        billing=billing,
        shipping=shipping,
        note=values.text(raw.buyerCheckoutNotes, 10_000, "The buyer's note", notes),
        metadata=_metadata(raw, delivery, notes),
        warnings=tuple(notes),
    )
    if order.residual:
        decoding.refuse_repeated_keys(payload)
    return order


def _currency(total: Amount, shop: Shop, notes: list[str]) -> tuple[str, int]:
    if total.currency and total.currency.strip():
        return values.currency(total.currency)
    default = shop.settings.get("currency")
    if not default:
        raise PayloadError("unknown_currency", "The order has no currency.", "$.pricingSummary.total.currency")
    notes.append(f"The order has no currency; the shop's own, {default}, was taken.")
    return values.currency(str(default))


def status(payment: Any, fulfilment: Any, cancel: Any) -> str:
    """One code of eBay's three states, in lower case.

    `canceled`, `cancel_requested` (or another state of a cancellation), the payment's state while it is not paid
    (`pending`, `failed`, `fully_refunded`), and `paid/not_started`, `paid/in_progress`, `paid/fulfilled`,
    `partially_refunded/...` once it is.
    """
    paid, shipped, cancelled = (str(part).strip().upper() if isinstance(part, str) else "" for part in (
        payment, fulfilment, cancel,
    ))  # fmt: skip
    if cancelled in {"CANCELED", "CANCELLED"}:
        code = "canceled"
    elif cancelled not in NOT_CANCELLED:
        code = "cancel_requested" if cancelled == "IN_PROGRESS" else f"cancel_{cancelled}"
    elif paid in PAID:
        code = f"{paid}/{shipped}" if shipped else paid
    else:
        code = paid
    return code.lower()[:100]


def _cancel_state(raw: Order) -> str | None:
    return raw.cancelStatus.cancelState if raw.cancelStatus else None


def _delivery(raw: Order) -> Instruction:
    """The instruction that names a carrier; an order normally has one."""
    instructions = raw.fulfillmentStartInstructions or []
    shipped = (each for each in instructions if each.shippingStep)
    return next(shipped, instructions[0] if instructions else Instruction())


def _delivery_code(delivery: Instruction) -> str:
    step = delivery.shippingStep
    return (step.shippingServiceCode if step else "") or delivery.fulfillmentInstructionsType or ""


def _delivery_title(delivery: Instruction) -> str:
    step = delivery.shippingStep
    if step is None:
        return {"DIGITAL": "Digital delivery", "PREPARE_FOR_PICKUP": "In-store pickup"}.get(
            delivery.fulfillmentInstructionsType or "", delivery.fulfillmentInstructionsType or ""
        )
    return " ".join(part for part in (step.shippingCarrierCode, step.shippingServiceCode) if part)


def _payment(raw: Order) -> Payment:
    """The first payment that was made, or the first attempt."""
    payments = (raw.paymentSummary.payments if raw.paymentSummary else None) or []
    return next((each for each in payments if _is_paid(each)), payments[0] if payments else Payment())


def _is_paid(payment: Payment) -> bool:
    return payment.paymentStatus == "PAID"


def _refunds(raw: Order) -> list[Refund]:
    return (raw.paymentSummary.refunds if raw.paymentSummary else None) or []


def _refunded(refund: Refund, money: Money) -> Decimal:
    """What has left; a refund that failed or is still pending has not."""
    if refund.refundStatus in {"FAILED", "PENDING"}:
        return ZERO
    return abs(money.read(refund.amount, "refunds.amount"))


def _lines(raws: list[Line], money: Money) -> tuple[IncomingLine, ...]:
    if len(raws) > MAX_LINES:
        message = f"The order has {len(raws)} lines; at most {MAX_LINES} are read."
        raise PayloadError("too_many_lines", message, "$.lineItems")
    lines = []
    for position, raw in enumerate(raws):
        try:
            line = _line(raw, money)
        except PayloadError as error:
            path = f"$.lineItems[{position}].{error.path}"
            raise PayloadError(error.code, f"Line {position + 1}: {error.message}", path) from None
        if line.quantity:
            lines.append(line)
        else:
            money.notes.append(f"Line {position + 1} ({line.name[:80]}) has the quantity 0 and was left out.")
    return tuple(lines)


def _line(raw: Line, money: Money) -> IncomingLine:
    quantity = values.quantity(raw.quantity)
    sku = str(raw.sku or "").strip()
    if len(sku) > 100:
        raise PayloadError("bad_sku", f"The SKU {sku[:40]!r}… has more than 100 characters.", "sku")
    before = money.read(raw.lineItemCost, "lineItemCost")
    total = money.read(raw.discountedLineItemCost, "discountedLineItemCost") if raw.discountedLineItemCost else before
    aspects = [(aspect.name, aspect.value) for aspect in raw.variationAspects or () if aspect.name]
    return IncomingLine(
        key=values.identifier(raw.lineItemId, "lineItemId")[:100],
        name=values.name(raw.title, 300, "A product's name", money.notes),
        quantity=quantity,
        sku=sku,
        product_key=values.reference(raw.legacyVariationId) or values.reference(raw.legacyItemId),
        unit_price=round(total / quantity, 6) if quantity else ZERO,
        total=total,
        tax=sum((money.read(tax.amount, "taxes.amount") for tax in raw.taxes or ()), ZERO),
        discount=before - total,
        stocked=bool(sku),
        metadata=values.metadata(aspects, money.notes) if aspects else {},
    )


def _address(raw: Contact | None, label: str, notes: list[str]) -> IncomingAddress:
    """eBay has one field for the whole name; the last word is taken for the last name."""
    if raw is None:
        return IncomingAddress()
    place = raw.contactAddress
    first, _, last = values.name(raw.fullName, 200, "A name", notes).rpartition(" ")
    phone = raw.primaryPhone.phoneNumber if raw.primaryPhone else None
    return IncomingAddress(
        first_name=values.text(first, 100, "A first name", notes),
        last_name=values.text(last, 100, "A last name", notes),
        company=values.name(raw.companyName, 200, "A company name", notes),
        line_1=values.name(place.addressLine1, 200, "An address line", notes) if place else "",
        line_2=values.name(place.addressLine2, 200, "An address line", notes) if place else "",
        city=values.name(place.city, 100, "A city", notes) if place else "",
        state=values.name(place.stateOrProvince, 100, "A state", notes) if place else "",
        postal_code=values.text(place.postalCode, 20, "A postal code", notes) if place else "",
        country=values.country(place.countryCode, label, notes) if place else "",
        phone=values.text(phone, 40, "A phone number", notes),
        email=values.email(raw.email, f"The e-mail of {label}", notes),
    )


def _written(amount: Amount | None) -> str:
    return f"{amount.value} {amount.currency or ''}".strip() if amount and amount.value not in (None, "") else ""


def _metadata(raw: Order, delivery: Instruction, notes: list[str]) -> dict[str, Any]:
    """What belongs to the order but to none of its amounts, under our own names; only what is there."""
    total = raw.pricingSummary.total if raw.pricingSummary else None
    collected = [_written(tax.amount) for line in raw.lineItems or () for tax in line.ebayCollectAndRemitTaxes or ()]
    found: dict[str, Any] = {
        "legacy_order_id": raw.legacyOrderId,
        "sales_record_reference": raw.salesRecordReference,
        "seller": raw.sellerId,
        "payment_reference": _payment(raw).paymentReferenceId,
        "payout": _written(raw.paymentSummary.totalDueSeller if raw.paymentSummary else None),
        "marketplace_fee": _written(raw.totalMarketplaceFee),
        "taxes_remitted_by_ebay": " + ".join(filter(None, collected)),
        "converted_from": f"{total.convertedFromValue} {total.convertedFromCurrency}"
        if total and total.convertedFromValue
        else "",
        "pickup_location": delivery.pickupStep.merchantLocationKey if delivery.pickupStep else "",
        "final_destination": delivery.finalDestinationAddress.countryCode if delivery.finalDestinationAddress else "",
        "ship_to_reference": delivery.shippingStep.shipToReferenceId if delivery.shippingStep else "",
        "cancel_reason": ", ".join(
            each.cancelReason
            for each in (raw.cancelStatus.cancelRequests if raw.cancelStatus else None) or ()
            if each.cancelReason
        ),
    }
    return values.metadata([(key, value) for key, value in found.items() if value], notes)


class _Brief(msgspec.Struct):
    orderId: Any = None
    orderPaymentStatus: Any = None
    orderFulfillmentStatus: Any = None
    lastModifiedDate: Any = None
    cancelStatus: Any = None


_BRIEF = msgspec.json.Decoder(_Brief)
_ID = re.compile(rb'"orderId"\s*:\s*"([0-9A-Za-z!_-]{1,60})"')


def identify(payload: bytes, shop: Shop) -> Identity:
    """Never raises. What cannot be decoded at all is searched for the first `"orderId"`."""
    try:
        brief = _BRIEF.decode(repaired(utf8(payload)))
    except (ValueError, RecursionError):
        found = _ID.search(payload[:100_000])
        return Identity(found[1].decode() if found else "")
    try:
        external_id = values.identifier(brief.orderId, "orderId")
    except PayloadError:
        external_id = ""
    try:
        modified_at = stamps.instant(brief.lastModifiedDate, "lastModifiedDate")
    except PayloadError:
        modified_at = None
    cancel = brief.cancelStatus.get("cancelState") if isinstance(brief.cancelStatus, dict) else None
    code = status(brief.orderPaymentStatus, brief.orderFulfillmentStatus, cancel)
    return Identity(external_id, external_id[:100], code, modified_at)
