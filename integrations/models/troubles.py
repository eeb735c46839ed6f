"""Troubles of shops that wait for a person, and what letters told of them."""

from __future__ import annotations

from django.db import models
from django.db.models import Q

from integrations.choices import TroubleKind
from integrations.models.shops import Integration


class Trouble(models.Model):
    """One incident of a shop, from when it was noticed until it is settled. See `integrations.shops.alerts`."""

    integration = models.ForeignKey(Integration, models.CASCADE, related_name="troubles")
    kind = models.CharField(max_length=20, choices=TroubleKind)
    opened_at = models.DateTimeField()
    told_at = models.DateTimeField(null=True, blank=True)
    """When a letter told of it; written before the letter is handed over."""
    settled_at = models.DateTimeField(null=True, blank=True)
    settled_told_at = models.DateTimeField(null=True, blank=True)
    next_try_at = models.DateTimeField()
    """When a letter may be tried, where one is missing."""

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["integration", "kind"], condition=Q(settled_at__isnull=True), name="one_open_trouble_per_kind"
            )
        ]

    def __str__(self) -> str:
        return f"{self.integration}: {self.get_kind_display()}"
