"""Whom orders are taken from without a look."""

from __future__ import annotations

from django.db import models

from config.kit import true_time
from integrations.choices import BuyerListing
from integrations.models.tenancy import Project


class BuyerEntry(models.Model):
    """An e-mail address or a domain on the allow / block list of a project."""

    project = models.ForeignKey(Project, models.CASCADE, related_name="buyer_entries", db_index=False)
    pattern = models.CharField("e-mail or domain", max_length=254)
    """Lower case: `ann@mail.example`, or `mail.example` for everybody there and below."""
    listing = models.CharField("list", max_length=10, choices=BuyerListing, default=BuyerListing.BLOCK)
    active = models.BooleanField(default=True)
    remark = models.CharField(max_length=300, blank=True)
    created_at = models.DateTimeField(default=true_time.now, editable=False)

    class Meta:
        verbose_name = "entry"
        verbose_name_plural = "entries"
        constraints = [
            models.UniqueConstraint(fields=["project", "pattern"], name="buyer_once_per_pattern"),
            models.CheckConstraint(condition=models.Q(listing__in=BuyerListing.values), name="buyer_listing"),
        ]
        ordering = ["pattern"]

    def __str__(self) -> str:
        return self.pattern
