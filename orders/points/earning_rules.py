"""Earning rules made and changed. What was earned stays earned: a change acts on what happens from now on."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from django.db import IntegrityError, transaction

from config.kit import true_time
from orders.choices import EarningTrigger
from orders.models import EarningRule, Segment
from orders.points.movements import MOST_POINTS, PointsRefused

MOST_RULES = 100
LONGEST_NAME = 100


@dataclass(frozen=True)
class EarningRuleWish:
    """A rule as it shall be: `segment_id` for entering a segment, `per_amount` (project's currency) for orders."""

    name: str
    trigger: EarningTrigger
    points: int
    segment_id: int | None = None
    per_amount: Decimal | None = None
    starts_at: datetime | None = None
    ends_at: datetime | None = None
    enabled: bool = True


def create(project_id: int, wish: EarningRuleWish) -> EarningRule:
    """Raises PointsRefused, nothing written."""
    now = true_time.now()
    rule = EarningRule(project_id=project_id, created_at=now, trigger=wish.trigger)
    if EarningRule.objects.filter(project_id=project_id).count() >= MOST_RULES:
        raise PointsRefused(f"A project has at most {MOST_RULES} earning rules: change one that is off.", "name")
    return _save(rule, wish, now)


def change(rule_id: int, wish: EarningRuleWish) -> EarningRule:
    """Everything but the trigger. Raises PointsRefused, nothing written."""
    with transaction.atomic():
        rule = EarningRule.objects.select_for_update(of=("self",)).get(pk=rule_id)
        if wish.trigger != rule.trigger:
            raise PointsRefused("What earns the points stays: switch this rule off and add another one.", "trigger")
        return _save(rule, wish, true_time.now())


def switch(rule_id: int, *, enabled: bool) -> None:
    """Switch a rule on or off."""
    EarningRule.objects.filter(pk=rule_id).update(enabled=enabled, updated_at=true_time.now())


def _save(rule: EarningRule, wish: EarningRuleWish, now: datetime) -> EarningRule:
    of_segment = wish.trigger == EarningTrigger.SEGMENT_ENTERED
    rule.name = " ".join(wish.name.split())
    if not 0 < len(rule.name) <= LONGEST_NAME or "\x00" in rule.name:
        raise PointsRefused(f"A rule needs a name of 1 to {LONGEST_NAME} characters.", "name")
    if not 0 < wish.points <= MOST_POINTS // 1_000:
        raise PointsRefused(f"A rule gives 1 to {MOST_POINTS // 1_000:,} points.", "points")
    if of_segment and not _is_here(rule.project_id, wish.segment_id):
        raise PointsRefused("Choose the segment that customers enter.", "segment")
    if of_segment and wish.per_amount is not None:
        raise PointsRefused("Entering a segment has no amount: leave this empty.", "per_amount")
    if wish.per_amount is not None and not Decimal("0.01") <= wish.per_amount <= 10**9:
        raise PointsRefused("Enter an amount from 0.01 to 1,000,000,000, or nothing.", "per_amount")
    if wish.starts_at and wish.ends_at and wish.ends_at <= wish.starts_at:
        raise PointsRefused("The rule would end before it starts: enter a later time.", "ends_at")
    rule.points, rule.per_amount = wish.points, wish.per_amount
    rule.segment_id = wish.segment_id if of_segment else None
    rule.starts_at, rule.ends_at, rule.enabled, rule.updated_at = wish.starts_at, wish.ends_at, wish.enabled, now
    try:
        with transaction.atomic():
            rule.save()
    except IntegrityError as error:
        if "earning_rule_once_per_name" not in str(error):
            raise
        raise PointsRefused(f"There is a rule named “{rule.name}” already.", "name") from error
    return rule


def _is_here(project_id: int, segment_id: int | None) -> bool:
    return Segment.objects.filter(project_id=project_id, pk=segment_id or 0, deleted_at=None).exists()
