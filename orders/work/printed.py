"""That somebody has printed papers of an order: it was worked on, and no longer follows its shop by itself."""

from __future__ import annotations

from collections.abc import Collection

from config.kit import true_time
from orders.choices import EventKind
from orders.models import OrderEvent


def note_printed(order_ids: Collection[int], *, actor_id: int | None) -> None:
    """Write it into the history of each order, the first time."""
    told = OrderEvent.objects.filter(order__in=list(order_ids), kind=EventKind.PRINTED).values_list(
        "order_id", flat=True
    )
    new = sorted(set(order_ids) - set(told))
    at = true_time.now()
    OrderEvent.objects.bulk_create(
        OrderEvent(order_id=pk, kind=EventKind.PRINTED, message="Papers printed.", actor_id=actor_id, at=at)
        for pk in new
    )
