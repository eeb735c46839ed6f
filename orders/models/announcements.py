"""What happened to live orders, for whoever is to be told."""

from __future__ import annotations

from django.db import models
from django.db.models import Q

from orders.choices import AnnouncementKind
from orders.models.orders import Order

ONCE = (AnnouncementKind.CREATED, AnnouncementKind.PAID)


class Announcement(models.Model):
    """One thing that happened to a live order. Written by `orders.announcements` in the transaction of the change."""

    project = models.ForeignKey("integrations.Project", models.CASCADE, related_name="announcements", db_index=False)
    order = models.ForeignKey(Order, models.CASCADE, related_name="announcements")
    kind = models.CharField(max_length=30, choices=AnnouncementKind)
    at = models.DateTimeField()
    taken_at = models.DateTimeField(null=True)
    """When it was passed on; None: still to be."""

    class Meta:
        ordering = ["id"]
        constraints = [
            models.UniqueConstraint(fields=["order", "kind"], condition=Q(kind__in=ONCE), name="announced_once"),
        ]
        indexes = [
            models.Index(fields=["project", "id"], condition=Q(taken_at=None), name="announcement_waiting"),
        ]

    def __str__(self) -> str:
        return f"{self.get_kind_display()}: {self.order_id}"
