"""Pass on what happened to live orders to everybody who is told of it, in one transaction."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from django.db import transaction

from integrations.distributions import triggers
from integrations.webhooks import deliveries
from orders import announcements
from orders.models import Announcement
from orders.points import earning

AT_ONCE = 100

# Writes down what follows from announcements of a project, oldest first; no network.
Listener = Callable[[int, Sequence[Announcement]], None]

LISTENERS: tuple[Listener, ...] = (deliveries.prepare, triggers.answer_orders, earning.earn_from_orders)


def pass_on(project_id: int) -> bool:
    """Tell the listeners of the next announcements. Whether there may be more."""
    with transaction.atomic():
        found = announcements.take(project_id, AT_ONCE)
        if found:
            for tell in LISTENERS:
                tell(project_id, found)
    return len(found) == AT_ONCE
