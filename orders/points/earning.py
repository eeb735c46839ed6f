"""Apply the earning rules to what happened: entries into segments, and announcements of live orders."""

from __future__ import annotations

import logging
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from django.db import transaction
from django.db.models import F

from config.kit import true_time
from config.kit.isolating import in_halves, place_of
from orders.choices import AnnouncementKind, EarningTrigger, PointsReason
from orders.models import Announcement, EarningRule, Order, PointsMovement, SegmentEntry
from orders.points.movements import MOST_POINTS, Row, record

logger = logging.getLogger(__name__)

BATCH = 1_000
EARNING = {
    AnnouncementKind.CREATED: EarningTrigger.ORDER_CREATED,
    AnnouncementKind.PAID: EarningTrigger.ORDER_PAID,
}


def earn_from_entries(project_id: int) -> bool:
    """Give what a batch of new entries into segments earns. Whether there may be more."""
    with transaction.atomic():
        entries = list(
            SegmentEntry.objects.select_for_update(skip_locked=True, of=("self",))
            .filter(project_id=project_id, earned_at=None)
            .order_by("pk")[:BATCH]
        )
        if not entries:
            return False
        rules = _rules(project_id, [EarningTrigger.SEGMENT_ENTERED])
        at = true_time.now()

        def earn(some: Sequence[SegmentEntry]) -> None:
            rows = [
                Row(entry.customer_id, rule.points, PointsReason.EARNED, rule.pk, entry_id=entry.pk)
                for entry in some
                for rule in rules
                if rule.segment_id == entry.segment_id and _active(rule, entry.at)
            ]
            record(project_id, rows, at)

        def leave(entry: SegmentEntry, error: Exception) -> None:
            """It waits for the next turn; those that come after it do not wait with it."""
            logger.error("The entry %s into a segment cannot earn: %s", entry.pk, place_of(error))
            left.add(entry.pk)

        left: set[int] = set()
        in_halves(entries, earn, leave)
        SegmentEntry.objects.filter(pk__in={entry.pk for entry in entries} - left).update(earned_at=at)
    return len(entries) == BATCH


def waiting_projects() -> set[int]:
    """Projects with entries the earning rules have not seen. For the tick."""
    unseen = SegmentEntry.objects.filter(earned_at=None).order_by()
    return set(unseen.values_list("project_id", flat=True).distinct())


def earn_from_orders(project_id: int, told: Sequence[Announcement]) -> None:
    """Give what live orders earn and take back what cancelled ones did, in the caller's transaction."""
    rules = _rules(project_id, EARNING.values())
    for wave in _waves(told):
        if rules and wave.earned:
            record(project_id, _earned(rules, wave.earned), true_time.now())
        if wave.cancelled:
            record(project_id, _taken_back(wave.cancelled), true_time.now())


@dataclass
class _Wave:
    """For each order one stretch of its history: what earns, then whether it was cancelled."""

    earned: list[Announcement] = field(default_factory=list)
    cancelled: list[int] = field(default_factory=list)


def _waves(told: Sequence[Announcement]) -> list[_Wave]:
    """The announcements in as few portions as keep the order in which they happened to each order."""
    waves: list[_Wave] = []
    place: dict[int, int] = {}
    over: set[int] = set()
    for each in sorted(told, key=lambda announcement: announcement.pk):
        cancels = each.kind == AnnouncementKind.CANCELED
        if not cancels and each.kind not in EARNING:
            continue
        if each.order_id in over and not cancels:
            place[each.order_id] += 1
            over.discard(each.order_id)
        number = place.setdefault(each.order_id, 0)
        waves.extend(_Wave() for _ in range(number + 1 - len(waves)))
        if cancels:
            waves[number].cancelled.append(each.order_id)
            over.add(each.order_id)
        else:
            waves[number].earned.append(each)
    return waves


def _rules(project_id: int, triggers: Iterable[str]) -> list[EarningRule]:
    return list(
        EarningRule.objects.filter(project_id=project_id, enabled=True, trigger__in=list(triggers)).order_by("pk")
    )


def _active(rule: EarningRule, at: datetime) -> bool:
    return (rule.starts_at is None or rule.starts_at <= at) and (rule.ends_at is None or at < rule.ends_at)


def _earned(rules: Sequence[EarningRule], told: Sequence[Announcement]) -> list[Row]:
    orders = {
        order.pk: order
        for order in Order.objects.filter(pk__in={each.order_id for each in told}, customer__isnull=False).annotate(
            project_currency=F("project__currency")
        )
    }
    return [
        Row(order.customer_id, points, PointsReason.EARNED, rule.pk, order_id=order.pk)
        for each in told
        if (order := orders.get(each.order_id)) is not None and order.customer_id is not None
        for rule in rules
        if rule.trigger == EARNING[AnnouncementKind(each.kind)] and _active(rule, each.at)
        if (points := points_for(rule, order, order.project_currency))
    ]


def points_for(rule: EarningRule, order: Order, currency: str) -> int:
    """What the rule gives for this order. By amount: for each full amount, and for the project's `currency` alone."""
    if rule.per_amount is None:
        return rule.points
    if order.currency != currency:
        return 0
    return min(int(max(order.total, 0) // rule.per_amount) * rule.points, MOST_POINTS)


def _taken_back(order_ids: Iterable[int]) -> list[Row]:
    earned = PointsMovement.objects.filter(
        order_id__in=set(order_ids), reason=PointsReason.EARNED, taken_back_by=None
    ).order_by("pk")
    return [
        Row(
            row.customer_id, -row.points, PointsReason.TAKEN_BACK, row.rule_id,
            order_id=row.order_id, takes_back_id=row.pk,
        )
        for row in earned
    ]  # fmt: skip
