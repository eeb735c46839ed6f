"""Orders of the book as partners read them: the published response, whatever way an order came in."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from decimal import Decimal
from typing import Any

from babel.numbers import get_currency_precision
from django.db.models import Case, CharField, F, Q, Value, When

from config.kit.public_ids import PublicIds
from config.kit.times import iso
from orders.choices import OrderStatus
from orders.models import Order, OrderLine
from orders.partners.answered_items import extras_of_line, goods_of_lines, item_of, minor
from orders.partners.known_orders import lines_of
from orders.partners.meanings import Goods
from stock.goods.known import KnownGoods

PUBLISHED = {"CREATED", "PAID", "CANCELED", "FULFILLED"}


def status_of(order: Order) -> str:
    """The published status: that of a partner's order as sent, that of a shop's order by what it is here."""
    if order.status == OrderStatus.CANCELLED:
        return "CANCELED"
    if order.integration_id is None and order.remote_status in PUBLISHED - {"CANCELED"}:
        return order.remote_status
    if order.status == OrderStatus.COMPLETE:
        return "FULFILLED"
    return "PAID" if order.paid_at else "CREATED"


def published_status() -> Case:
    """What `status_of` says, for queries on orders."""
    return Case(
        When(status=OrderStatus.CANCELLED, then=Value("CANCELED")),
        When(Q(integration=None, remote_status__in=sorted(PUBLISHED - {"CANCELED"})), then=F("remote_status")),
        When(status=OrderStatus.COMPLETE, then=Value("FULFILLED")),
        When(paid_at__isnull=False, then=Value("PAID")),
        default=Value("CREATED"),
        output_field=CharField(),
    )


def publish(
    ids: PublicIds,
    orders: Sequence[Order],
    lines: Mapping[int, Sequence[OrderLine]] | None = None,
    known: KnownGoods | None = None,
) -> list[dict[str, Any]]:
    """The published objects of these orders of one project. One statement for their lines, two for all their goods.

    Where they were just read: `lines` by the keys of the orders, and `known`, their goods.
    """
    if not orders:
        return []
    lines = lines_of(orders) if lines is None else lines
    pairs = [(order, line) for order in orders for line in lines[order.pk]]
    goods = goods_of_lines(ids, orders[0].project_id, pairs, known)
    return [_order(ids, order, lines[order.pk], goods) for order in orders]


def _order(ids: PublicIds, order: Order, lines: Sequence[OrderLine], goods: Mapping[int, Goods]) -> dict[str, Any]:
    digits = get_currency_precision(order.currency)
    document: Mapping[str, Any] = order.partner or {}
    published: dict[str, Any] = {
        "id": ids.give("ord", order.pk),
        "source_id": order.source_id or None,
        "created_at": iso(order.placed_at),
        "updated_at": iso(order.updated_at),
        "status": status_of(order),
        **amounts_of(order, lines, document, digits),
        "items": [item_of(ids, line, extras_of_line(order, line), goods[line.pk], digits) for line in lines],
        "metadata": order.metadata,
        "customer_id": None,
        "referrer_id": None,
        "redemptions": {},
        "object": "order",
    }
    for name, pk in (("customer", order.customer_id), ("referrer", order.referrer_id)):
        if pk is not None:
            published[f"{name}_id"] = ids.give("cust", pk)
            published[name] = {"id": published[f"{name}_id"], "object": "customer"}
    return published


def amounts_of(order: Order, lines: Iterable[OrderLine], document: Mapping[str, Any], digits: int) -> dict[str, int]:
    """`amount` is before discounts, `total_amount` what the buyer owes; `document` is `Order.partner`."""
    items_discount = minor(sum((line.discount for line in lines), Decimal(0)), digits)
    found = amounts(minor(order.total, digits), minor(order.discount_total, digits), items_discount)
    return found | {
        "initial_amount": document.get("initial_amount", found["amount"]),
        "applied_discount_amount": found["discount_amount"],
        "items_applied_discount_amount": found["items_discount_amount"],
        "total_applied_discount_amount": found["total_discount_amount"],
    }


def amounts(total: int, discounts: int, items_discount: int) -> dict[str, int]:
    """The published amounts, of the total, all discounts and those of the items; in the smallest unit."""
    discount = max(0, discounts - items_discount)
    return {
        "amount": total + items_discount + discount,
        "discount_amount": discount,
        "items_discount_amount": items_discount,
        "total_discount_amount": items_discount + discount,
        "total_amount": total,
    }
