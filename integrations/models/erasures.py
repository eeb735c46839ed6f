"""People who are to be forgotten: who asked for it, who confirmed it, and what was done."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.db import models

from integrations.models.runs import Run
from integrations.models.shops import Integration
from integrations.models.tenancy import Project


class ErasureRequest(models.Model):
    """A platform tells that a person wants to be forgotten, or staff ask for it. See `integrations.erasing`."""

    project = models.ForeignKey(Project, models.CASCADE, related_name="erasures", db_index=False)
    """Where it was asked; what is erased lies in all projects of its account, where a partner asks in this one."""
    integration = models.ForeignKey(
        Integration, models.CASCADE, related_name="erasures", null=True, blank=True, db_index=False
    )
    """The shop that told of it; None: staff or a partner asked."""
    external_id = models.CharField(max_length=255, blank=True)
    person = models.CharField(max_length=255, blank=True)
    """What the platform calls them; forgotten here, too, once it is done."""
    email = models.CharField(max_length=254, blank=True)
    """Of the person, in lower case, where staff asked; forgotten once it is done."""
    customer_id = models.BigIntegerField(null=True, blank=True)
    """Primary key of the `orders` customer that staff asked for; forgotten once it is done."""
    whom = models.CharField(max_length=64, blank=True)
    """Who it was, as a hash (`erasing.persons.whom`): kept, to answer “was this person erased?”."""
    told_at = models.DateTimeField()
    asked_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.SET_NULL, null=True, blank=True, related_name="+", editable=False
    )
    """None: the shop, or a partner."""
    confirmed_at = models.DateTimeField(null=True, blank=True)
    forced = models.BooleanField(default=False)
    """Whether open orders lost their address, too."""
    found: models.Field[Any, Any] = models.JSONField(default=dict, blank=True)
    """What is known of the person (`erasing.persons.Person`) while the run is under way; {} once it is done."""
    report: models.Field[Any, Any] = models.JSONField(default=dict, blank=True)
    """How many rows of each place were erased: {"orders": 3}."""
    run = models.ForeignKey(Run, models.SET_NULL, null=True, blank=True, related_name="erasures")
    done_at = models.DateTimeField(null=True, blank=True)
    done_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.SET_NULL, null=True, blank=True, related_name="+", editable=False
    )
    """Who confirmed the erasure, or marked it as done by hand."""

    class Meta:
        verbose_name = "erasure request"
        constraints = [models.UniqueConstraint(fields=["integration", "external_id"], name="erasure_once_per_request")]
        indexes = [
            models.Index(fields=["integration"], condition=models.Q(done_at=None), name="erasure_waiting"),
            models.Index(fields=["project", "-id"], name="erasure_of_project"),
        ]
        permissions = [
            ("settle_erasurerequest", "Can mark erasure requests as done"),
            ("erase_person", "Can erase what is held about a person"),
        ]
        default_permissions = ("view",)
        ordering = ["-id"]

    def __str__(self) -> str:
        return self.email or self.person or "Somebody"
