"""How the total of an order comes about."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal

from django.utils.translation import gettext

from config.kit.money import money
from orders.models import Order


@dataclass(frozen=True)
class Row:
    """One row of the table of amounts."""

    label: str
    amount: str
    tax: str = ""
    strong: bool = False
    note: str = ""


def amount_rows(order: Order, goods: Decimal, goods_tax: Decimal) -> list[Row]:
    """How the total comes about: net amount and tax of each part; zero parts are left out, but for goods and total."""

    def show(amount: Decimal) -> str:
        return money(amount, order.currency)

    rows = [Row(gettext("Items"), show(goods), show(goods_tax))]
    if order.shipping_total or order.shipping_tax:
        rows.append(Row(gettext("Shipping"), show(order.shipping_total), show(order.shipping_tax)))
    if order.fee_total or order.fee_tax:
        rows.append(Row(gettext("Fees"), show(order.fee_total), show(order.fee_tax)))
    if order.residual:
        note = gettext("What the shop's total holds beyond its parts: rounding, a gift card, a marketplace fee.")
        rows.append(Row(gettext("Not itemised by the shop"), show(order.residual), note=note))
    rows.append(Row(gettext("Total with tax"), show(order.total), show(order.tax_total), strong=True))
    if order.discount_total:
        rows.append(
            Row(gettext("Discount"), show(order.discount_total), note=gettext("Already taken off the amounts above."))
        )
    if order.refunded_total:
        rows.append(Row(gettext("Refunded"), show(-order.refunded_total), note=gettext("Paid back in the shop.")))
    return rows
