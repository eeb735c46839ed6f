"""A PayPal payment (Transaction Search v1.9), read into the normalised order.

What matters: amounts are texts at the currency's decimals, sometimes without a digit before the point; PayPal's fee is
negative and not the buyer's; discounts in a cart are items with a negative amount; the buyer's cart is often missing,
and may be in another currency than the payment. A refund is a transaction of its own: only a payment that was reversed
as a whole (V) says so here.
"""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import msgspec

from integrations.connectors.contract import Shop
from integrations.connectors.errors import PayloadError
from integrations.connectors.kit import decoding, stamps, values
from integrations.connectors.paypal.identity import EVENTS, external_id, status
from integrations.connectors.paypal.shapes import (
    Address,
    CartInfo,
    Item,
    Money,
    PayerInfo,
    Phone,
    ShippingInfo,
    Transaction,
    TransactionInfo,
)
from orders.intake.incoming import ZERO, IncomingAddress, IncomingLine, IncomingOrder

MAX_LINES = 1000
OTHER_CURRENCY = "Amounts of the cart are in another currency than the payment and were left out"
_TRANSACTION = msgspec.json.Decoder(Transaction)


class Reader:
    """Reads amounts at the payment's decimals. One in another currency counts as zero, with one note."""

    def __init__(self, code: str, digits: int, notes: list[str]) -> None:
        self.code, self.digits, self.notes = code, digits, notes

    def amount(self, money: Money | None, field: str) -> Decimal:
        if money is None or money.value in (None, ""):
            return ZERO
        code = (money.currency_code or self.code).strip().upper()
        if code != self.code:
            if not any(note.startswith(OTHER_CURRENCY) for note in self.notes):
                self.notes.append(f"{OTHER_CURRENCY} ({code[:10]}, not {self.code}).")
            return ZERO
        value = money.value
        if isinstance(value, str) and value.startswith((".", "-.")):
            value = value.replace(".", "0.", 1)
        return values.amount(value, self.digits, field, self.notes)


def parse(payload: bytes, shop: Shop) -> IncomingOrder:
    """Raises PayloadError, and nothing else, for what cannot be an order."""
    notes: list[str] = []
    raw = decoding.decode(_TRANSACTION, payload, notes)
    info = raw.transaction_info or TransactionInfo()
    placed_at = stamps.instant(info.transaction_initiation_date, "transaction_initiation_date")
    own_id = external_id(info.transaction_id, info.transaction_event_code, placed_at)
    if info.transaction_amount is None or info.transaction_amount.value in (None, ""):
        raise PayloadError("no_total", "The payment has no amount.", "$.transaction_info.transaction_amount")
    read = Reader(*_currency(info.transaction_amount, shop, notes), notes)
    total = read.amount(info.transaction_amount, "transaction_amount")
    if total < 0:
        raise PayloadError(
            "negative_total", f"The payment's amount is negative ({total}).", "$.transaction_info.transaction_amount"
        )
    modified_at = stamps.optional_instant(info.transaction_updated_date, "transaction_updated_date", notes)
    state, cart = status(info.transaction_status), raw.cart_info or CartInfo()
    lines, deducted = _lines(cart, read)
    line_tax = sum((line.tax for line in lines), ZERO)
    sales_tax = read.amount(info.sales_tax_amount, "sales_tax_amount")
    discount = abs(read.amount(info.discount_amount, "discount_amount"))
    billing, shipping = _billing(raw.payer_info, notes), _shipping(raw.shipping_info, notes)
    event = info.transaction_event_code or ""
    paid = (modified_at or placed_at) if state == "S" else placed_at if state == "V" else None
    order = IncomingOrder(
        external_id=own_id,
        number=values.text(info.invoice_id, 100, "The invoice number", notes) or str(info.transaction_id)[:100],
        status=state,
        placed_at=placed_at,
        modified_at=modified_at or placed_at,
        currency=read.code,
        total=total,
        lines=lines,
        tax_total=sales_tax or line_tax,
        shipping_total=read.amount(info.shipping_amount, "shipping_amount")
        - abs(read.amount(info.shipping_discount_amount, "shipping_discount_amount")),
        shipping_tax=read.amount(info.shipping_tax_amount, "shipping_tax_amount"),
        fee_total=_extras(info, read) + deducted - discount,
        fee_tax=ZERO if line_tax or cart.tax_inclusive in (True, "true", "Y") else sales_tax,
        discount_total=discount - deducted,
        refunded_total=total if state == "V" else ZERO,
        paid_at=paid,
        payment_code=event[:100],
        payment_title=f"PayPal: {EVENTS[event]}" if event in EVENTS else "PayPal",
        shipping_code=values.text(raw.shipping_info.method if raw.shipping_info else "", 100, "The delivery", notes),
        shipping_title=values.text(raw.shipping_info.method if raw.shipping_info else "", 200, "The delivery", notes),
        buyer_key=values.reference(raw.payer_info.account_id if raw.payer_info else None),
        email=billing.email,
        phone=billing.phone,
        billing=billing,
        shipping=shipping,
        note=values.text(info.transaction_note, 10_000, "The buyer's note", notes),
        metadata=_metadata(info, notes),
        warnings=tuple(notes),
    )
    if order.residual:
        decoding.refuse_repeated_keys(payload)
    return order


def _currency(total: Money, shop: Shop, notes: list[str]) -> tuple[str, int]:
    if total.currency_code and total.currency_code.strip():
        return values.currency(total.currency_code)
    default = shop.settings.get("currency")
    if not default:
        raise PayloadError("unknown_currency", "The payment has no currency.", "$.transaction_info.transaction_amount")
    notes.append(f"The payment has no currency; the shop's own, {default}, was taken.")
    return values.currency(str(default))


def _extras(info: TransactionInfo, read: Reader) -> Decimal:
    return (
        read.amount(info.insurance_amount, "insurance_amount")
        + read.amount(info.other_amount, "other_amount")
        + read.amount(info.tip_amount, "tip_amount")
    )


def _lines(cart: CartInfo, read: Reader) -> tuple[tuple[IncomingLine, ...], Decimal]:
    """The goods, and the sum of the items that only take something off (a negative amount)."""
    items = cart.item_details or []
    if len(items) > MAX_LINES:
        message = f"The payment has {len(items)} items; at most {MAX_LINES} are read."
        raise PayloadError("too_many_lines", message, "$.cart_info.item_details")
    lines, deducted = [], ZERO
    inclusive = cart.tax_inclusive in (True, "true", "Y")
    for position, item in enumerate(items):
        try:
            amount = read.amount(item.item_amount or item.total_item_amount, "item_amount")
            if amount < 0 or (item.item_unit_price and str(item.item_unit_price.value).startswith("-")):
                deducted += amount
                continue
            line = _line(item, position, amount, inclusive, read)
        except PayloadError as error:
            path = f"$.cart_info.item_details[{position}].{error.path}"
            raise PayloadError(error.code, f"Item {position + 1}: {error.message}", path) from None
        if line.quantity:
            lines.append(line)
        else:
            read.notes.append(f"Item {position + 1} ({line.name[:80]}) has the quantity 0 and was left out.")
    return tuple(lines), deducted


def _line(item: Item, position: int, amount: Decimal, inclusive: bool, read: Reader) -> IncomingLine:
    """An item without a quantity is one piece. Its key is its place: PayPal's items have no ids."""
    quantity = 1 if item.item_quantity in (None, "") else values.quantity(item.item_quantity, "item_quantity")
    sku = str(item.item_code or "").strip()
    if len(sku) > 100:
        raise PayloadError("bad_sku", f"The item code {sku[:40]!r}… has more than 100 characters.", "item_code")
    tax = sum((read.amount(each.tax_amount, "tax_amounts") for each in item.tax_amounts or ()), ZERO)
    total = amount - tax if inclusive else amount
    extras = [("options", item.item_options), ("description", item.item_description)]
    return IncomingLine(
        key=str(position + 1),
        name=values.name(item.item_name or item.item_description, 300, "A product's name", read.notes),
        quantity=quantity,
        sku=sku,
        unit_price=round(total / quantity, 6) if quantity else ZERO,
        total=total,
        tax=tax,
        stocked=bool(sku),
        metadata=values.metadata([(key, value) for key, value in extras if value], read.notes),
    )


def _billing(payer: PayerInfo | None, notes: list[str]) -> IncomingAddress:
    if payer is None:
        return IncomingAddress()
    name, place = payer.payer_name, payer.address or Address(country_code=payer.country_code)
    first, last = (name.given_name, name.surname) if name else ("", "")
    if name and not first and not last:
        first, _, last = (name.alternate_full_name or "").strip().rpartition(" ")
    return IncomingAddress(
        first_name=values.name(first, 100, "A first name", notes),
        last_name=values.name(last, 100, "A last name", notes),
        **_place(place, "the billing address", notes),
        phone=_phone(payer.phone_number, notes),
        email=values.email(payer.email_address, "The payer's e-mail", notes),
    )


def _shipping(info: ShippingInfo | None, notes: list[str]) -> IncomingAddress:
    if info is None or (not info.name and info.address is None):
        return IncomingAddress()
    first, _, last = values.name(info.name, 200, "A name", notes).rpartition(" ")
    return IncomingAddress(
        first_name=values.text(first, 100, "A first name", notes),
        last_name=values.text(last, 100, "A last name", notes),
        **_place(info.address or Address(), "the delivery address", notes),
    )


def _place(address: Address, label: str, notes: list[str]) -> dict[str, str]:
    return {
        "line_1": values.name(address.line1, 200, "An address line", notes),
        "line_2": values.name(address.line2, 200, "An address line", notes),
        "city": values.name(address.city, 100, "A city", notes),
        "state": values.name(address.state, 100, "A state", notes),
        "postal_code": values.text(address.postal_code, 20, "A postal code", notes),
        "country": values.country(address.country_code, label, notes),
    }


def _phone(phone: Phone | None, notes: list[str]) -> str:
    if phone is None or not phone.national_number:
        return ""
    prefix = f"+{phone.country_code} " if phone.country_code else ""
    return values.text(f"{prefix}{phone.national_number}", 40, "A phone number", notes)


def _metadata(info: TransactionInfo, notes: list[str]) -> dict[str, Any]:
    fee = info.fee_amount
    found: dict[str, Any] = {
        "transaction_id": str(info.transaction_id),
        "invoice_id": info.invoice_id,
        "custom_field": info.custom_field,
        "subject": info.transaction_subject,
        "paypal_fee": f"{fee.value} {fee.currency_code or ''}".strip() if fee and fee.value else "",
        "reference": info.paypal_reference_id,
        "protection_eligibility": info.protection_eligibility,
        "instrument": info.instrument_type,
    }
    return values.metadata([(key, value) for key, value in found.items() if value], notes)
