"""What distributions answer: messages are written down with what caused them, and sent afterwards."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db import transaction
from django.db.models.functions import Now

from config.kit import true_time
from config.kit.isolating import in_halves, place_of
from integrations.choices import DistributionTrigger
from integrations.models import Distribution, Message
from orders.choices import AnnouncementKind
from orders.models import Announcement, Order, SegmentEntry

logger = logging.getLogger(__name__)

ENTRIES_AT_ONCE = 1_000
FRESH = timedelta(days=3)
TRIGGERS: dict[str, DistributionTrigger] = {
    AnnouncementKind.CREATED: DistributionTrigger.ORDER_CREATED,
    AnnouncementKind.PAID: DistributionTrigger.ORDER_PAID,
}


@dataclass(frozen=True)
class Occasion:
    """A customer has entered a segment, or an order of a customer came in or was paid."""

    trigger: DistributionTrigger
    pk: int
    """Of the segment's entry, or of the order."""
    customer_id: int
    segment_id: int | None = None

    @property
    def key(self) -> str:
        return f"{'entry' if self.trigger == DistributionTrigger.SEGMENT_ENTERED else 'order'}-{self.pk}"


def start(project_id: int, causes: Sequence[Occasion], at: datetime) -> int:
    """Write what the project's distributions answer, in the caller's transaction; how many messages that makes.

    The same cause never makes a second message of a distribution, however often it is told. Two statements.
    """
    if not causes:
        return 0
    answering = Distribution.objects.filter(
        project_id=project_id, enabled=True, trigger__in={cause.trigger for cause in causes}
    )
    by_trigger: dict[tuple[str, int | None], list[Distribution]] = {}
    for distribution in answering:
        by_trigger.setdefault((distribution.trigger, distribution.segment_id), []).append(distribution)
    messages = [
        Message(
            distribution=distribution,
            cause=cause.key,
            customer_id=cause.customer_id,
            order_id=None if cause.trigger == DistributionTrigger.SEGMENT_ENTERED else cause.pk,
            next_attempt_at=at,
            created_at=at,
        )
        for cause in causes
        for distribution in by_trigger.get((cause.trigger, cause.segment_id), ())
    ]
    Message.objects.bulk_create(messages, ignore_conflicts=True)
    return len(messages)


def answer_orders(project_id: int, told: Sequence[Announcement]) -> None:
    """Write what the project's distributions answer to what happened to live orders; in the caller's transaction.

    Nobody is thanked for an order of long ago, e.g. when a shop's last year is loaded: what happened longer than
    FRESH ago is not answered.
    """
    now = true_time.now()
    meant = [each for each in told if each.kind in TRIGGERS]
    orders = Order.objects.filter(pk__in=[each.order_id for each in meant], customer__isnull=False)
    found = {order.pk: order for order in orders.only("customer_id", "placed_at", "paid_at")} if meant else {}
    causes = [
        Occasion(TRIGGERS[each.kind], each.order_id, order.customer_id or 0)
        for each in meant
        if (order := found.get(each.order_id)) and _happened(each, order) > now - FRESH
    ]
    start(project_id, causes, now)


def _happened(told: Announcement, order: Order) -> datetime:
    return (order.paid_at or told.at) if told.kind == AnnouncementKind.PAID else order.placed_at


def answer_entries(project_id: int) -> bool:
    """Write what distributions answer to customers who have entered segments. Whether there may be more.

    An entry is marked as answered together with its messages.
    """
    trigger = DistributionTrigger.SEGMENT_ENTERED
    with transaction.atomic():
        waiting = SegmentEntry.objects.select_for_update(of=("self",)).filter(project_id=project_id, told_at=None)
        entries = list(waiting.order_by("id")[:ENTRIES_AT_ONCE])
        causes = [Occasion(trigger, entry.pk, entry.customer_id, entry.segment_id) for entry in entries]
        at = true_time.now()
        left: set[int] = set()

        def leave(cause: Occasion, error: Exception) -> None:
            """It waits for the next turn; those that come after it do not wait with it."""
            logger.error("The cause %s cannot be answered: %s", cause.key, place_of(error))
            left.add(cause.pk)

        in_halves(causes, lambda some: start(project_id, some, at), leave)
        SegmentEntry.objects.filter(pk__in={entry.pk for entry in entries} - left).update(told_at=Now())
    return len(entries) == ENTRIES_AT_ONCE


def entered_projects() -> list[int]:
    """The projects with entries that are still to be answered."""
    waiting = SegmentEntry.objects.filter(told_at=None).order_by()
    return list(waiting.values_list("project_id", flat=True).distinct())
