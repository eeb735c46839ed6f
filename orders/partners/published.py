"""Orders as partners send them: the published schema, checked as it is parsed, and what it says about amounts.

Amounts are integers in the smallest unit of the currency. `None` stands for a field that was not sent; fields that the
schema does not know are ignored. Source: Voucherify's published OpenAPI, OrdersImportCreateRequestBody.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from decimal import Decimal
from typing import Annotated, Any, Literal

import msgspec
from msgspec import UNSET, Meta, Struct

from config.kit.refusals import Refused
from orders.customers import customer_objects
from orders.customers.customer_objects import ADDRESS, CustomerObject
from orders.intake.incoming import IncomingAddress, IncomingLine, IncomingOrder

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
    source_id: Code | None = None
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
    def code(self) -> str:
        """The SKU of the order book: the item's own source id, else its SKU's, else its product's."""
        found = self.source_id
        if found:
            return found.strip()
        if self.sku is not None:
            found = self.sku.source_id
        if not found and self.product is not None:
            found = self.product.source_id
        return (found or "").strip()

    @property
    def own_price(self) -> float | None:
        """item.price, else sku.price, else product.price."""
        if self.price is not None:
            return self.price
        if self.sku is not None and self.sku.price is not None:
            return self.sku.price
        return self.product.price if self.product is not None else None

    @property
    def name(self) -> str:
        product = self.product.name if self.product is not None else None
        sku = self.sku.sku if self.sku is not None else None
        return f"{product}, {sku}" if product and sku else product or sku or ""


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
        for name, part in (("product", item.product), ("sku", item.sku)):
            if part is not None and part.metadata:
                yield f".items[{index}].{name}.metadata", part.metadata


class Goods(Struct, frozen=True):
    """What the stock knows about a SKU."""

    product_id: int
    sku: str
    name: str
    price: Decimal | None


class InvalidOrder(Refused):
    """The order cannot be written; `key` is stable, the message names the property and the way out."""

    def __init__(self, key: str, message: str) -> None:
        super().__init__(message)
        self.key = key


# Fields of an item that its line in the order book keeps.
DERIVED = frozenset({"id", "source_id", "quantity", "amount", "discount_amount", "price", "metadata"})
EXTRAS = tuple(name for name in Item.__struct_fields__ if name not in DERIVED)


def incoming_lines(
    items: list[Item], goods: Mapping[str, Goods], digits: int, *, stocked: bool
) -> tuple[IncomingLine, ...]:
    """The lines of an order; `goods` by SKU. `stocked`: whether they take part in stock where the SKU is known."""
    return tuple(_line(index, item, goods, digits, stocked) for index, item in enumerate(items))


def _line(index: int, item: Item, goods: Mapping[str, Goods], digits: int, stocked: bool) -> IncomingLine:
    code = item.code
    known = goods.get(code)
    quantity = item.quantity or 1
    price = item.own_price
    if price is None and item.amount is None and known is not None and known.price is not None:
        price = float(known.price.scaleb(digits))
    amount = item.amount if item.amount is not None else round((price or 0) * quantity)
    if amount > HIGHEST:
        raise InvalidOrder("invalid_amount", f"Property .items[{index}] comes to more than can be kept: {amount}")
    discount = item.discount_amount or 0
    if discount > amount:
        message = f"Property .items[{index}].discount_amount cannot be higher than the item's amount, {amount}"
        raise InvalidOrder("invalid_amount", message)
    return IncomingLine(
        key=str(index + 1),
        name=item.name or (known.name if known else "") or code or "Item",
        quantity=quantity,
        sku=code,
        unit_price=_major(price if price is not None else Decimal(amount) / quantity, digits),
        total=_major(amount - discount, digits),
        discount=_major(discount, digits),
        stocked=stocked and known is not None,
        metadata=item.metadata or {},
    )


def _major(amount: float | Decimal, digits: int) -> Decimal:
    """An amount of smallest units in the currency's own unit."""
    return Decimal(amount).scaleb(-digits).quantize(MICRO) if amount else ZERO


ZERO, MICRO = Decimal(0), Decimal("0.000001")


def amount_of(order: PublishedOrder, lines: tuple[IncomingLine, ...], digits: int) -> Decimal:
    """What the order comes to before its own discount: as sent, else the sum of its items."""
    if order.amount is not None:
        return _major(order.amount, digits)
    return sum((line.total + line.discount for line in lines), ZERO)


def checked_total(total: Decimal) -> Decimal:
    """What the buyer owes. Raises InvalidOrder."""
    if total < 0:
        raise InvalidOrder("invalid_amount", "Property .discount_amount: the discounts are higher than the amount")
    if total > HIGHEST:
        raise InvalidOrder("invalid_amount", "The items come to more than can be kept: split the order")
    return total


def to_incoming(
    order: PublishedOrder, goods: Mapping[str, Goods], currency: str, digits: int, at: datetime, *, stocked: bool
) -> IncomingOrder:
    """The order as the book takes it in. Raises InvalidOrder."""
    lines = incoming_lines(order.items or [], goods, digits, stocked=stocked)
    items_discount = sum((line.discount for line in lines), ZERO)
    discount = _major(order.discount_amount or 0, digits)
    total = checked_total(amount_of(order, lines, digits) - items_discount - discount)
    person = order.customer or CustomerObject()
    status = order.status or "CREATED"
    placed_at = (order.created_at or at).astimezone(UTC)  # PostgreSQL knows no zones beyond 16 hours
    return IncomingOrder(
        external_id=order.source_id or "",
        number=(order.source_id or "")[:100],
        status=status,
        placed_at=placed_at,
        modified_at=at,
        currency=currency,
        total=total,
        lines=lines,
        discount_total=items_discount + discount,
        paid_at=placed_at if status in {"PAID", "FULFILLED"} else None,
        email=(person.email or "").lower(),
        phone=person.phone or "",
        billing=billing_of(person),
        metadata=order.metadata or {},
    )


def billing_of(person: CustomerObject) -> IncomingAddress:
    """The customer as an address of the book; the name is one field there too."""
    return IncomingAddress(**{"first_name": person.name or "", **_address_of(person)})


def billing_news(person: CustomerObject) -> dict[str, str]:
    """What of an order's billing address a customer that is sent for it changes."""
    names = {} if person.name is UNSET else {"first_name": person.name or "", "last_name": ""}
    return names | _address_of(person)


def _address_of(person: CustomerObject) -> dict[str, str]:
    """The parts that were sent; null is an empty one, and no address at all has none of them."""
    where = person.address
    if where is UNSET:
        return {}
    parts = {name: None if where is None else getattr(where, name) for name in ADDRESS}
    return {name: value or "" for name, value in parts.items() if value is not UNSET}


def kept(order: PublishedOrder, digest: str = "") -> dict[str, Any]:
    """What the book has no field for, as stored in `Order.partner`: amounts as sent, and extras of items by line."""
    document: dict[str, Any] = {"digest": digest} if digest else {}
    for name in ("amount", "initial_amount", "discount_amount"):
        value = getattr(order, name)
        if value is not None:
            document[name] = value
    items = extras(order.items or [])
    if items:
        document["items"] = items
    return document


def extras(items: list[Item]) -> dict[str, Any]:
    """By the key of the line: what was sent about an item beside what the line holds."""
    return {str(index + 1): rest for index, item in enumerate(items) if (rest := extras_of(item))}


def extras_of(item: Item) -> dict[str, Any]:
    """As JSON keeps it, for a column of Django's."""
    rest = {name: msgspec.to_builtins(value) for name in EXTRAS if (value := getattr(item, name)) is not None}
    if rest.get("related_object") == "sku":
        del rest["related_object"]  # what is said where nothing is kept
    return rest
