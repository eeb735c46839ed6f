"""People who asked a platform to be forgotten."""

from __future__ import annotations

from django.conf import settings
from django.db import models

from integrations.models.shops import Integration


class ErasureRequest(models.Model):
    """A platform tells that a person wants to be forgotten. Staff erase what may be erased and mark it as done."""

    integration = models.ForeignKey(Integration, models.CASCADE, related_name="erasures", db_index=False)
    external_id = models.CharField(max_length=255)
    person = models.CharField(max_length=255, blank=True)
    """What the platform calls them; forgotten here, too, once it is done."""
    told_at = models.DateTimeField()
    done_at = models.DateTimeField(null=True, blank=True)
    done_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.SET_NULL, null=True, blank=True, related_name="+", editable=False
    )

    class Meta:
        verbose_name = "erasure request"
        constraints = [models.UniqueConstraint(fields=["integration", "external_id"], name="erasure_once_per_request")]
        indexes = [models.Index(fields=["integration"], condition=models.Q(done_at=None), name="erasure_waiting")]
        permissions = [("settle_erasurerequest", "Can mark erasure requests as done")]
        default_permissions = ("view",)
        ordering = ["-id"]

    def __str__(self) -> str:
        return self.person or "Done"
