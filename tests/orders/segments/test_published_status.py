"""The published status has one meaning in Python and in SQL, for every combination an order can be in."""

from __future__ import annotations

import itertools

from django.utils import timezone

from integrations.models import Integration, Project
from orders.choices import OrderStatus, Tab
from orders.intake.plans import API_HISTORY, PLANS
from orders.models import Order
from orders.partners.answers import published_status, status_of

TABS = {OrderStatus.PROCESSING: Tab.IN_STOCK, OrderStatus.ON_HOLD: Tab.ON_HOLD}
REMOTE = ("", "CREATED", "PAID", "FULFILLED", "CANCELED", "processing", "paid")
ACTIONS = ("", API_HISTORY.action, *PLANS)


def test_both_agree_on_every_combination(project: Project, shop: Integration) -> None:
    now = timezone.now()
    orders = [
        Order(
            project=project, integration=integration, number=str(number), status=status, tab=TABS.get(status, Tab.NONE),
            import_action=action, remote_status=remote, paid_at=paid, placed_at=now, currency="EUR", total=1,
            created_at=now, updated_at=now, search="",
        )
        for number, (status, integration, remote, paid, action) in enumerate(
            itertools.product(OrderStatus, (None, shop), REMOTE, (None, now), ACTIONS)
        )
    ]  # fmt: skip
    Order.objects.bulk_create(orders)
    annotated = Order.objects.annotate(published=published_status()).order_by("pk")
    both = [(order.published, status_of(order)) for order in annotated]
    assert len(both) == len(orders)
    assert [sql for sql, _ in both] == [python for _, python in both]
    assert {sql for sql, _ in both} == {"CREATED", "PAID", "FULFILLED", "CANCELED"}
