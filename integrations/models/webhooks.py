"""Webhooks: how an integration's are received, and which orders they told of."""

from __future__ import annotations

import secrets
from typing import Any

from django.db import models
from django.db.models import Value

from config.kit import true_time
from integrations.models.shops import Integration
from integrations.secrets import EncryptedField, Secrets


def new_token() -> str:
    """The secret part of the address, 256 bits."""
    return secrets.token_urlsafe(32)


def new_secrets() -> Secrets:
    return Secrets(signing=secrets.token_urlsafe(32))


class Webhook(models.Model):
    """The receiving end of an integration's webhooks. The address holds a secret; the signature another."""

    integration = models.OneToOneField(Integration, models.CASCADE, related_name="webhook")
    token = models.CharField(max_length=64, unique=True, default=new_token, editable=False)
    secrets: models.Field[Secrets, Secrets] = EncryptedField(default=new_secrets, editable=False)
    external_id = models.CharField(max_length=100, blank=True)
    """The platform's id of the webhook it registered last."""
    registered_for = models.CharField(max_length=500, blank=True, db_default="")
    """The public address of the site they were registered for last; "": never, or before that was kept."""
    topics: models.Field[Any, Any] = models.JSONField(
        default=list, db_default=Value([], models.JSONField()), blank=True
    )
    """What the shop tells of since then, as the platform calls it."""
    registered_at = models.DateTimeField(null=True, blank=True)
    checked_at = models.DateTimeField(null=True, blank=True)
    problem = models.CharField(max_length=500, blank=True)
    """What is wrong with the registration, a sentence for staff; "" when nothing is."""
    accepted = models.IntegerField(default=0)
    refused = models.IntegerField(default=0)
    """Deliveries whose signature did not fit."""
    refused_at = models.DateTimeField(null=True, blank=True)
    last_at = models.DateTimeField("last delivery", null=True, blank=True)
    key_requests = models.IntegerField(default=0)
    """How often the platform was asked for a public key since `key_requests_since`."""
    key_requests_since = models.DateTimeField(null=True, blank=True)

    def __str__(self) -> str:
        return f"Webhook of {self.integration}"


class PlatformKey(models.Model):
    """A public key that the platform signs webhooks with, as it gave it to this integration."""

    integration = models.ForeignKey(Integration, models.CASCADE, related_name="platform_keys", db_index=False)
    name = models.CharField(max_length=500)
    key = models.TextField(blank=True)
    """PEM; "" where the platform has no such key."""
    asked_at = models.DateTimeField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["integration", "name"], name="platform_key_once_per_name")]

    def __str__(self) -> str:
        return self.name


class OrderHint(models.Model):
    """An order a webhook told of, to be read again; however often it was told, there is one row."""

    integration = models.ForeignKey(Integration, models.CASCADE, related_name="hints", db_index=False)
    external_id = models.CharField(max_length=255)
    deliveries = models.IntegerField(default=1)
    first_at = models.DateTimeField()
    last_at = models.DateTimeField()
    look_at = models.DateTimeField(default=true_time.now)
    """When to look: at once, and again later for an order that the shop does not list yet."""

    class Meta:
        constraints = [models.UniqueConstraint(fields=["integration", "external_id"], name="hint_once_per_order")]

    def __str__(self) -> str:
        return self.external_id
