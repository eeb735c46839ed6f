"""The parts of an order that are read, as GraphQL writes them; null may stand for anything.

A payload is a document of our own: `{"order": <the Order as it came>, "more_lines": [<further pages of its lineItems
connection>]}`.
"""

from __future__ import annotations

from typing import Any, Generic, TypeVar

from msgspec import Struct, field

from integrations.connectors.kit.order_reading import AddressFields
from integrations.connectors.kit.values import Number

T = TypeVar("T")


class RawMoney(Struct, rename="camel"):
    amount: Number = None
    currency_code: str | None = None


class RawBag(Struct, rename="camel"):
    """One amount in the shop's currency and in the buyer's."""

    shop_money: RawMoney | None = None
    presentment_money: RawMoney | None = None


class RawTax(Struct, rename="camel"):
    """`rate` is a part of one: 0.21."""

    title: Any = None
    rate: Any = None
    price_set: RawBag | None = None


class RawAllocation(Struct, rename="camel"):
    allocated_amount_set: RawBag | None = None


class RawCharge(Struct, rename="camel"):
    """A duty or an additional fee."""

    name: str | None = None
    price: RawBag | None = None
    tax_lines: list[RawTax] | None = None


class RawAttribute(Struct):
    key: str | None = None
    value: Any = None


class RawRef(Struct, rename="camel"):
    id: Any = None
    legacy_resource_id: Any = None
    sku: str | None = None
    barcode: str | None = None


class RawLine(Struct, rename="camel"):
    id: Any = None
    name: str | None = None
    sku: str | None = None
    quantity: Any = None
    current_quantity: Any = None
    requires_shipping: bool | None = None
    is_gift_card: bool | None = None
    product: RawRef | None = None
    variant: RawRef | None = None
    original_unit_price_set: RawBag | None = None
    discount_allocations: list[RawAllocation] | None = None
    tax_lines: list[RawTax] | None = None
    duties: list[RawCharge] | None = None
    custom_attributes: list[RawAttribute] | None = None


class RawPage(Struct, rename="camel"):
    has_next_page: bool | None = None


class RawNodes(Struct, Generic[T], rename="camel"):
    """A connection."""

    nodes: list[T] | None = None
    page_info: RawPage | None = None


class RawShipping(Struct, rename="camel"):
    title: str | None = None
    code: str | None = None
    is_removed: bool | None = None
    discounted_price_set: RawBag | None = None
    tax_lines: list[RawTax] | None = None


class RawReturned(Struct, rename="camel"):
    quantity: Any = None
    restock_type: str | None = None
    line_item: RawRef | None = None


class RawRefund(Struct, rename="camel"):
    total_refunded_set: RawBag | None = None
    refund_line_items: RawNodes[RawReturned] | None = None


class RawTransaction(Struct, rename="camel"):
    kind: str | None = None
    status: str | None = None
    gateway: str | None = None
    formatted_gateway: str | None = None
    created_at: str | None = None
    processed_at: str | None = None


class RawAddress(AddressFields):
    first_name: str | None = field(name="firstName", default=None)
    last_name: str | None = field(name="lastName", default=None)
    line_1: str | None = field(name="address1", default=None)
    line_2: str | None = field(name="address2", default=None)
    postal_code: str | int | None = field(name="zip", default=None)
    state: str | None = field(name="province", default=None)
    state_code: str | None = field(name="provinceCode", default=None)
    country_code: str | None = field(name="countryCodeV2", default=None)

    def __post_init__(self) -> None:
        self.state = self.state_code or self.state
        self.country = self.country_code or self.country


class RawContact(Struct, rename="camel"):
    """The default e-mail address or the default phone number."""

    email_address: str | None = None
    phone_number: str | None = None


class RawCustomer(Struct, rename="camel"):
    id: Any = None
    default_email_address: RawContact | None = None
    default_phone_number: RawContact | None = None


class RawOrder(Struct, rename="camel"):
    id: Any = None
    legacy_resource_id: Any = None
    name: str | None = None
    confirmation_number: str | None = None
    created_at: str | None = None
    updated_at: str | None = None
    cancelled_at: str | None = None
    cancel_reason: str | None = None
    test: bool | None = None
    edited: bool | None = None
    email: str | None = None
    phone: str | None = None
    note: str | None = None
    tags: list[str] | None = None
    source_name: str | None = None
    source_identifier: str | None = None
    po_number: str | None = None
    display_financial_status: str | None = None
    display_fulfillment_status: str | None = None
    return_status: str | None = None
    currency_code: str | None = None
    presentment_currency_code: str | None = None
    taxes_included: bool | None = None
    duties_included: bool | None = None
    discount_codes: list[str] | None = None
    payment_gateway_names: list[str] | None = None
    custom_attributes: list[RawAttribute] | None = None
    customer: RawCustomer | None = None
    billing_address: RawAddress | None = None
    shipping_address: RawAddress | None = None
    total_price_set: RawBag | None = None
    current_total_price_set: RawBag | None = None
    current_total_tax_set: RawBag | None = None
    current_total_discounts_set: RawBag | None = None
    total_tax_set: RawBag | None = None
    total_discounts_set: RawBag | None = None
    total_refunded_set: RawBag | None = None
    total_tip_received_set: RawBag | None = None
    additional_fees: list[RawCharge] | None = None
    shipping_lines: RawNodes[RawShipping] | None = None
    line_items: RawNodes[RawLine] | None = None
    refunds: list[RawRefund] | None = None
    transactions: list[RawTransaction] | None = None


class RawDocument(Struct):
    order: RawOrder
    more_lines: list[RawNodes[RawLine]] = []


class Brief(Struct, rename="camel"):
    """What names an order that cannot be read."""

    id: Any = None
    legacy_resource_id: Any = None
    name: Any = None
    updated_at: Any = None
    cancelled_at: Any = None
    test: Any = None
    display_financial_status: Any = None
    display_fulfillment_status: Any = None
