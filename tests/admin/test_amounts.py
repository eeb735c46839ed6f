"""The table of amounts: what a refund of an amount alone leaves to people."""

from __future__ import annotations

from decimal import Decimal

import pytest

from orders.admin.amounts import amount_rows
from orders.choices import OrderStatus
from orders.models import Order, OrderLine


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
