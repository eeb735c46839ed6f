"""Where events of a project are sent to, what was sent, and what came of it."""

from __future__ import annotations

import secrets
from typing import Any

from django.conf import settings
from django.db import models
from django.db.models import Q

from config.kit import true_time
from integrations.choices import DeliveryState, WebhookEvent
from integrations.models.tenancy import Project
from integrations.secrets import EncryptedField, Secrets


def new_signing_secret() -> Secrets:
    """256 bits."""
    return Secrets(signing=f"whsec_{secrets.token_urlsafe(32)}")


class WebhookEndpoint(models.Model):
    """An address that is told of events of a project. Written by `integrations.webhooks` alone."""

    project = models.ForeignKey(Project, models.CASCADE, related_name="webhook_endpoints")
    url = models.CharField("address", max_length=2048)
    events: models.Field[Any, Any] = models.JSONField(default=list)
    """Values of `choices.WebhookEvent`."""
    secrets: models.Field[Secrets, Secrets] = EncryptedField(default=new_signing_secret, editable=False)
    enabled = models.BooleanField(default=True)
    disabled_at = models.DateTimeField(null=True, blank=True)
    reason = models.CharField(max_length=300, blank=True)
    """Why it is disabled, a sentence for staff; "" when a person did it."""
    failures = models.IntegerField(default=0)
    """Failed tries in a row, of whatever deliveries."""
    rest_until = models.DateTimeField(null=True, blank=True)
    """It is left alone until then."""
    last_success_at = models.DateTimeField(null=True, blank=True)
    token = models.IntegerField(default=0)
    """Fencing, as of runs: only the holder of the newest token may write what came of a delivery."""
    lease_until = models.DateTimeField(null=True, blank=True)
    served_at = models.DateTimeField(null=True, blank=True)
    """When a worker had it last: endpoints of a project take turns."""
    created_at = models.DateTimeField(default=true_time.now, editable=False)
    created_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.SET_NULL, null=True, blank=True, editable=False)
    deleted_at = models.DateTimeField(null=True, blank=True)
    """Deleted ones stay as long as somebody may ask what was sent to them."""

    class Meta:
        verbose_name = "webhook endpoint"
        ordering = ["-id"]
        constraints = [
            models.UniqueConstraint(
                fields=["project", "url"], condition=Q(deleted_at=None), name="endpoint_once_per_address"
            ),
            models.CheckConstraint(
                condition=Q(enabled=True, disabled_at=None) | Q(enabled=False, disabled_at__isnull=False),
                name="endpoint_disabled_since",
            ),
        ]
        default_permissions = ("view", "add", "change")

    def __str__(self) -> str:
        return self.url


class WebhookDelivery(models.Model):
    """One event for one endpoint: the same bytes at every try, until a try succeeds or it is given up."""

    endpoint = models.ForeignKey(WebhookEndpoint, models.CASCADE, related_name="deliveries", db_index=False)
    project = models.ForeignKey(Project, models.CASCADE, related_name="webhook_deliveries", db_index=False)
    event_id = models.CharField("event", max_length=40)
    """The published id of what happened."""
    event = models.CharField("kind", max_length=40, choices=WebhookEvent)
    subject = models.CharField("order", max_length=40, blank=True)
    """The published id of the order it tells of."""
    number = models.CharField("order number", max_length=100, blank=True)
    happened_at = models.DateTimeField()
    body = models.BinaryField(null=True)
    """JSON in UTF-8, as signed and sent; None once it was cleared."""
    state = models.CharField(max_length=20, choices=DeliveryState, default=DeliveryState.WAITING)
    reason = models.CharField(max_length=300, blank=True)
    """Why it waits or has failed, a sentence for staff."""
    tries = models.IntegerField(default=0)
    """Since it was to be sent, or to be sent again."""
    attempts_made = models.IntegerField(default=0)
    """All tries there ever were."""
    first_try_at = models.DateTimeField(null=True)
    """Of `tries`: the schedule counts from here."""
    next_try_at = models.DateTimeField(null=True, default=true_time.now)
    created_at = models.DateTimeField(default=true_time.now)
    finished_at = models.DateTimeField(null=True)

    class Meta:
        verbose_name = "delivery"
        verbose_name_plural = "deliveries"
        ordering = ["-id"]
        constraints = [
            models.UniqueConstraint(fields=["endpoint", "event_id"], name="delivery_once_per_event"),
            models.CheckConstraint(
                condition=Q(state=DeliveryState.WAITING, next_try_at__isnull=False, finished_at=None)
                | (~Q(state=DeliveryState.WAITING) & Q(next_try_at=None, finished_at__isnull=False)),
                name="delivery_waits_or_is_finished",
            ),
            models.CheckConstraint(
                condition=~Q(state=DeliveryState.WAITING) | Q(body__isnull=False), name="delivery_waits_with_body"
            ),
        ]
        indexes = [
            models.Index(fields=["endpoint", "id"], condition=Q(state=DeliveryState.WAITING), name="delivery_waiting"),
            models.Index(fields=["project", "-id"], name="delivery_of_project"),
            # ... WHERE project = 1 AND created_at >= ... ORDER BY created_at DESC, id DESC: lists of some days.
            models.Index(fields=["project", "-created_at", "-id"], name="delivery_by_time"),
            models.Index(fields=["endpoint", "-id"], name="delivery_of_endpoint"),
            models.Index(fields=["project", "state", "-id"], name="delivery_by_state"),
            # ... WHERE project = 1 AND event = 'webhook.test' ORDER BY id DESC: few are of some events.
            models.Index(fields=["project", "event", "-id"], name="delivery_by_event"),
            models.Index(fields=["project", "subject"], name="delivery_by_order"),
            models.Index(
                fields=["finished_at"],
                condition=Q(body__isnull=False, finished_at__isnull=False),
                name="delivery_body_kept",
            ),
        ]
        default_permissions = ("view",)
        permissions = [("resend_webhookdelivery", "Can send deliveries again")]

    def __str__(self) -> str:
        return f"{self.get_event_display()} to {self.endpoint}"


class DeliveryAttempt(models.Model):
    """One try of a delivery, and what came of it."""

    delivery = models.ForeignKey(WebhookDelivery, models.CASCADE, related_name="attempts", db_index=False)
    number = models.IntegerField()
    at = models.DateTimeField()
    status = models.IntegerField(null=True)
    """The HTTP status; None: there was no answer, and `answer` says why."""
    seconds = models.FloatField()
    answer = models.CharField(max_length=300, blank=True)
    """How the answer began; cleared with the body."""

    class Meta:
        ordering = ["number"]
        constraints = [models.UniqueConstraint(fields=["delivery", "number"], name="attempt_once_per_number")]
        default_permissions = ()

    def __str__(self) -> str:
        return f"{self.delivery}, try {self.number}"
