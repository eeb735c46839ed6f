"""Pass on what happened to live orders to everybody who is told of it, in one transaction."""

from __future__ import annotations

import logging
from collections.abc import Callable, Sequence

from django.db import transaction

from config.kit.isolating import in_halves, place_of
from integrations.distributions import triggers
from integrations.pushes import news
from integrations.webhooks import deliveries
from orders import announcements
from orders.models import Announcement
from orders.points import earning

logger = logging.getLogger(__name__)

AT_ONCE = 100

# Writes down what follows from announcements of a project, oldest first; no network.
Listener = Callable[[int, Sequence[Announcement]], None]

LISTENERS: tuple[Listener, ...] = (
    deliveries.prepare,
    triggers.answer_orders,
    earning.earn_from_orders,
    news.prepare,
)


def pass_on(project_id: int) -> bool:
    """Tell the listeners of the next announcements. Whether there may be more."""

    def tell(some: Sequence[Announcement]) -> None:
        for listen in LISTENERS:
            listen(project_id, some)

    def left(announcement: Announcement, error: Exception) -> None:
        """It waits for the next turn; those that come after it do not wait with it."""
        logger.error("Announcement %s cannot be passed on: %s", announcement.pk, place_of(error))
        Announcement.objects.filter(pk=announcement.pk).update(taken_at=None)

    with transaction.atomic():
        found = announcements.take(project_id, AT_ONCE)
        in_halves(found, tell, left)
    return len(found) == AT_ONCE
