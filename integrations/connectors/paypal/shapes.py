"""The parts of a PayPal transaction that are read (Transaction Search v1.9). Any block may be missing or `{}`."""

from __future__ import annotations

from typing import Any

from msgspec import Struct, field

from integrations.connectors.kit.order_reading import AddressFields
from integrations.connectors.kit.values import Number


class Money(Struct):
    value: Number = None
    currency: str | None = field(name="currency_code", default=None)


class TransactionInfo(Struct):
    transaction_id: Any = None
    transaction_event_code: str | None = None
    transaction_initiation_date: str | None = None
    transaction_updated_date: str | None = None
    transaction_status: str | None = None
    transaction_amount: Money | None = None
    fee_amount: Money | None = None
    discount_amount: Money | None = None
    insurance_amount: Money | None = None
    sales_tax_amount: Money | None = None
    shipping_amount: Money | None = None
    shipping_discount_amount: Money | None = None
    shipping_tax_amount: Money | None = None
    other_amount: Money | None = None
    tip_amount: Money | None = None
    transaction_subject: str | None = None
    transaction_note: str | None = None
    invoice_id: str | None = None
    custom_field: str | None = None
    paypal_reference_id: str | None = None
    protection_eligibility: str | None = None
    instrument_type: str | None = None


class Name(Struct):
    given_name: str | None = None
    surname: str | None = None
    alternate_full_name: str | None = None


class Phone(Struct):
    country_code: str | None = None
    national_number: str | None = None


class Address(AddressFields):
    line_1: str | None = field(name="line1", default=None)
    line_2: str | None = field(name="line2", default=None)
    country: str | None = field(name="country_code", default=None)


class PayerInfo(Struct):
    account_id: str | None = None
    email_address: str | None = None
    phone_number: Phone | None = None
    payer_name: Name | None = None
    country_code: str | None = None
    address: Address | None = None


class ShippingInfo(Struct):
    name: str | None = None
    method: str | None = None
    address: Address | None = None


class Tax(Struct):
    tax_amount: Money | None = None


class Item(Struct):
    item_code: str | int | None = None
    item_name: str | None = None
    item_description: str | None = None
    item_options: str | None = None
    item_quantity: Any = None
    item_unit_price: Money | None = None
    item_amount: Money | None = None
    tax_amounts: list[Tax] | None = None
    total_item_amount: Money | None = None
    discount_amount: Money | None = None
    adjustment_amount: Money | None = None
    gift_wrap_amount: Money | None = None
    basic_shipping_amount: Money | None = None
    extra_shipping_amount: Money | None = None
    handling_amount: Money | None = None
    insurance_amount: Money | None = None


class CartInfo(Struct):
    item_details: list[Item] | None = None
    tax_inclusive: bool | str | None = None


class Refund(Struct):
    """Money that went back, as `paypal.refunds` adds it."""

    transaction_initiation_date: str | None = None
    transaction_amount: Money | None = None


class Transaction(Struct):
    transaction_info: TransactionInfo | None = None
    payer_info: PayerInfo | None = None
    shipping_info: ShippingInfo | None = None
    cart_info: CartInfo | None = None
    refunds: list[Refund] | None = None
