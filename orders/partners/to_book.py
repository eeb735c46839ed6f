"""Orders of partners as the book takes them in: lines, amounts, addresses, what only partners know of them."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from decimal import Decimal
from functools import cache
from typing import Any

import msgspec
from msgspec import UNSET

from orders.customers.customer_objects import ADDRESS, CustomerObject
from orders.intake.incoming import IncomingAddress, IncomingLine, IncomingOrder
from orders.partners.meanings import Goods, copy_of, printed
from orders.partners.published import HIGHEST, InvalidOrder, Item, PublishedOrder

# The name of a line of which nothing is known; partners are never told it.
NAMELESS = "Item"
# Fields of an item that its line in the order book keeps, or that follow from the goods behind it.
DERIVED = frozenset(
    {"id", "source_id", "quantity", "amount", "discount_amount", "price", "metadata"}
    | {"sku_id", "product_id", "product", "sku"}
)
EXTRAS = tuple(name for name in Item.__struct_fields__ if name not in DERIVED)


def incoming_lines(
    items: Sequence[Item], goods: Sequence[Goods], digits: int, *, stocked: bool
) -> tuple[IncomingLine, ...]:
    """The lines of an order; `goods`: what each item means. `stocked`: whether they take part in stock where known."""
    both = zip(items, goods, strict=True)
    return tuple(_line(index, item, meant, digits, stocked) for index, (item, meant) in enumerate(both))


def _line(index: int, item: Item, goods: Goods, digits: int, stocked: bool) -> IncomingLine:
    quantity = item.quantity or 1
    price = item.own_price
    if price is None and item.amount is None and goods.price is not None:
        price = float(goods.price.scaleb(digits))
    amount = item.amount if item.amount is not None else round((price or 0) * quantity)
    if amount > HIGHEST:
        raise InvalidOrder("invalid_amount", f"Property .items[{index}] comes to more than can be kept: {amount}")
    discount = item.discount_amount or 0
    if discount > amount:
        message = f"Property .items[{index}].discount_amount cannot be higher than the item's amount, {amount}"
        raise InvalidOrder("invalid_amount", message)
    return IncomingLine(
        key=str(index + 1),
        name=printed(copy_of(item, goods, digits)) or goods.code or NAMELESS,
        quantity=quantity,
        sku=goods.code,
        unit_price=_major(price if price is not None else Decimal(amount) / quantity, digits),
        total=_major(amount - discount, digits),
        discount=_major(discount, digits),
        stocked=stocked and goods.article is not None,
        metadata=item.metadata or {},
    )


def _major(amount: float | Decimal, digits: int) -> Decimal:
    """An amount of smallest units in the currency's own unit."""
    if not amount:
        return ZERO
    whole = int(amount)
    # Multiplied: that takes a third of the time of `scaleb`, and an order has many amounts.
    return whole * _smallest(digits) if whole == amount else Decimal(amount).scaleb(-digits).quantize(MICRO)


@cache
def _smallest(digits: int) -> Decimal:
    return Decimal(1).scaleb(-digits)


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
    order: PublishedOrder, goods: Sequence[Goods], currency: str, digits: int, at: datetime, *, stocked: bool
) -> IncomingOrder:
    """The order as the book takes it in; `goods`: what each of its items means. Raises InvalidOrder."""
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


def kept(order: PublishedOrder, goods: Sequence[Goods], digits: int, digest: str = "") -> dict[str, Any]:
    """What the book has no field for, as stored in `Order.partner`: amounts as sent, and extras of items by line."""
    document: dict[str, Any] = {"digest": digest} if digest else {}
    for name in ("amount", "initial_amount", "discount_amount"):
        value = getattr(order, name)
        if value is not None:
            document[name] = value
    pairs = zip(order.items or (), goods, strict=True)
    extras = {str(n): rest for n, (item, meant) in enumerate(pairs, 1) if (rest := extras_of(item, meant, digits))}
    if extras:
        document["items"] = extras
    return document


def extras_of(item: Item, goods: Goods, digits: int) -> dict[str, Any]:
    """What its line has no field for, as JSON keeps it: what was sent, and what its goods are called and cost."""
    rest: dict[str, Any] = {name: value for name in EXTRAS if (value := getattr(item, name)) is not None}
    if goods.kind == "product":
        rest["related_object"] = "product"
    elif rest.get("related_object") == "sku" or goods.kind == "sku":
        rest.pop("related_object", None)  # what is said where nothing is kept
    copy = copy_of(item, goods, digits)
    if not copy:
        return rest
    if goods.parent is not None:
        name = printed(copy)
        plain: dict[str, Any] = {"product": {"name": name}}
        if goods.kind == "sku":
            plain["sku"] = {"sku": name}
        if copy == plain:
            return rest
    found: dict[str, Any] = msgspec.to_builtins(copy)
    return rest | found
