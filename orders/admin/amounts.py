"""How the total of an order comes about."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal

from django.utils.translation import gettext

from config.kit.money import money
from orders.choices import ORDER_OPEN
from orders.models import Order, OrderLine
from orders.work.changing import open_units


@dataclass(frozen=True)
class Row:
    """One row of the table of amounts."""

    label: str
    net: str
    tax: str
    gross: str
    strong: bool = False
    note: str = ""


def amount_rows(order: Order, lines: Sequence[OrderLine]) -> list[Row]:
    """How the total comes about: each part net, its tax and gross; zero parts are left out, but for goods and total.

    Amounts that have no tax of their own, such as a refund, stand in the last column alone.
    """

    def show(amount: Decimal) -> str:
        return money(amount, order.currency)

    def part(label: str, net: Decimal, tax: Decimal, *, strong: bool = False) -> Row:
        return Row(label, show(net), show(tax), show(net + tax), strong)

    def alone(label: str, gross: Decimal, note: str = "") -> Row:
        return Row(label, "", "", show(gross), note=note)

    goods = sum((line.total for line in lines), Decimal(0))
    goods_tax = sum((line.tax for line in lines), Decimal(0))
    rows = [part(gettext("Items"), goods, goods_tax)]
    if order.shipping_total or order.shipping_tax:
        rows.append(part(gettext("Shipping"), order.shipping_total, order.shipping_tax))
    if order.fee_total or order.fee_tax:
        rows.append(part(order.fee_title or gettext("Fees"), order.fee_total, order.fee_tax))
    if order.residual:
        note = gettext("What the shop's total holds beyond its parts: rounding, a gift card, a marketplace fee.")
        label = order.residual_title or gettext("Not itemised by the shop")
        rows.append(alone(label, order.residual, "" if order.residual_title else note))
    rows.append(part(gettext("Total"), order.total - order.tax_total, order.tax_total, strong=True))
    if order.discount_total:
        rows.append(alone(gettext("Discount"), order.discount_total, gettext("Already taken off the amounts above.")))
    if order.refunded_total:
        rows.append(alone(gettext("Refunded"), -order.refunded_total, _of_what(order, lines)))
    return rows


def _of_what(order: Order, lines: Sequence[OrderLine]) -> str:
    """Some shops tell only how much was paid back, and then somebody has to know what need not be sent."""
    is_open = order.status in ORDER_OPEN
    if is_open and any(map(open_units, lines)) and not any(line.cancelled for line in lines):
        return gettext(
            "Paid back in the shop, which does not say for which items: cancel here what is not to be sent any more."
        )
    return gettext("Paid back in the shop.")
