"""Orders that are picked, packed and shipped together: a batch that outlives the tab of a browser."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.db import models
from django.db.models import F, Q

from orders.models.documents import Shipment
from orders.models.orders import Order, OrderLine


class Preparation(models.Model):
    """Orders chosen for one round through the warehouse."""

    project = models.ForeignKey("integrations.Project", models.CASCADE, related_name="preparations", db_index=False)
    author = models.ForeignKey(settings.AUTH_USER_MODEL, models.SET_NULL, null=True, blank=True)
    created_at = models.DateTimeField()
    closed_at = models.DateTimeField(null=True, blank=True)
    """Since when nothing of it waits: all is shipped, or somebody has put the rest back."""

    class Meta:
        ordering = ["-id"]
        indexes = [models.Index(fields=["project", "-id"], name="preparation_of_project")]

    def __str__(self) -> str:
        return f"Preparation {self.pk}"


class PreparedOrder(models.Model):
    """An order in a preparation. What is to leave was fixed when it came in, at a version of the order.

    Locked by whoever packs, ships or renews it (`orders.preparing`): two people count no unit twice.
    """

    preparation = models.ForeignKey(Preparation, models.CASCADE, related_name="orders")
    order = models.ForeignKey(Order, models.CASCADE, related_name="prepared", db_index=False)
    position = models.PositiveSmallIntegerField()
    """From 1: the place of the parcel on the trolley."""
    version = models.IntegerField()
    """The order's version that is picked and packed; another one must be looked at first."""
    carrier = models.CharField(max_length=200, blank=True)
    """As typed; "" for the order's own shipping method."""
    tracking_number = models.CharField(max_length=100, blank=True)
    """Until it is shipped; then the shipment has it."""
    scans: models.Field[Any, Any] = models.JSONField(default=list, blank=True)
    """[[id of a prepared line, units]], newest last: what an undo takes back."""
    shipment = models.OneToOneField(Shipment, models.PROTECT, related_name="prepared", null=True, blank=True)

    class Meta:
        ordering = ["preparation", "position"]
        constraints = [
            models.UniqueConstraint(fields=["order"], condition=Q(shipment=None), name="order_in_one_open_preparation"),
            models.UniqueConstraint(fields=["preparation", "order"], name="order_once_per_preparation"),
        ]

    def __str__(self) -> str:
        return f"{self.position}: {self.order}"


class PreparedLine(models.Model):
    """Units of an order line that leave with this preparation, and how many of them are packed by scan."""

    prepared = models.ForeignKey(PreparedOrder, models.CASCADE, related_name="lines", db_index=False)
    order_line = models.ForeignKey(OrderLine, models.CASCADE, related_name="prepared")
    units = models.PositiveIntegerField()
    packed = models.PositiveIntegerField(default=0)

    class Meta:
        ordering = ["order_line__position", "id"]
        constraints = [
            models.CheckConstraint(condition=Q(units__gt=0) & Q(packed__lte=F("units")), name="packed_within_units"),
            models.UniqueConstraint(fields=["prepared", "order_line"], name="line_once_per_prepared_order"),
        ]

    def __str__(self) -> str:
        return f"{self.packed} of {self.units} × {self.order_line}"

    @property
    def left(self) -> int:
        """Units still to be packed."""
        return self.units - self.packed
