"""The table of amounts: what a refund of an amount alone leaves to people."""

from __future__ import annotations

from decimal import Decimal

import pytest

from orders.admin.amounts import amount_rows
from orders.choices import OrderStatus
from orders.models import Order, OrderLine


def test_each_part_is_shown_net_with_its_tax_and_gross() -> None:
    order = Order(
        status=OrderStatus.PROCESSING,
        currency="EUR",
        total=Decimal("36.30"),
        tax_total=Decimal("6.30"),
        shipping_total=Decimal("10.00"),
        shipping_tax=Decimal("2.10"),
    )
    line = OrderLine(quantity=2, total=Decimal("20.00"), tax=Decimal("4.20"))
    assert [(row.label, row.net, row.tax, row.gross) for row in amount_rows(order, [line])] == [
        ("Items", "€20.00", "€4.20", "€24.20"),
        ("Shipping", "€10.00", "€2.10", "€12.10"),
        ("Total", "€30.00", "€6.30", "€36.30"),
    ]


@pytest.mark.parametrize(
    ("status", "cancelled", "shipped", "is_asked"),
    [
        (OrderStatus.PROCESSING, 0, 1, True),
        (OrderStatus.ON_HOLD, 0, 0, True),
        (OrderStatus.PROCESSING, 1, 0, False),
        (OrderStatus.PROCESSING, 0, 2, False),
        (OrderStatus.COMPLETE, 0, 0, False),
    ],
)
def test_whoever_knows_only_an_amount_is_asked_what_need_not_be_sent(
    status: OrderStatus, cancelled: int, shipped: int, is_asked: bool
) -> None:
    order = Order(status=status, currency="EUR", total=Decimal(20), refunded_total=Decimal(5))
    line = OrderLine(quantity=2, cancelled=cancelled, shipped=shipped, total=Decimal(20), tax=Decimal(0))
    [note] = [row.note for row in amount_rows(order, [line]) if row.label == "Refunded"]
    assert ("does not say for which items" in note) == is_asked
