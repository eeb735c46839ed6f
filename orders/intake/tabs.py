"""How an order's tab follows from its status and its lines."""

from __future__ import annotations

from collections.abc import Iterable

from orders.choices import OrderStatus, Tab


def tab_of(status: OrderStatus, stocked_lines: Iterable[tuple[int, int]]) -> Tab:
    """The preparation tab, given (reserved, waiting) of each line that takes part in stock."""
    if status in {OrderStatus.COMPLETE, OrderStatus.CANCELLED}:
        return Tab.NONE
    if status == OrderStatus.ON_HOLD:
        return Tab.ON_HOLD
    lines = list(stocked_lines)
    if not any(waiting for _, waiting in lines):
        return Tab.IN_STOCK
    return Tab.PARTIAL if any(reserved for reserved, _ in lines) else Tab.BACKORDER
