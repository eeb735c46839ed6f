"""Customers in segments: what is known of their orders, who is a member since when, and who has entered."""

from __future__ import annotations

from typing import Any

from django.db import models
from django.db.models import F, Q
from django.db.models.functions import Lower

from orders.choices import Junction, SegmentKind
from orders.models.orders import Customer


def amount(**options: Any) -> models.DecimalField[Any, Any]:
    """A sum of many orders, in the project's currency."""
    return models.DecimalField(max_digits=24, decimal_places=4, **options)


class DueCustomer(models.Model):
    """Something that segments ask about has changed for this customer; written with the change, see `segments.due`."""

    # No constraints: marks are written with every page of an import, and one without its customer does nothing.
    customer = models.OneToOneField(Customer, models.CASCADE, primary_key=True, related_name="due", db_constraint=False)
    project = models.ForeignKey(
        "integrations.Project", models.CASCADE, db_index=False, related_name="+", db_constraint=False
    )
    since = models.DateTimeField()

    class Meta:
        indexes = [models.Index(fields=["project", "since"], name="due_customer_by_time")]

    def __str__(self) -> str:
        return f"customer {self.customer_id}"


class CustomerSummary(models.Model):
    """A customer's orders in a line: those published as PAID or FULFILLED, in the project's currency.

    Nothing is converted: orders in another currency are counted in `other_currency_count` and nowhere else.
    """

    customer = models.OneToOneField(Customer, models.CASCADE, primary_key=True, related_name="summary")
    project = models.ForeignKey("integrations.Project", models.CASCADE, db_index=False, related_name="+")
    total_amount = amount(default=0, db_default=0)
    total_count = models.IntegerField(default=0, db_default=0)
    average_amount = amount(default=0, db_default=0)
    last_order_amount = amount(null=True)
    last_order_at = models.DateTimeField(null=True)
    other_currency_count = models.IntegerField(default=0, db_default=0)
    country = models.CharField(max_length=60, blank=True, db_default="")
    """Of the customer's address, else of the latest order's billing address; as it was given, in upper case."""
    points = models.BigIntegerField(default=0, db_default=0)
    """The balance: the sum of the customer's rows in the points ledger."""
    recheck_at = models.DateTimeField(null=True)
    """The next moment at which time alone changes an answer, e.g. when the last order is 30 days old."""

    class Meta:
        indexes = [
            models.Index(
                fields=["recheck_at", "project"], condition=Q(recheck_at__isnull=False), name="summary_by_recheck"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.total_count} orders, {self.total_amount}"


class Segment(models.Model):
    """A group of customers: chosen by hand (static), or whoever meets the conditions (automatic)."""

    project = models.ForeignKey("integrations.Project", models.CASCADE, related_name="segments", db_index=False)
    name = models.CharField(max_length=100)
    kind = models.CharField(max_length=10, choices=SegmentKind)
    junction = models.CharField("joined by", max_length=3, choices=Junction, default=Junction.ALL)
    conditions: models.Field[Any, Any] = models.JSONField(default=list, blank=True)
    """[{"field", "operator", "value"}], checked by `segments.conditions`."""
    silent = models.BooleanField(default=False, db_default=False)
    """A partner made it to look at: published as passive as long as no rule or distribution that is on uses it."""
    created_at = models.DateTimeField()
    updated_at = models.DateTimeField()
    deleted_at = models.DateTimeField(null=True)
    """A deleted segment is shown nowhere and takes nobody in; entries and points of before stay."""
    fill_after = models.BigIntegerField(default=0)
    """The filling has answered for every customer up to this primary key."""
    fill_until = models.BigIntegerField(null=True)
    """The last customer the filling has to answer for; None: it is over. See `segments.filling`."""

    class Meta:
        constraints = [
            models.UniqueConstraint(
                "project", Lower("name"), condition=Q(deleted_at=None), name="segment_once_per_name"
            ),
        ]
        indexes = [
            models.Index(fields=["project"], condition=Q(fill_until__isnull=False), name="segment_to_fill"),
            models.Index(fields=["project", "-id"], name="segment_by_age"),
        ]

    def __str__(self) -> str:
        return self.name

    @property
    def filling(self) -> bool:
        """Whether it is still finding its first members, or those of changed conditions."""
        return self.fill_until is not None


class SegmentMember(models.Model):
    """A stay of a customer in a segment; at most one at a time is open, by constraint."""

    segment = models.ForeignKey(Segment, models.CASCADE, related_name="members", db_index=False)
    customer = models.ForeignKey(Customer, models.CASCADE, related_name="memberships", db_index=False)
    since = models.DateTimeField()
    left_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["segment", "customer"], condition=Q(left_at=None), name="member_once_per_segment"
            ),
            models.CheckConstraint(condition=Q(left_at=None) | Q(left_at__gte=F("since")), name="member_left_after"),
        ]
        indexes = [
            models.Index(fields=["customer", "segment"], name="member_by_customer"),
            models.Index(fields=["segment", "-id"], condition=Q(left_at=None), name="member_newest"),
        ]

    def __str__(self) -> str:
        return f"customer {self.customer_id} in segment {self.segment_id}"


class SegmentEntry(models.Model):
    """That a customer has entered a segment: once for each stay, append-only. What follows from it is marked here.

    A segment's first members, and those of changed conditions, have not entered: they were there already.
    """

    project = models.ForeignKey("integrations.Project", models.CASCADE, related_name="+", db_index=False)
    member = models.OneToOneField(SegmentMember, models.PROTECT, related_name="entry")
    segment = models.ForeignKey(Segment, models.PROTECT, related_name="entries", db_index=False)
    customer = models.ForeignKey(Customer, models.PROTECT, related_name="entries", db_index=False)
    at = models.DateTimeField()
    earned_at = models.DateTimeField(null=True)
    """When the earning rules had their say; None: not yet."""
    told_at = models.DateTimeField(null=True)
    """When the distributions had their say; None: not yet."""

    class Meta:
        indexes = [
            models.Index(fields=["project", "id"], condition=Q(earned_at=None), name="entry_to_earn"),
            models.Index(fields=["project", "id"], condition=Q(told_at=None), name="entry_to_tell"),
            models.Index(fields=["segment", "-id"], name="entry_by_segment"),
            models.Index(fields=["customer", "-id"], name="entry_by_customer"),
        ]

    def __str__(self) -> str:
        return f"customer {self.customer_id} entered segment {self.segment_id}"
