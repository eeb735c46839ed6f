"""The parts of a BigCommerce V2 order that are read; also those of its V3 refunds.

Documented in the Orders V2 OpenAPI file: money is a text with four decimals, in consignments a number; what was not
asked for with `include` is a link (`{"url", "resource"}`), which decodes here as an object without content.
"""

from __future__ import annotations

from typing import Any

from msgspec import Struct, field

from integrations.connectors.kit.order_reading import AddressFields
from integrations.connectors.kit.values import Number


class RawField(Struct):
    name: str | None = None
    value: Any = None


class RawAddress(AddressFields):
    """Billing addresses, shipping addresses and shipping consignments share these names."""

    line_1: str | None = field(name="street_1", default=None)
    line_2: str | None = field(name="street_2", default=None)
    postal_code: str | int | None = field(name="zip", default=None)
    country_iso2: str | None = None
    form_fields: list[RawField] | None = None

    def __post_init__(self) -> None:
        self.country = self.country_iso2 or self.country


class RawDiscount(Struct):
    amount: Number = None
    code: str | None = None


class RawOption(Struct):
    display_name: str | None = None
    display_value: str | None = None
    name: str | None = None
    value: Any = None


class RawLine(Struct):
    id: int | str | float | None = None
    product_id: int | str | None = None
    variant_id: int | str | None = None
    name: str | None = None
    sku: str | int | None = None
    upc: str | int | None = None
    type: str | None = None
    quantity: Any = None
    quantity_refunded: Any = None
    price_ex_tax: Number = None
    total_ex_tax: Number = None
    total_inc_tax: Number = None
    total_tax: Number = None
    discounted_total_inc_tax: Number = None
    applied_discounts: list[RawDiscount] | None = None
    product_options: list[RawOption] | None = None
    wrapping_message: str | None = None
    # Of the shipping addresses, where the lines are a list of their own.
    order_address_id: Any = None


class RawShipping(RawAddress):
    id: Any = None
    shipping_method: str | None = None
    line_items: list[RawLine] | None = None


class RawPickup(Struct):
    pickup_method_display_name: str | None = None
    line_items: list[RawLine] | None = None


class RawDownload(Struct):
    line_items: list[RawLine] | None = None


class RawEmails(Struct):
    gift_certificates: list[RawDownload] | None = None


class RawConsignments(Struct):
    """With `consignment_structure=object`; the legacy structure is a list of these."""

    shipping: list[RawShipping] | None = None
    pickups: list[RawPickup] | None = None
    downloads: list[RawDownload] | None = None
    email: RawEmails | list[Any] | None = None


class RawFee(Struct):
    name: Any = field(name="display_name_customer", default=None)
    cost_ex_tax: Number = None
    # So it stands in one of the documented examples.
    misspelt: Number = field(name="cost_exc_tax", default=None)
    cost_inc_tax: Number = None
    cost_tax: Number = None


class RawRefund(Struct):
    total_amount: Number = None


class RawOrder(Struct):
    id: Any = None
    status_id: Any = None
    status: str | None = None
    is_deleted: Any = None
    date_created: str | None = None
    date_modified: str | None = None
    customer_id: int | str | None = None
    default_currency_code: str | None = None
    currency_code: str | None = None
    currency_exchange_rate: Any = None
    store_default_currency_code: str | None = None
    store_default_to_transactional_exchange_rate: Any = None
    is_tax_inclusive_pricing: bool | None = None
    total_inc_tax: Number = None
    total_tax: Number = None
    shipping_cost_ex_tax: Number = None
    shipping_cost_inc_tax: Number = None
    shipping_cost_tax: Number = None
    handling_cost_ex_tax: Number = None
    handling_cost_inc_tax: Number = None
    handling_cost_tax: Number = None
    wrapping_cost_ex_tax: Number = None
    wrapping_cost_inc_tax: Number = None
    wrapping_cost_tax: Number = None
    discount_amount: Number = None
    coupon_discount: Number = None
    refunded_amount: Number = None
    gift_certificate_amount: Number = None
    store_credit_amount: Number = None
    payment_method: str | None = None
    payment_provider_id: Any = None
    payment_status: str | None = None
    customer_message: str | None = None
    staff_notes: str | None = None
    order_source: str | None = None
    channel_id: Any = None
    external_id: Any = None
    external_order_id: Any = None
    external_source: Any = None
    items_total: Any = None
    billing_address: RawAddress | list[Any] | str | None = None
    fees: list[RawFee] | dict[str, Any] | None = None
    consignments: RawConsignments | list[RawConsignments] | None = None


class Document(Struct):
    """What one payload holds; see `orders.py`."""

    order: RawOrder
    products: list[RawLine] | None = None
    shipping_addresses: list[RawShipping] | None = None
    refunds: list[RawRefund] | None = None


def consignments(order: RawOrder) -> list[RawConsignments]:
    found = order.consignments
    return found if isinstance(found, list) else [found] if found else []


def shippings(document: Document) -> list[RawShipping]:
    if document.shipping_addresses is not None:
        return document.shipping_addresses
    return [shipping for each in consignments(document.order) for shipping in each.shipping or ()]


def pickups(document: Document) -> list[RawPickup]:
    return [pickup for each in consignments(document.order) for pickup in each.pickups or ()]


def lines(document: Document) -> list[RawLine]:
    """Every line, by its place; from the products that were fetched apart, or else from the consignments."""
    if document.products is not None:
        return document.products
    found: list[RawLine] = []
    for each in consignments(document.order):
        certificates = each.email.gift_certificates if isinstance(each.email, RawEmails) else None
        for group in (each.shipping, each.pickups, each.downloads, certificates):
            for consignment in group or ():
                found += consignment.line_items or ()
    return found


def is_whole(order: RawOrder) -> bool:
    """Whether the order came with its lines, not with links to them."""
    there = lines(Document(order))
    return all(line.id is not None for line in there) and (bool(there) or order.items_total in (0, "0", None))


class Brief(Struct):
    """What names an order that cannot be read."""

    id: Any = None
    status_id: Any = None
    date_modified: Any = None
