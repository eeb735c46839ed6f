"""What a project prints at the top and the foot of its documents."""

from __future__ import annotations

from django.conf import settings
from django.db import models


class Letterhead(models.Model):
    """One version of a project's letterhead; the newest is in force. A document keeps the version it was issued with.

    Append-only: a trigger refuses changes, so a document prints the same for ever.
    """

    project = models.ForeignKey("integrations.Project", models.CASCADE, related_name="letterheads", db_index=False)
    company = models.CharField(max_length=200)
    address = models.TextField(max_length=500, blank=True, help_text="One line each, as on an envelope.")
    tax_ids = models.TextField("tax and company numbers", max_length=300, blank=True, help_text="One line each.")
    bank_account = models.TextField(max_length=300, blank=True, help_text="One line each: bank, IBAN, BIC.")
    footer = models.TextField(max_length=500, blank=True, help_text="Printed at the foot of every page.")
    slip_keys = models.TextField(
        "metadata on packing slips",
        max_length=1000,
        blank=True,
        db_default="",
        help_text="Names of metadata, one a line.",
    )
    logo = models.BinaryField(null=True, blank=True)
    """PNG, see `orders.documents.letterheads.checked_logo`."""
    created_at = models.DateTimeField()
    author = models.ForeignKey(settings.AUTH_USER_MODEL, models.SET_NULL, null=True, blank=True)

    class Meta:
        ordering = ["-id"]
        indexes = [models.Index(fields=["project", "-id"], name="letterhead_of_project")]

    def __str__(self) -> str:
        return self.company
