"""The parts of a PrestaShop order that are read. Ids are numbers or texts, amounts texts of six decimals.

A field may be missing, "" or "0" for nothing (a list writes it, an answer of one order leaves it out).
"""

from __future__ import annotations

from typing import Any

from msgspec import Struct, field

from integrations.connectors.kit.order_reading import AddressFields
from integrations.connectors.kit.values import Number


class RawRow(Struct):
    """A line, of the order's own `order_rows`. Product and SKU stay when the product is deleted."""

    id: Any
    product_quantity: Any
    product_id: Any = None
    product_attribute_id: Any = None
    product_name: str | None = None
    product_reference: str | int | None = None
    product_ean13: str | int | None = None
    product_upc: str | int | None = None
    unit_price_tax_excl: Number = None
    unit_price_tax_incl: Number = None


class RawDetail(Struct):
    """What `order_details` tell of a line beside: its totals as the shop has rounded them."""

    id: Any = None
    total_price_tax_excl: Number = None
    total_price_tax_incl: Number = None
    ecotax: Number = None
    id_tax_rules_group: Any = None
    # Of a file to download.
    download_hash: str | None = None


class RawSlipLine(Struct):
    id_order_detail: Any = None
    product_quantity: Any = None


class RawSlipParts(Struct):
    order_slip_details: list[RawSlipLine] | None = None


class RawSlip(Struct):
    """A refund. `amount` is what was chosen by hand, or the total of the products with or without tax."""

    total_products_tax_excl: Number = None
    total_products_tax_incl: Number = None
    total_shipping_tax_incl: Number = None
    amount: Number = None
    shipping_cost_amount: Number = None
    associations: RawSlipParts | list[Any] | None = None


class RawPayment(Struct):
    amount: Number = None
    transaction_id: str | None = None
    date_add: str | None = None


class RawVoucher(Struct):
    name: str | None = None


class RawMessage(Struct):
    """Of the order itself or of a conversation about it; `private` ones are the shop's own."""

    id: Any = None
    date_add: str | None = None
    message: str | None = None
    private: Any = None
    id_employee: Any = None


class RawCustomer(Struct):
    email: str | None = None
    is_guest: Any = None


class RawCarrier(Struct):
    """Every change of a carrier makes a new one; `id_reference` stays."""

    id: Any = None
    id_reference: Any = None
    name: str | None = None


class RawAddress(AddressFields):
    """`country` (a code) and `state` (a name) are ours, looked up by their ids."""

    id: Any = None
    first_name: str | None = field(name="firstname", default=None)
    last_name: str | None = field(name="lastname", default=None)
    line_1: str | None = field(name="address1", default=None)
    line_2: str | None = field(name="address2", default=None)
    postal_code: str | int | None = field(name="postcode", default=None)
    phone_mobile: str | int | None = None
    vat_number: str | None = None
    dni: str | None = None
    other: str | None = None

    def __post_init__(self) -> None:
        self.phone = self.phone or self.phone_mobile


class RawParts(Struct):
    order_rows: list[RawRow] | None = None


class RawOrder(Struct):
    id: Any = None
    reference: str | int | None = None
    current_state: Any = None
    date_add: str | None = None
    date_upd: str | None = None
    id_currency: Any = None
    id_customer: Any = None
    id_carrier: Any = None
    id_address_invoice: Any = None
    id_address_delivery: Any = None
    module: str | None = None
    payment: str | None = None
    conversion_rate: Number = None
    total_paid: Number = None
    total_paid_tax_incl: Number = None
    total_paid_tax_excl: Number = None
    total_paid_real: Number = None
    total_shipping_tax_incl: Number = None
    total_shipping_tax_excl: Number = None
    total_wrapping_tax_incl: Number = None
    total_wrapping_tax_excl: Number = None
    total_discounts: Number = None
    total_discounts_tax_incl: Number = None
    total_discounts_tax_excl: Number = None
    gift: Any = None
    gift_message: str | None = None
    note: str | None = None
    invoice_number: Any = None
    shipping_number: str | None = None
    # PHP writes an empty object as a list.
    associations: RawParts | list[Any] | None = None


class Document(Struct):
    """What one payload holds, see `orders.py`; None where the shop does not have it (any more)."""

    order: RawOrder
    currency: str | None = None
    details: list[RawDetail] | None = None
    slips: list[RawSlip] | None = None
    payments: list[RawPayment] | None = None
    vouchers: list[RawVoucher] | None = None
    messages: list[RawMessage] | None = None
    said: list[RawMessage] | None = None
    customer: RawCustomer | None = None
    # One for both where they are the same.
    addresses: list[RawAddress] | None = None
    carrier: RawCarrier | None = None


class Brief(Struct):
    """What names an order."""

    id: Any = None
    reference: Any = None
    current_state: Any = None
    date_upd: Any = None
