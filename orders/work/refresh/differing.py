"""What a newer document of a shop says otherwise than the order here, without changing anything."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from decimal import Decimal
from typing import Any, NamedTuple

import msgspec

from config.kit.amounts import amount, unit_price
from config.kit.plain_values import plain
from config.kit.sql import execute
from orders.choices import ORDER_OPEN, OrderStatus
from orders.intake.incoming import IncomingLine, IncomingOrder
from orders.models import Order
from orders.work.refresh.fields import FIELDS, merged, values_of
from orders.work.refresh.lines import LINE, key_of, values_of_line

# [{"field", "old", "new"}], as the history keeps them.
Change = Mapping[str, Any]
NAMES = (*(name for names in FIELDS.values() for name in names), "number")
# What a mapping or a name given here may have made of the shop's words.
MAPPED = frozenset({"payment_title", "shipping_title", "metadata"})


class BookLine(NamedTuple):
    """A line of an order as far as it is compared."""

    order_id: int
    key: str
    sku: str
    name: str
    quantity: int
    cancelled: int
    shipped: int
    unit_price: Decimal
    total: Decimal
    tax: Decimal
    tax_name: str
    discount: Decimal
    metadata: dict[str, Any]
    shipping: dict[str, Any]


def lines_of(order_ids: Collection[int]) -> dict[int, list[BookLine]]:
    """The lines of these orders, in their places; one statement."""
    found: dict[int, list[BookLine]] = {order_id: [] for order_id in order_ids}
    if found:
        rows = execute(
            "SELECT order_id, key, sku, name, quantity, cancelled, shipped, unit_price, total, tax, tax_name, discount,"
            " nullif(metadata, '{}'), nullif(shipping, '{}') FROM orders_orderline WHERE order_id = ANY(%s)"
            " ORDER BY order_id, position, id",
            [list(order_ids)],
        )
        for row in rows:
            found[row[0]].append(BookLine._make((*row[:-2], _as_json(row[-2]), _as_json(row[-1]))))
    return found


def _as_json(value: Any) -> dict[str, Any]:
    """A column of JSON, which comes as text, or as nothing where it is empty."""
    found: dict[str, Any] = msgspec.json.decode(value) if isinstance(value, str) else value or {}
    return found


def differences(
    order: Order,
    lines: Sequence[BookLine],
    answer: IncomingOrder,
    follow: OrderStatus | None,
    since: IncomingOrder | None = None,
) -> list[Change]:
    """The fields and lines in which the order is not what the shop says.

    `follow`: what the answer's status means here. `since`: the answer the order was last written from; what the shop
    has not changed since is no difference, whatever was edited or mapped otherwise here.
    """
    values, before = values_of(answer), None if since is None else values_of(since)
    found = [
        {"field": name, "old": plain(getattr(order, name)), "new": plain(value)}
        for name in NAMES
        if (before is None or values[name] != before[name])
        and (value := merged(order, name, values[name], before and before[name])) != getattr(order, name)
    ]
    is_news = answer.status != (since.status if since else order.remote_status) and follow not in {None, order.status}
    if is_news and not (follow in ORDER_OPEN and _paid_back(lines, answer)):
        found.append({"field": "status", "old": order.status, "new": str(follow)})
    return [*found, *_lines(lines, answer.lines, since)]


def _paid_back(lines: Sequence[BookLine], answer: IncomingOrder) -> bool:
    """Whether nothing is left to be sent, for what was not shipped was paid back: such an order is closed here."""
    refunded = {key_of(line, place): line.refunded for place, line in enumerate(answer.lines)}
    return any(refunded.values()) and all(
        line.quantity <= line.shipped + min(line.cancelled, refunded.get(line.key or f"#{place}", 0))
        for place, line in enumerate(lines)
    )


def may_be_ours(order: Order, lines: Sequence[BookLine], found: Sequence[Change], mapped: Collection[str] = ()) -> bool:
    """Whether some of these differences may come from this side: edited, cancelled, mapped (also to these fields)."""
    fields = {change["field"] for change in found}
    return (
        bool(order.edited)
        or not fields.isdisjoint(MAPPED | frozenset(mapped))
        or any(field.startswith(LINE) for field in fields)
        or any(line.cancelled for line in lines)
    )


def _lines(here: Sequence[BookLine], wanted: Sequence[IncomingLine], since: IncomingOrder | None) -> Iterator[Change]:
    ours = {line.key or f"#{place}": line for place, line in enumerate(here)}
    before = {key_of(line, place): line for place, line in enumerate(since.lines if since else ())}
    for place, incoming in enumerate(wanted):
        key = key_of(incoming, place)
        line, was = ours.pop(key, None), before.get(key)
        if line is not None and _is(line, incoming) and not incoming.refunded:
            continue
        new = _told_incoming(incoming)
        if line is None:
            yield {"field": f"{LINE}{key}", "old": None, "new": new}
            continue
        old = _told(line)
        unchanged = {} if was is None else _told_incoming(was)
        differs = {name for name, value in new.items() if value != old[name] and value != unchanged.get(name)}
        if incoming.quantity in {line.quantity, line.quantity - line.cancelled}:
            differs.discard("quantity")
        off = min(incoming.refunded, line.quantity - line.shipped)
        if off > line.cancelled and (was is None or was.refunded != incoming.refunded):
            old, new = old | {"cancelled": line.cancelled}, new | {"cancelled": off}
            differs.add("cancelled")
        if differs:
            yield {"field": f"{LINE}{key}", "old": old, "new": old | {name: new[name] for name in differs}}
    for key, line in ours.items():
        # A line that the shop never had, or has dropped before, and that stays here for what is shipped.
        if since is None and line.shipped and not line.total and not line.tax:
            continue
        if since is None or key in before:
            yield {"field": f"{LINE}{key}", "old": _told(line), "new": None}


def _is(line: BookLine, incoming: IncomingLine) -> bool:
    """Whether a line says the same here and in the shop: the quick look, most lines are."""
    return (
        line.quantity == incoming.quantity
        and line.sku == incoming.sku
        and line.name == incoming.name
        and line.total == amount(incoming.total)
        and line.unit_price == unit_price(incoming.unit_price)
        and line.tax == amount(incoming.tax)
        and line.tax_name == incoming.tax_name
        and line.discount == amount(incoming.discount)
        and not line.metadata
        and not incoming.metadata
        and not line.shipping
        and incoming.shipping.is_empty
    )


TOLD = ("sku", "name", "quantity", "unit_price", "total", "tax", "tax_name", "discount", "metadata", "shipping")


def _told(line: BookLine) -> dict[str, Any]:
    return {name: plain(getattr(line, name)) for name in TOLD}


def _told_incoming(line: IncomingLine) -> dict[str, Any]:
    values = values_of_line(line, 0) | {"sku": line.sku, "quantity": line.quantity}
    return {name: plain(values[name]) for name in TOLD}
