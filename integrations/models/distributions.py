"""Distributions: what is sent to customers, when, through which mail server, and what became of each message."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.db import models
from django.db.models import Q

from config.kit import true_time
from integrations.choices import DistributionChannel, DistributionTrigger, MailSecurity, MessageState
from integrations.models.endpoints import WebhookEndpoint
from integrations.models.tenancy import Project
from integrations.secrets import EncryptedField, Secrets


class MailServer(models.Model):
    """Through which SMTP server a project sends, and in whose name."""

    project = models.OneToOneField(Project, models.CASCADE, related_name="mail_server")
    host = models.CharField(max_length=253)
    port = models.PositiveIntegerField()
    security = models.CharField(max_length=10, choices=MailSecurity, default=MailSecurity.STARTTLS)
    username = models.CharField(max_length=200, blank=True)
    secrets: models.Field[Secrets, Secrets] = EncryptedField(default=Secrets, editable=False)
    """{"password"}"""
    from_name = models.CharField(max_length=100, blank=True)
    from_address = models.CharField(max_length=254)
    problem = models.CharField(max_length=300, blank=True)
    """Why nothing goes out, a sentence for staff; "" when nothing is wrong. Cleared by saving or a test that works."""
    problem_at = models.DateTimeField(null=True, blank=True)

    def __str__(self) -> str:
        return f"{self.host}:{self.port}"


class Distribution(models.Model):
    """Something sent to a customer each time the trigger comes."""

    project = models.ForeignKey(Project, models.CASCADE, related_name="distributions")
    name = models.CharField(max_length=100)
    trigger = models.CharField(max_length=20, choices=DistributionTrigger)
    segment_id = models.BigIntegerField(null=True, blank=True)
    """Primary key of the `orders` segment that is entered."""
    channel = models.CharField(max_length=10, choices=DistributionChannel)
    endpoint = models.ForeignKey(
        WebhookEndpoint, models.PROTECT, related_name="distributions", null=True, blank=True, db_index=False
    )
    """Who is told, by webhook."""
    subject = models.CharField(max_length=200, blank=True)
    text = models.TextField(blank=True)
    """The letter, see `integrations.distributions.wording` for what may stand in {{ }}."""
    enabled = models.BooleanField(default=False)
    """Only what happens while it is on is answered to."""
    created_at = models.DateTimeField(default=true_time.now, editable=False)
    created_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.SET_NULL, null=True, blank=True, editable=False)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["project", "name"], name="distribution_once_per_name"),
            models.CheckConstraint(
                condition=Q(trigger=DistributionTrigger.SEGMENT_ENTERED, segment_id__isnull=False)
                | (~Q(trigger=DistributionTrigger.SEGMENT_ENTERED) & Q(segment_id=None)),
                name="distribution_has_its_segment",
            ),
            models.CheckConstraint(
                condition=Q(channel=DistributionChannel.EMAIL, endpoint=None)
                | Q(channel=DistributionChannel.WEBHOOK, endpoint__isnull=False),
                name="distribution_has_its_endpoint",
            ),
        ]
        ordering = ["name"]

    def __str__(self) -> str:
        return self.name


class Message(models.Model):
    """One answer of a distribution to one cause: at most once, by constraint."""

    distribution = models.ForeignKey(Distribution, models.CASCADE, related_name="messages", db_index=False)
    cause = models.CharField(max_length=30)
    """What it answers to: "entry-12" or "order-9"."""
    customer_id = models.BigIntegerField()
    order_id = models.BigIntegerField(null=True, blank=True)
    state = models.CharField(max_length=10, choices=MessageState, default=MessageState.WAITING)
    reason = models.CharField(max_length=300, blank=True)
    """Why it is where it is, a sentence for staff."""
    tries = models.IntegerField(default=0)
    next_attempt_at = models.DateTimeField()
    created_at = models.DateTimeField()
    sent_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["distribution", "cause"], name="message_once_per_cause")]
        indexes = [
            models.Index(fields=["distribution", "-id"], name="message_of_distribution"),
            # ... WHERE created_at >= ... ORDER BY created_at DESC, id DESC: lists of some days, over distributions.
            models.Index(fields=["-created_at", "-id"], name="message_by_time"),
            # ... WHERE distribution = 1 AND state = 'failed' ORDER BY id DESC; nearly all are sent.
            models.Index(
                fields=["distribution", "state", "-id"],
                condition=~Q(state=MessageState.SENT),
                name="message_not_sent",
            ),
            models.Index(
                fields=["next_attempt_at"],
                condition=Q(state__in=[MessageState.WAITING, MessageState.SENDING]),
                name="message_open",
            ),
            models.Index(fields=["customer_id", "-id"], name="message_of_customer"),
        ]
        ordering = ["-id"]
        permissions = [("resend_message", "Can send messages again")]

    def __str__(self) -> str:
        return f"{self.distribution}: {self.cause}"


class MailOptOut(models.Model):
    """An address that wants no more letters of a project's segments."""

    project = models.ForeignKey(Project, models.CASCADE, related_name="mail_opt_outs", db_index=False)
    email = models.CharField(max_length=254)
    """In lower case."""
    at = models.DateTimeField()
    by: models.ForeignKey[Any, Any] = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.SET_NULL, null=True, blank=True, related_name="+"
    )
    """None: the customer."""

    class Meta:
        verbose_name = "unsubscribed address"
        verbose_name_plural = "unsubscribed addresses"
        constraints = [models.UniqueConstraint(fields=["project", "email"], name="opt_out_once_per_address")]

    def __str__(self) -> str:
        return self.email
