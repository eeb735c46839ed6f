"""What people look at before an order that its shop has changed is shipped, printed or invoiced."""

from __future__ import annotations

from dataclasses import dataclass

from django.db.models import Q, QuerySet

from integrations.following import newer
from integrations.models import Integration
from orders.admin import changes
from orders.choices import InShop
from orders.in_shop import marks_of, version_of
from orders.models import Order

MARKED = Q(shop_changed_at__isnull=False) | Q(shop_gone_at__isnull=False)


@dataclass(frozen=True)
class Look:
    """An order with a mark, and what differs."""

    order: Order
    mark: InShop
    rows: list[changes.Row]

    @property
    def token(self) -> str:
        """Which order this is, and what its shop said of it."""
        return f"{self.order.pk}:{version_of(self.order)}"


def look_at(order: Order, integration: Integration) -> Look | None:
    """None for an order without a mark."""
    marks = marks_of(order)
    if not marks:
        return None
    found = newer.differs_now(integration, order) if order.shop_changed_at is not None else ()
    return Look(order, marks[0], changes.rows(found, order.currency))


def looks(orders: QuerySet[Order]) -> list[Look]:
    """Those of these orders that ask for a look."""
    marked = list(orders.filter(MARKED).order_by("placed_at", "pk"))
    shops = Integration.objects.in_bulk({order.integration_id for order in marked})
    found = [look_at(order, shops[order.integration_id]) for order in marked if order.integration_id in shops]
    return [look for look in found if look is not None]
