"""What the API answers about orders and their papers, as JSON types.

`Order` is the published one (Voucherify's OrdersGetResponseBody): amounts are integers in the smallest unit of the
project's currency. `orders.partners.answers` builds it as plain values, because lists and exports are made of
thousands. Invoices and shipments are of the back office: amounts are text in the currency's own unit.
"""

from __future__ import annotations

from typing import Annotated, Any, Literal

from msgspec import UNSET, Meta, Struct, UnsetType

from integrations.api.shapes import Count, Day, Decimal, Time
from orders.partners.published import Status

Minor = Annotated[int, Meta(description="In the smallest unit of the currency.")]


class Person(Struct):
    """The customer or referrer of an order."""

    id: str
    object: Literal["customer"]


class ItemProduct(Struct):
    """The product of an item: its keys as the catalogue has them now, the rest as it was when the item was written."""

    id: str | UnsetType = UNSET
    source_id: str | UnsetType = UNSET
    name: str | UnsetType = UNSET
    price: Minor | UnsetType = UNSET
    metadata: dict[str, Any] | UnsetType = UNSET


class ItemSku(Struct):
    """The SKU of an item, likewise."""

    id: str | UnsetType = UNSET
    source_id: str | UnsetType = UNSET
    sku: str | UnsetType = UNSET
    price: Minor | UnsetType = UNSET
    metadata: dict[str, Any] | UnsetType = UNSET


class OrderItem(Struct):
    """An item as it stands in the book."""

    id: str
    quantity: int
    initial_quantity: int
    amount: Minor
    initial_amount: Minor
    discount_amount: Minor
    applied_discount_amount: Minor
    subtotal_amount: Minor
    price: Minor
    metadata: dict[str, Any]
    object: Literal["order_item"]
    product: ItemProduct | UnsetType = UNSET
    sku: ItemSku | UnsetType = UNSET
    source_id: Annotated[str, Meta(description="Of its SKU or product, as `related_object` says.")] | UnsetType = UNSET
    product_id: str | UnsetType = UNSET
    sku_id: str | UnsetType = UNSET
    related_object: Literal["product", "sku"] | UnsetType = UNSET
    discount_quantity: int | UnsetType = UNSET


class Order(Struct):
    """An order; `amount` is before discounts, `total_amount` what the buyer owes."""

    id: str
    source_id: str | None
    created_at: Time
    updated_at: Time
    status: Status
    amount: Minor
    initial_amount: Minor
    discount_amount: Minor
    items_discount_amount: Minor
    total_discount_amount: Minor
    total_amount: Minor
    applied_discount_amount: Minor
    items_applied_discount_amount: Minor
    total_applied_discount_amount: Minor
    items: list[OrderItem]
    metadata: dict[str, Any]
    customer_id: str | None
    referrer_id: str | None
    redemptions: dict[str, Any]
    object: Literal["order"]
    customer: Person | UnsetType = UNSET
    referrer: Person | UnsetType = UNSET


class Orders(Struct):
    """A page of orders."""

    orders: list[Order]
    total: Annotated[Count, Meta(description="Orders of the project.")]
    object: Literal["list"]
    data_ref: Literal["orders"]


class ImportAsked(Struct):
    """The import waits for its turn: follow its async action."""

    async_action_id: str


class ImportChecked(Struct):
    """The answer to `dry_run=true`: these orders would be imported; nothing was written."""

    dry_run: Literal[True]
    orders: Count


class InvoiceLine(Struct):
    """A line as it was printed."""

    sku: str
    name: str
    quantity: int
    unit_price: Decimal
    total: Decimal
    tax: Decimal
    tax_rate: Annotated[
        Decimal | None,
        Meta(description="In percent; null where none was printed: a gift card, a rounding, an old one."),
    ]


class Invoice(Struct):
    """An invoice or credit note as it was issued; it never changes."""

    id: str
    object: Literal["invoice", "credit_note"]
    number: str
    order_id: str
    order_number: str
    corrects_id: Annotated[str | None, Meta(description="A credit note: the invoice that it corrects.")]
    issue_date: Day
    issued_at: Time | None
    currency: str
    total: Decimal
    tax_total: Decimal
    lines: list[InvoiceLine]


class ShipmentPart(Struct):
    """Units of one line that left."""

    sku: str
    name: str
    quantity: int


class Shipment(Struct):
    """What left the warehouse at once."""

    id: str
    number: str
    order_id: str
    historical: Annotated[bool, Meta(description="It left before the order came here: no stock was moved.")]
    shipped_at: Time | None
    cancelled_at: Annotated[Time | None, Meta(description="When it was taken back.")]
    carrier: str
    tracking_number: str
    lines: list[ShipmentPart]
    object: Literal["shipment"] = "shipment"
