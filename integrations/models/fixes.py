"""Causes that a person has put right, and the orders that were looked at again because of it."""

from __future__ import annotations

from django.conf import settings
from django.contrib.postgres.fields import ArrayField
from django.db import models

from integrations.models.shops import Integration
from integrations.models.tenancy import Project


class Fix(models.Model):
    """What was done about a cause, by whom and when. Written by `integrations.review.fixes` only."""

    project = models.ForeignKey(Project, models.CASCADE, related_name="fixes", db_index=False)
    integration = models.ForeignKey(Integration, models.CASCADE, related_name="fixes")
    """The shop it was done for; the orders may be of other shops, too, where one thing was missing in all of them."""
    reason_code = models.CharField(max_length=50)
    subject = models.CharField(max_length=255, blank=True)
    done = models.CharField(max_length=500)
    """A sentence for staff."""
    user = models.ForeignKey(settings.AUTH_USER_MODEL, models.SET_NULL, null=True, blank=True)
    at = models.DateTimeField()
    """When its orders were made due: those that are due since then still wait."""
    orders: models.Field[list[int], list[int]] = ArrayField(models.BigIntegerField())
    """The ids of the remote orders."""

    class Meta:
        verbose_name_plural = "fixes"
        ordering = ["-at", "-id"]
        indexes = [models.Index(fields=["project", "-at"], name="fix_of_project")]

    def __str__(self) -> str:
        return self.done
