"""The parts of a Magento 2 order that are read (schema "sales-data-order-interface"). Amounts are JSON numbers.

Where there is nothing, Magento leaves the key out; plugins write null.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from msgspec import Struct, field

from integrations.connectors.kit.order_reading import AddressFields
from integrations.connectors.kit.values import Number


class RawAddress(AddressFields):
    first_name: str | None = field(name="firstname", default=None)
    middle_name: str | None = field(name="middlename", default=None)
    last_name: str | None = field(name="lastname", default=None)
    street: Any = None
    state: str | None = field(name="region", default=None)
    postal_code: str | int | None = field(name="postcode", default=None)
    country: str | None = field(name="country_id", default=None)
    phone: str | int | None = field(name="telephone", default=None)
    vat_id: str | None = None

    def __post_init__(self) -> None:
        """A street has up to four lines; PHP writes an object where one of a list is missing, Magento 1 one text."""
        lines = self.street.values() if isinstance(self.street, dict) else self.street
        if not isinstance(self.street, list | dict):
            lines = (self.street or "").split("\n")
        self.line_1, *rest = [line.strip() for line in lines or () if line and isinstance(line, str)] or [""]
        self.line_2 = ", ".join(rest)
        if self.middle_name:
            self.first_name = f"{self.first_name or ''} {self.middle_name}".strip()


class RawItem(Struct):
    item_id: int | str | float
    qty_ordered: Any
    parent_item_id: int | str | None = None
    product_id: int | str | None = None
    product_type: str | None = None
    sku: str | int | None = None
    name: str | None = None
    price: Number = None
    row_total: Number = None
    discount_amount: Number = None
    tax_amount: Number = None
    tax_percent: Any = None
    discount_tax_compensation_amount: Number = None
    # Fixed product taxes (FPT, "weee") of the whole row, net.
    weee_tax_applied_row_amount: Number = None
    qty_refunded: Any = None
    qty_canceled: Any = None
    is_virtual: int | str | bool | None = None
    # Magento 1.
    gift_message: str | None = None


class RawPayment(Struct):
    method: str | None = None
    last_trans_id: str | int | None = None
    po_number: str | int | None = None
    additional_information: Any = None


class RawShipping(Struct):
    address: RawAddress | list[Any] | str | None = None
    method: str | None = None


class RawAssignment(Struct):
    shipping: RawShipping | None = None


class RawExtras(Struct):
    """`extension_attributes`: gift cards, store credit, points and gift wrapping are Adobe Commerce's."""

    shipping_assignments: list[RawAssignment] | None = None
    payment_additional_info: Any = None
    gift_cards: Any = None
    gift_cards_amount: Number = None
    customer_balance_amount: Number = None
    reward_currency_amount: Number = None
    # Wrapping of the order, of single items, and the card in it.
    gw_price: Number = None
    gw_items_price: Number = None
    gw_card_price: Number = None
    gw_tax_amount: Number = None
    gw_items_tax_amount: Number = None
    gw_card_tax_amount: Number = None


class RawHistory(Struct):
    """An entry of the status history, with or without something said."""

    entity_id: Any = None
    comment: str | None = None
    created_at: str | None = None
    status: str | None = None


class RawOrder(Struct):
    entity_id: Any = None
    increment_id: str | int | None = None
    created_at: str | None = None
    updated_at: str | None = None
    order_currency_code: str | None = None
    base_currency_code: str | None = None
    base_grand_total: Number = None
    base_to_order_rate: Number = None
    grand_total: Number = None
    tax_amount: Number = None
    discount_amount: Number = None
    shipping_amount: Number = None
    shipping_tax_amount: Number = None
    shipping_discount_amount: Number = None
    shipping_discount_tax_compensation_amount: Number = None
    shipping_description: str | None = None
    total_paid: Number = None
    total_refunded: Number = None
    customer_id: int | str | None = None
    customer_email: str | None = None
    customer_note: str | None = None
    customer_taxvat: str | None = None
    coupon_code: str | None = None
    store_id: int | str | None = None
    store_name: str | None = None
    ext_order_id: str | int | None = None
    relation_parent_real_id: str | int | None = None
    relation_child_real_id: str | int | None = None
    billing_address: RawAddress | list[Any] | str | None = None
    payment: RawPayment | list[Any] | None = None
    items: Sequence[RawItem] | None = None
    status_histories: list[RawHistory] | None = None
    extension_attributes: RawExtras | list[Any] | None = None

    @property
    def extras(self) -> RawExtras:
        """PHP writes an empty object as []."""
        return self.extension_attributes if isinstance(self.extension_attributes, RawExtras) else RawExtras()

    @property
    def paid_by(self) -> RawPayment:
        return self.payment if isinstance(self.payment, RawPayment) else RawPayment()

    @property
    def shippings(self) -> list[RawShipping]:
        """None for what needs no delivery."""
        return [each.shipping for each in self.extras.shipping_assignments or () if each.shipping is not None]
