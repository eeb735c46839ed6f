"""What a partner sends as we had answered it says nothing new: an answer that is sent back changes nothing.

Answers round: three units for 10.00 are published at 333 each. So what equals our answer is left as the book has it,
field by field, and item by item where items name their `id`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import msgspec
from babel.numbers import get_currency_precision

from config.kit.public_ids import PublicIds
from config.kit.times import iso
from orders.customers.customer_objects import CustomerObject
from orders.models import Order, OrderLine
from orders.partners.answered_items import extras_of_line, item_of
from orders.partners.answers import amounts_of, status_of
from orders.partners.meanings import Goods
from orders.partners.published import Item, PublishedOrder

# They follow from each other: as sent they count together, or not at all.
AMOUNTS = ("amount", "initial_amount", "discount_amount")
# What only says which order is meant.
KEYS = frozenset({"id", "source_id"})


def names_items(order: PublishedOrder) -> bool:
    """Whether items say by `id` which lines they are."""
    return any(item.id for item in order.items or ())


def answered_items(
    ids: PublicIds, order: Order, lines: Sequence[OrderLine], goods: Mapping[int, Goods]
) -> dict[int, Item]:
    """The items as they are answered, by the primary key of their line; `goods`: what stands behind each."""
    digits = get_currency_precision(order.currency)
    answered = {}
    for line in lines:
        try:
            answered[line.pk] = msgspec.convert(
                item_of(ids, line, extras_of_line(order, line), goods[line.pk], digits), Item
            )
        except msgspec.ValidationError:
            continue  # beyond what partners may send, such as a discount of a shop as an item of its own
    return answered


def news(
    ids: PublicIds,
    order: Order,
    lines: Sequence[OrderLine],
    sent: PublishedOrder,
    answered: Mapping[int, Item],
) -> PublishedOrder:
    """What was sent without what is answered just so; an amount says something when any amount or item does."""
    left = msgspec.structs.replace(sent)
    if sent.status == status_of(order):
        left.status = None
    if sent.metadata == order.metadata:
        left.metadata = None
    if sent.created_at is not None and iso(sent.created_at) == iso(order.placed_at):
        left.created_at = None
    for name, pk in (("customer", order.customer_id), ("referrer", order.referrer_id)):
        if pk is None:
            continue
        named, person = getattr(sent, f"{name}_id"), getattr(sent, name)
        if named and named == ids.give("cust", pk):
            setattr(left, f"{name}_id", None)
        if person is not None and person.id and person == CustomerObject(id=ids.give("cust", pk)):
            setattr(left, name, None)
    if sent.items is None or sent.items == [answered.get(line.id) for line in lines]:
        was: dict[str, Any] = amounts_of(order, lines, order.partner or {}, get_currency_precision(order.currency))
        if all(getattr(sent, name) in {None, was[name]} for name in AMOUNTS):
            left.items = left.amount = left.initial_amount = left.discount_amount = None
    return left


def is_nothing(left: PublishedOrder) -> bool:
    """Whether there is nothing new in it."""
    return all(getattr(left, name) is None for name in PublishedOrder.__struct_fields__ if name not in KEYS)
