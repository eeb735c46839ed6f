"""A PayPal payment (Transaction Search v1.9), read into the normalised order.

What matters: amounts are texts at the currency's decimals, sometimes without a digit before the point; PayPal's fee is
negative and not the buyer's; discounts in a cart are items with a negative amount; the buyer's cart is often missing,
and may be in another currency than the payment. Refunds are transactions of their own, which `paypal.refunds` adds to
the payment's document; only one that was reversed as a whole (V) says so itself.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

import msgspec

from integrations.connectors.contract import Shop
from integrations.connectors.kit import stamps, values
from integrations.connectors.kit.money_reading import MoneyReading, written
from integrations.connectors.kit.order_reading import Wording
from integrations.connectors.kit.values import Number
from integrations.connectors.paypal.identity import EVENTS, external_id, status
from integrations.connectors.paypal.shapes import (
    Address,
    CartInfo,
    Item,
    Name,
    PayerInfo,
    Phone,
    ShippingInfo,
    Transaction,
    TransactionInfo,
)
from orders.intake.incoming import ZERO, IncomingAddress, IncomingLine, IncomingOrder

OTHER_CURRENCY = "Amounts of the cart are in another currency than the payment and were left out"
_TRANSACTION = msgspec.json.Decoder(Transaction)


class Reader(MoneyReading):
    """Amounts as PayPal has them, and the cart's items, some of which only take something off."""

    wording = Wording("payment", "item", "amount")
    # Whether the items' amounts hold the tax.
    inclusive = False
    # The sum of the items with a negative amount.
    deducted = ZERO
    items = 0

    def amount(self, value: Number, field: str) -> Decimal:
        if isinstance(value, str) and value.startswith((".", "-.")):
            value = value.replace(".", "0.", 1)
        return super().amount(value, field)

    def foreign(self, code: str, field: str) -> None:
        if not any(note.startswith(OTHER_CURRENCY) for note in self.notes):
            self.notes.append(f"{OTHER_CURRENCY} ({code}, not {self.currency}).")

    def item(self, item: Item) -> IncomingLine | None:
        """Its key is its place: PayPal's items have no ids."""
        self.items += 1
        amount = self.money(item.item_amount or item.total_item_amount, "item_amount")
        if amount < 0 or (item.item_unit_price and str(item.item_unit_price.value).startswith("-")):
            self.deducted += amount
            return None
        return _line(item, str(self.items), amount, self)


def parse(payload: bytes, shop: Shop) -> IncomingOrder:
    """Raises PayloadError, and nothing else, for what cannot be an order."""
    read = Reader(payload)
    raw = read.document(_TRANSACTION)
    info, cart, sent = raw.transaction_info or TransactionInfo(), raw.cart_info or CartInfo(), raw.shipping_info
    placed_at = stamps.instant(info.transaction_initiation_date, "transaction_initiation_date")
    own_id = external_id(info.transaction_id, info.transaction_event_code, placed_at)
    total = read.owed(shop, info.transaction_amount, "$.transaction_info.transaction_amount")
    updated = info.transaction_updated_date
    modified_at = (read.optional(stamps.instant, updated, "transaction_updated_date") if updated else None) or placed_at
    read.inclusive = cart.tax_inclusive in (True, "true", "Y")
    lines = read.lines(cart.item_details, read.item, "$.cart_info.item_details")
    line_tax = sum((line.tax for line in lines), ZERO)
    sales_tax = read.money(info.sales_tax_amount, "sales_tax_amount")
    shipping_tax = read.money(info.shipping_tax_amount, "shipping_tax_amount")
    discount = abs(read.money(info.discount_amount, "discount_amount"))
    payer = raw.payer_info or PayerInfo()
    billing, state, event = _billing(payer, read), status(info.transaction_status), info.transaction_event_code or ""
    order = IncomingOrder(
        external_id=own_id,
        number=read.text(info.invoice_id, 100, "The invoice number") or str(info.transaction_id)[:100],
        status=state,
        placed_at=placed_at,
        modified_at=_last(raw, modified_at, read),
        currency=read.currency,
        total=total,
        lines=lines,
        tax_total=(sales_tax or line_tax) + shipping_tax,
        shipping_total=_shipping_total(info, read),
        shipping_tax=shipping_tax,
        fee_total=_extras(info, read) + read.deducted - discount,
        fee_tax=ZERO if line_tax or read.inclusive else sales_tax,
        fee_title=_fee_title(info, discount - read.deducted, read),
        discount_total=discount - read.deducted,
        refunded_total=total if state == "V" else _paid_back(raw, total, read),
        paid_at={"S": modified_at, "V": placed_at}.get(state),
        payment_code=event[:100],
        payment_title=f"PayPal: {EVENTS[event]}" if event in EVENTS else "PayPal",
        shipping_code=read.shipping_code(sent.method) if sent else "",
        shipping_title=read.shipping_title(sent.method) if sent else "",
        buyer_key=values.reference(payer.account_id),
        email=billing.email,
        phone=billing.phone,
        billing=billing,
        shipping=_shipping(sent or ShippingInfo(), read),
        note=read.buyers_note(info.transaction_note),
        metadata=_metadata(info, read),
        warnings=read.warnings(),
    )
    return read.checked(order, lambda: _named(cart, read))


# Amounts of items, which the item's own amount may hold or not: PayPal leaves it open.
OF_ITEMS = {
    "Discount of items": "discount_amount",
    "Adjustment": "adjustment_amount",
    "Gift wrapping": "gift_wrap_amount",
    "Shipping of items": "basic_shipping_amount",
    "Express delivery": "extra_shipping_amount",
    "Handling": "handling_amount",
    "Insurance of items": "insurance_amount",
}


def _named(cart: CartInfo, read: Reader) -> Iterator[tuple[str, Decimal]]:
    for name, field in OF_ITEMS.items():
        amount = read.moneys([getattr(item, field) for item in cart.item_details or ()], field)
        yield name, -abs(amount) if field == "discount_amount" else amount


def _paid_back(raw: Transaction, total: Decimal, read: Reader) -> Decimal:
    """At most the payment: a buyer may be paid back more, which is no part of it."""
    back = -read.moneys([refund.transaction_amount for refund in raw.refunds or ()], "transaction_amount")
    if back > total:
        read.notes.append(f"More went back ({back} {read.currency}) than was paid: the payment counts as refunded.")
    return min(back, total)


def _last(raw: Transaction, modified_at: datetime, read: Reader) -> datetime:
    """When the payment, or a refund of it, came last; a second later for each refund.

    Lists have the payment without its refunds, and maybe with the time of the last one: that document is the older one.
    """
    dates = [refund.transaction_initiation_date for refund in raw.refunds or ()]
    at = [read.optional(stamps.instant, each, "transaction_initiation_date") for each in dates]
    return max([modified_at, *(each for each in at if each is not None)]) + timedelta(seconds=len(dates))


def _shipping_total(info: TransactionInfo, read: Reader) -> Decimal:
    discount = abs(read.money(info.shipping_discount_amount, "shipping_discount_amount"))
    return read.money(info.shipping_amount, "shipping_amount") - discount


def _extras(info: TransactionInfo, read: Reader) -> Decimal:
    insured = read.money(info.insurance_amount, "insurance_amount")
    return insured + read.money(info.other_amount, "other_amount") + read.money(info.tip_amount, "tip_amount")


def _fee_title(info: TransactionInfo, discount: Decimal, read: Reader) -> str:
    parts = {"Insurance": info.insurance_amount, "Other": info.other_amount, "Tip": info.tip_amount}
    amounts = [(name, money.value if money else None) for name, money in parts.items()]
    return read.fee_title(*amounts, ("Discount", discount))


def _line(item: Item, key: str, amount: Decimal, read: Reader) -> IncomingLine:
    """An item without a quantity is one piece."""
    quantity = 1 if item.item_quantity in (None, "") else values.quantity(item.item_quantity, "item_quantity")
    sku = values.sku(item.item_code, "item_code")
    tax = read.moneys([each.tax_amount for each in item.tax_amounts or ()], "tax_amounts")
    total = amount - tax if read.inclusive else amount
    return IncomingLine(
        key=key,
        name=read.product(item.item_name or item.item_description),
        quantity=quantity,
        sku=sku,
        unit_price=round(total / quantity, 6) if quantity else ZERO,
        total=total,
        tax=tax,
        stocked=bool(sku),
        metadata=read.metadata([("options", item.item_options), ("description", item.item_description)]),
    )


def _billing(payer: PayerInfo, read: Reader) -> IncomingAddress:
    name = payer.payer_name or Name()
    first, last = name.given_name, name.surname
    if not first and not last:
        first, last = values.split_name(name.alternate_full_name)
    place = payer.address or Address(country=payer.country_code)
    phone = _phone(payer.phone_number or Phone())
    named = msgspec.structs.replace(place, first_name=first, last_name=last, phone=phone)
    return read.address(named, "the billing address", payer.email_address or "")


def _shipping(sent: ShippingInfo, read: Reader) -> IncomingAddress:
    """PayPal has one field for the whole name; the last word is taken for the last name."""
    first, last = values.split_name(sent.name)
    named = msgspec.structs.replace(sent.address or Address(), first_name=first, last_name=last)
    return read.address(named, "the delivery address", "")


def _phone(phone: Phone) -> str:
    prefix = f"+{phone.country_code} " if phone.country_code else ""
    return f"{prefix}{phone.national_number}" if phone.national_number else ""


def _metadata(info: TransactionInfo, read: Reader) -> dict[str, Any]:
    pairs = [
        ("transaction_id", str(info.transaction_id)),
        ("invoice_id", info.invoice_id),
        ("custom_field", info.custom_field),
        ("subject", info.transaction_subject),
        ("paypal_fee", written(info.fee_amount)),
        ("reference", info.paypal_reference_id),
        ("protection_eligibility", info.protection_eligibility),
        ("instrument", info.instrument_type),
    ]
    return read.metadata(pairs)
