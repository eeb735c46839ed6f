"""Orders of the book for tests of the work on them."""

from __future__ import annotations

from typing import Any

from integrations.models import Project
from orders.intake.incoming import IncomingLine
from orders.intake.plans import VALID, Plan
from orders.models import Order
from tests.factories import incoming
from tests.orders.intake.test_new_orders import take


def order_of(project: Project, *lines: IncomingLine, plan: Plan = VALID, **values: Any) -> Order:
    order = incoming(*lines, **values)
    take(project, (order, plan))
    return Order.objects.get(project=project, number=order.number)


def units(order: Order) -> list[tuple[str, int, int, int, int, int]]:
    """(SKU, reserved, waiting, shipped, cancelled, returned) of each line."""
    names = ("sku", "reserved", "waiting", "shipped", "cancelled", "returned")
    return list(order.lines.order_by("position").values_list(*names))


def standing(order: Order) -> tuple[str, str]:
    """Status and tab, read anew."""
    order.refresh_from_db()
    return order.status, order.tab


def told(order: Order) -> list[str]:
    """The history, oldest first, without the first line."""
    return list(order.events.order_by("id").values_list("message", flat=True))[1:]
