"""The parts of a WooCommerce order that are read, as tolerant as PHP and its plugins make necessary.

A number may stand for a text that looks like one, null for anything, and `{"0": ...}` for a list of extras whose keys
have a gap. Lists of lines are lists, or the order is refused.
"""

from __future__ import annotations

from typing import Any

from msgspec import Struct, field

from integrations.connectors.kit.order_reading import AddressFields
from integrations.connectors.kit.values import Number


class RawAddress(AddressFields):
    line_1: str | None = field(name="address_1", default=None)
    line_2: str | None = field(name="address_2", default=None)
    postal_code: str | int | None = field(name="postcode", default=None)


class RawMeta(Struct):
    key: str | int | None = None
    value: Any = None


MetaList = list[RawMeta] | dict[str, RawMeta] | None


class RawLine(Struct):
    id: int | str | float
    quantity: Any
    name: str | None = None
    product_id: int | str | None = None
    variation_id: int | str | None = None
    sku: str | int | None = None
    # Not in the answers of every release.
    global_unique_id: str | int | None = None
    price: Number = None
    subtotal: Number = None
    total: Number = None
    total_tax: Number = None
    tax_class: Any = None
    meta_data: MetaList = None
    bundled_items: list[Any] | None = None
    composite_children: list[Any] | None = None


class RawShipping(Struct):
    method_id: str | None = None
    method_title: str | None = None


class RawFee(Struct):
    name: Any = None
    total: Number = None
    total_tax: Number = None


class RawCoupon(Struct):
    code: str | None = None


class RawRefund(Struct):
    total: Number = None


class RawRefundedLine(Struct):
    quantity: Any = None
    meta_data: MetaList = None


class RawRefundOfLines(Struct):
    line_items: list[RawRefundedLine] | None = None


class RawOrder(Struct):
    id: Any = None
    number: str | int | None = None
    status: Any = None
    currency: str | None = None
    date_created: str | None = None
    date_created_gmt: str | None = None
    date_modified: str | None = None
    date_modified_gmt: str | None = None
    date_paid_gmt: str | None = None
    total: Number = None
    total_tax: Number = None
    shipping_total: Number = None
    shipping_tax: Number = None
    discount_total: Number = None
    customer_id: int | str | None = None
    customer_note: str | None = None
    payment_method: str | None = None
    payment_method_title: str | None = None
    transaction_id: str | int | None = None
    billing: RawAddress | list[Any] | str | None = None
    shipping: RawAddress | list[Any] | str | None = None
    line_items: list[RawLine] | None = None
    shipping_lines: list[RawShipping] | None = None
    fee_lines: list[RawFee] | None = None
    coupon_lines: list[RawCoupon] | None = None
    # Of the plugin Gift Cards: `[{"code", "amount"}]`.
    gift_cards: Any = None
    refunds: list[RawRefund] | None = None
    # Ours, see `woocommerce.refunds`; not in documents of before.
    refunds_by_line: list[RawRefundOfLines] | None = field(default_factory=list)
    meta_data: MetaList = None


class Brief(Struct):
    """What names an order that cannot be read."""

    id: Any = None
    number: Any = None
    status: Any = None
    date_modified_gmt: Any = None
