"""Runs: the truth about every job. The queue only carries their ids."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.db import models
from django.db.models import Q

from config.kit import true_time
from integrations.choices import RUN_OPEN, RunKind, RunState
from integrations.models.shops import Integration
from integrations.models.tenancy import Project

# Ended without having done all.
RUN_UNDONE = (RunState.FAILED, RunState.ERRORED, RunState.CANCELLED)


class Run(models.Model):
    """One import, retry, re-read, product or code list job. Written by `integrations.runs.claims` only."""

    project = models.ForeignKey(Project, models.CASCADE, related_name="runs")
    integration = models.ForeignKey(Integration, models.CASCADE, related_name="runs", null=True, blank=True)
    kind = models.CharField(max_length=20, choices=RunKind)
    state = models.CharField(max_length=20, choices=RunState, default=RunState.WAITING)
    reason = models.CharField(max_length=500, blank=True)
    """Why it is where it is, a sentence for staff."""
    requested_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.SET_NULL, null=True, blank=True)
    """None: a feed."""
    since = models.DateTimeField(null=True, blank=True)
    until = models.DateTimeField(null=True, blank=True)
    """The window's end on the shop's clock, once known."""
    scope: models.Field[Any, Any] = models.JSONField(default=dict, blank=True)
    """What else was asked for, e.g. {"remote_orders": [ids]}."""
    cursor: models.Field[Any, Any] = models.JSONField(null=True, blank=True)
    total = models.IntegerField(null=True, blank=True)
    fetched = models.IntegerField(default=0)
    created = models.IntegerField(default=0)
    updated = models.IntegerField(default=0)
    unchanged = models.IntegerField(default=0)
    pending = models.IntegerField(default=0)
    ignored = models.IntegerField(default=0)
    failed = models.IntegerField(default=0)
    results: models.Field[Any, Any] = models.JSONField(default=list, blank=True)
    """What became of each thing asked for by name, for kinds that say so: [{"id", "outcome", "message", ...}]."""
    token = models.IntegerField(default=0)
    """Fencing: only the holder of the newest token may write."""
    lease_until = models.DateTimeField(null=True, blank=True)
    claims_without_progress = models.IntegerField(default=0)
    failures = models.IntegerField(default=0)
    """Failed calls to the shop in a row."""
    next_attempt_at = models.DateTimeField(null=True, blank=True)
    cancel_requested_at = models.DateTimeField(null=True, blank=True)
    created_at = models.DateTimeField(default=true_time.now, editable=False)
    started_at = models.DateTimeField(null=True, blank=True)
    finished_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["integration", "kind"], condition=Q(state__in=RUN_OPEN), name="one_open_run_per_kind"
            ),
            models.UniqueConstraint(
                fields=["project"],
                condition=Q(kind=RunKind.BULK_BY_API, state=RunState.RUNNING),
                name="one_running_orders_import",
            ),
            models.CheckConstraint(
                condition=Q(state__in=RUN_OPEN) | Q(finished_at__isnull=False), name="final_run_has_finished"
            ),
        ]
        indexes = [
            # Runs that wait, and those whose lease has run out. Few are open; with the lease in it, each page of a run
            # would write every index of the row anew, not only the row.
            models.Index(fields=["state", "id"], condition=Q(state__in=RUN_OPEN), name="run_waiting"),
            models.Index(fields=["project", "-id"], name="run_of_project"),
            # ... WHERE project = 1 AND created_at >= ... ORDER BY created_at DESC, id DESC: lists of some days.
            models.Index(fields=["project", "-created_at", "-id"], name="run_by_time"),
            # ... WHERE project = 1 AND kind = 'products' ORDER BY id DESC: few are of some kinds.
            models.Index(fields=["project", "kind", "-id"], name="run_by_kind"),
            # ... WHERE project = 1 AND state IN ('failed', 'errored') ORDER BY id DESC, and the cancelled ones.
            models.Index(fields=["project", "state", "-id"], condition=Q(state__in=RUN_UNDONE), name="run_undone"),
        ]
        ordering = ["-id"]
        permissions = [
            ("load_orders", "Can load new orders"),
            ("synchronize", "Can synchronize orders with their shop"),
            ("cancel_run", "Can cancel runs"),
        ]

    def __str__(self) -> str:
        return f"{self.get_kind_display()} #{self.pk}"

    @property
    def is_open(self) -> bool:
        return self.state in RUN_OPEN
