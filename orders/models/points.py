"""Points: the rules by which customers earn them, and the ledger of every point that came or went."""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.db.models import F, Q
from django.db.models.functions import Lower

from orders.choices import EarningTrigger, PointsReason
from orders.models.orders import Customer, Order, money
from orders.models.segments import Segment, SegmentEntry


class EarningRule(models.Model):
    """What customers earn for entering a segment, or for a live order. Each is earned once, see `orders.points`."""

    project = models.ForeignKey("integrations.Project", models.CASCADE, related_name="earning_rules", db_index=False)
    name = models.CharField(max_length=100)
    trigger = models.CharField("earned by", max_length=20, choices=EarningTrigger)
    segment = models.ForeignKey(Segment, models.PROTECT, related_name="earning_rules", null=True, blank=True)
    points = models.IntegerField()
    per_amount = money(null=True, blank=True)
    """Points for each full amount of this size in the project's currency; None: points whatever the amount."""
    starts_at = models.DateTimeField("from", null=True, blank=True)
    ends_at = models.DateTimeField("until", null=True, blank=True)
    enabled = models.BooleanField(default=True)
    created_at = models.DateTimeField()
    updated_at = models.DateTimeField()

    class Meta:
        constraints = [
            models.UniqueConstraint("project", Lower("name"), name="earning_rule_once_per_name"),
            models.CheckConstraint(
                condition=Q(trigger=EarningTrigger.SEGMENT_ENTERED, segment__isnull=False, per_amount=None)
                | (~Q(trigger=EarningTrigger.SEGMENT_ENTERED) & Q(segment=None)),
                name="earning_rule_segment_fits_trigger",
            ),
            models.CheckConstraint(condition=Q(points__gt=0), name="earning_rule_gives_points"),
            models.CheckConstraint(condition=Q(per_amount=None) | Q(per_amount__gt=0), name="earning_rule_per_amount"),
            models.CheckConstraint(
                condition=Q(starts_at=None) | Q(ends_at=None) | Q(ends_at__gt=F("starts_at")),
                name="earning_rule_ends_after_start",
            ),
        ]

    def __str__(self) -> str:
        return self.name


class PointsMovement(models.Model):
    """Points that came or went, append-only. The balance stands in the customer's summary."""

    project = models.ForeignKey("integrations.Project", models.CASCADE, related_name="+", db_index=False)
    customer = models.ForeignKey(Customer, models.PROTECT, related_name="points_movements", db_index=False)
    points = models.BigIntegerField()
    reason = models.CharField(max_length=20, choices=PointsReason)
    rule = models.ForeignKey(EarningRule, models.PROTECT, related_name="movements", null=True, db_index=False)
    entry = models.ForeignKey(SegmentEntry, models.PROTECT, related_name="+", null=True, db_index=False)
    order = models.ForeignKey(Order, models.PROTECT, related_name="points_movements", null=True, db_index=False)
    takes_back = models.OneToOneField("self", models.PROTECT, related_name="taken_back_by", null=True)
    note = models.CharField(max_length=300, blank=True)
    actor = models.ForeignKey(settings.AUTH_USER_MODEL, models.SET_NULL, related_name="+", null=True, db_index=False)
    at = models.DateTimeField()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["rule", "entry"], name="earned_once_per_entry"),
            models.UniqueConstraint(
                fields=["rule", "order"], condition=Q(reason=PointsReason.EARNED), name="earned_once_per_order"
            ),
            models.CheckConstraint(condition=~Q(points=0), name="points_move"),
            models.CheckConstraint(
                condition=(Q(reason=PointsReason.EARNED, rule__isnull=False, points__gt=0, takes_back=None)
                           & (Q(entry__isnull=False, order=None) | Q(entry=None, order__isnull=False)))
                | Q(reason=PointsReason.TAKEN_BACK, takes_back__isnull=False, order__isnull=False, points__lt=0)
                | Q(reason=PointsReason.ADJUSTED, rule=None, entry=None, order=None, takes_back=None),
                name="points_have_their_cause",
            ),
        ]  # fmt: skip
        indexes = [
            models.Index(fields=["customer", "-id"], name="points_by_customer"),
            models.Index(fields=["project", "-id"], name="points_by_project"),
            # ... WHERE project = 1 AND at >= ... ORDER BY at DESC, id DESC: the ledger of some days.
            models.Index(fields=["project", "-at", "-id"], name="points_by_time"),
            # ... WHERE project = 1 AND reason = 'adjusted' ORDER BY id DESC; nearly all are earned.
            models.Index(
                fields=["project", "reason", "-id"],
                condition=~Q(reason=PointsReason.EARNED),
                name="points_by_reason",
            ),
            models.Index(fields=["order"], condition=Q(order__isnull=False), name="points_by_order"),
        ]

    def __str__(self) -> str:
        return f"{self.points:+,} points"
