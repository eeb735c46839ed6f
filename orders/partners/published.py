"""Orders as partners send them: the published schema, checked as it is parsed, and what it says about amounts.

Amounts are integers in the smallest unit of the currency. `None` stands for a field that was not sent; fields that the
schema does not know are ignored. Source: Voucherify's published OpenAPI, OrdersImportCreateRequestBody.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Annotated, Any, Literal

from msgspec import Meta, Struct

from config.kit.refusals import Refused
from orders.customers import customer_objects
from orders.customers.customer_objects import CustomerObject

Amount = Annotated[int, Meta(ge=0, le=10**12)]
Price = Annotated[float, Meta(ge=0, le=10**12)]
Quantity = Annotated[int, Meta(ge=1, le=10**6)]
Units = Annotated[int, Meta(ge=0, le=10**6)]
Key = Annotated[str, Meta(max_length=255)]
Code = Annotated[str, Meta(max_length=100)]
Line = Annotated[str, Meta(max_length=300)]
Status = Literal["CREATED", "PAID", "CANCELED", "FULFILLED"]
Metadata = dict[str, Any]

MOST_ITEMS = 500
# What an order may come to, in the smallest unit; more does not fit the order book.
HIGHEST = 10**13
EARLIEST, LATEST = datetime(1990, 1, 1, tzinfo=UTC), datetime(2200, 1, 1, tzinfo=UTC)


class ProductObject(Struct, omit_defaults=True, gc=False):
    """What an item says about its product; stored only where `override` is true."""

    id: Key | None = None
    source_id: Key | None = None
    override: bool | None = None
    name: Line | None = None
    metadata: Metadata | None = None
    price: Price | None = None


class SkuObject(Struct, omit_defaults=True, gc=False):
    """What an item says about its SKU; stored only where `override` is true."""

    id: Key | None = None
    source_id: Code | None = None
    override: bool | None = None
    sku: Line | None = None
    price: Price | None = None
    metadata: Metadata | None = None


class Item(Struct, omit_defaults=True, gc=False):
    id: Annotated[str, Meta(max_length=255, description="Which item of the order it is, as answered.")] | None = None
    sku_id: Key | None = None
    product_id: Key | None = None
    related_object: Literal["product", "sku"] | None = None
    source_id: Code | None = None
    quantity: Quantity | None = None
    discount_quantity: Units | None = None
    initial_quantity: Quantity | None = None
    amount: Amount | None = None
    discount_amount: Amount | None = None
    initial_amount: Amount | None = None
    price: Price | None = None
    product: ProductObject | None = None
    sku: SkuObject | None = None
    metadata: Metadata | None = None

    @property
    def overrides(self) -> bool:
        """Whether it writes goods of the catalogue."""
        return bool(
            (self.sku is not None and self.sku.override) or (self.product is not None and self.product.override)
        )

    @property
    def own_price(self) -> float | None:
        """item.price, else sku.price, else product.price."""
        if self.price is not None:
            return self.price
        if self.sku is not None and self.sku.price is not None:
            return self.sku.price
        return self.product.price if self.product is not None else None


class PublishedOrder(Struct, omit_defaults=True, gc=False):
    """An order as sent to create, update or import it."""

    id: Key | None = None
    source_id: Key | None = None
    status: Status | None = None
    amount: Amount | None = None
    initial_amount: Amount | None = None
    discount_amount: Amount | None = None
    items: Annotated[list[Item], Meta(max_length=MOST_ITEMS)] | None = None
    metadata: Metadata | None = None
    customer: CustomerObject | None = None
    customer_id: Key | None = None
    referrer: CustomerObject | None = None
    referrer_id: Key | None = None
    created_at: Annotated[datetime, Meta(tz=True)] | None = None


def missing_amount(order: PublishedOrder) -> bool:
    """Whether it cannot be a new order: nothing tells what it comes to."""
    return order.amount is None and not order.items


def problem(order: PublishedOrder, *, new: bool = True) -> str:
    """What the schema alone cannot refuse, as a sentence; "" when nothing is wrong."""
    if new and missing_amount(order) and not order.id and not order.source_id:
        return "Property .amount is missing: an order without items needs an amount"
    if order.created_at is not None and not EARLIEST <= order.created_at < LATEST:
        return f"Property .created_at is out of range: send a time between {EARLIEST.year} and {LATEST.year}"
    for name, person in (("customer", order.customer), ("referrer", order.referrer)):
        if person is not None and (found := customer_objects.problem(person, f".{name}")):
            return found
    return ""


def free_values(order: PublishedOrder) -> Iterator[tuple[str, Metadata]]:
    """The parts of an order that may hold anything, with their paths."""
    if order.metadata:
        yield ".metadata", order.metadata
    for name, person in (("customer", order.customer), ("referrer", order.referrer)):
        if person is not None and person.metadata:
            yield f".{name}.metadata", person.metadata
    for index, item in enumerate(order.items or ()):
        if item.metadata:
            yield f".items[{index}].metadata", item.metadata
        if item.product is not None and item.product.metadata:
            yield f".items[{index}].product.metadata", item.product.metadata
        if item.sku is not None and item.sku.metadata:
            yield f".items[{index}].sku.metadata", item.sku.metadata


class InvalidOrder(Refused):
    """The order cannot be written; `key` is stable, the message names the property and the way out."""

    def __init__(self, key: str, message: str) -> None:
        super().__init__(message)
        self.key = key
