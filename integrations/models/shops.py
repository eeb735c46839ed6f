"""A connected shop and what is set for it."""

from __future__ import annotations

import zoneinfo
from datetime import timedelta
from typing import Any

from django.db import models
from django.db.models import Q, Value

from config.kit import true_time
from integrations.choices import (
    AfterImport,
    ArticleKey,
    FeedKind,
    ImportAction,
    IntegrationHealth,
    ListKind,
    Outgoing,
    UnknownCodes,
    UnknownProducts,
    UnknownTaxes,
)
from integrations.connectors import get as get_connector
from integrations.connectors import platform_choices
from integrations.connectors.contract import Connector, Shop
from integrations.connectors.errors import Failure, ShopError
from integrations.models.tenancy import Project, check_zone
from integrations.secrets import EncryptedField, Secrets

# What connectors remember in this process, by integration and credentials: new credentials begin afresh.
_MEMORY: dict[int, dict[str, Any]] = {}


def default_sends() -> list[str]:
    return [Outgoing.SHIPMENTS.value, Outgoing.STOCK.value]


class Integration(models.Model):
    """One connected shop, marketplace or warehouse of a project."""

    project = models.ForeignKey(Project, models.CASCADE, related_name="integrations")
    platform = models.CharField(max_length=30, choices=platform_choices)
    title = models.CharField(max_length=100)
    base_url = models.CharField("website", max_length=2000, help_text="The shop's address, e.g. https://shop.example")
    credentials: models.Field[Secrets, Secrets] = EncryptedField(blank=True, default=Secrets)
    time_zone = models.CharField(
        max_length=50, default="UTC", validators=[check_zone], help_text="The shop's own zone."
    )
    enabled = models.BooleanField(default=True)
    archived_at = models.DateTimeField(null=True, blank=True, editable=False)
    """When somebody took it out of the daily work; None: it is in it."""
    start_at = models.DateTimeField(
        "orders since",
        default=true_time.now,
        help_text="The first load starts here; automatic loads never go before it.",
    )
    unknown_products = models.CharField(max_length=10, choices=UnknownProducts, default=UnknownProducts.CREATE)
    articles_by = models.CharField(max_length=10, choices=ArticleKey, default=ArticleKey.SKU, db_default=ArticleKey.SKU)
    unknown_payments = models.CharField(max_length=10, choices=UnknownCodes, default=UnknownCodes.KEEP)
    unknown_deliveries = models.CharField(max_length=10, choices=UnknownCodes, default=UnknownCodes.KEEP)
    unknown_taxes = models.CharField(
        max_length=10, choices=UnknownTaxes, default=UnknownTaxes.LEAVE, db_default=UnknownTaxes.LEAVE
    )
    ours_wins: models.Field[Any, Any] = models.JSONField(default=list, blank=True)
    """Parts of an order (`orders.choices.Part`) that a synchronisation leaves alone once they were edited here."""
    after_import = models.CharField(
        max_length=10, choices=AfterImport, default=AfterImport.FOLLOW, db_default=AfterImport.FOLLOW
    )
    hold_gone = models.BooleanField(
        "hold orders that are gone",
        default=False,
        db_default=False,
        help_text="Orders that the shop no longer has are put on hold here.",
    )
    live = models.BooleanField(default=False, db_default=False)
    """Whether anything goes out to it; until then it is only shown what would."""
    live_at = models.DateTimeField(null=True, blank=True, editable=False)
    """When it was switched live; None: never, or it is off."""
    sends: models.Field[Any, Any] = models.JSONField(
        default=default_sends, db_default=Value([], models.JSONField()), blank=True
    )
    """What it is told (`choices.Outgoing`) while it is live."""
    safety_stock = models.PositiveIntegerField(
        default=0, db_default=0, help_text="Units of each article that the shop is not told of."
    )
    tells_buyers = models.BooleanField(
        "the shop writes to buyers",
        default=True,
        db_default=True,
        help_text="Whether the shop may send its own e-mail when it is told of a shipment.",
    )
    into_shop = models.ForeignKey(
        "self", models.SET_NULL, null=True, blank=True, related_name="handed_on_by", verbose_name="orders go into"
    )
    """Where its new orders are made, to come into the book from there; None: they come in here."""
    invoice_after_import = models.BooleanField(
        "an invoice is issued once they are here", default=False, db_default=False
    )
    """Of orders that go into another shop."""
    takes_stock = models.BooleanField("that shop takes them off its stock", default=True, db_default=True)
    overlap = models.DurationField(
        default=timedelta(minutes=10), help_text="How far each load reaches back into the one before it."
    )
    complete_until = models.DateTimeField(
        null=True, blank=True, editable=False, help_text="Every order up to here, on the shop's clock, has been seen."
    )
    health = models.CharField(
        max_length=20, choices=IntegrationHealth, default=IntegrationHealth.UNKNOWN, editable=False
    )
    health_note = models.CharField(max_length=500, blank=True, editable=False)
    health_at = models.DateTimeField(null=True, blank=True, editable=False)
    quiet_until = models.DateTimeField(
        null=True, blank=True, editable=False, help_text="The shop asked us to wait until then; no worker asks before."
    )
    created_at = models.DateTimeField(default=true_time.now, editable=False)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["project", "title"], name="integration_once_per_title"),
            models.CheckConstraint(
                condition=Q(archived_at=None) | Q(enabled=False, live=False), name="integration_archived_is_off"
            ),
        ]
        ordering = ["title"]

    def __str__(self) -> str:
        return self.title

    @property
    def connector(self) -> Connector:
        return get_connector(self.platform)

    @property
    def zone(self) -> zoneinfo.ZoneInfo:
        return zoneinfo.ZoneInfo(self.time_zone)

    def _known_of_it(self) -> dict[str, Any]:
        if self.pk is None:
            return {"currency": self.project.currency, "document_paths": ()}
        paths = self.metadata_mappings.filter(source__startswith="$.").values_list("source", flat=True)
        return {"currency": self.project.currency, "document_paths": tuple(paths)}

    def shop(self) -> Shop:
        """What the connector may know. Raises ShopError when the stored credentials cannot be read."""
        if not self.credentials.readable:
            raise ShopError(
                Failure.CREDENTIALS,
                f"The stored credentials of {self} cannot be read: the key that encrypted them is gone."
                " Enter them again in its settings.",
            )
        known = (self.pk, self.base_url, *sorted(self.credentials.items()))
        memory = _MEMORY.setdefault(hash(known), {})
        return Shop(self.base_url, dict(self.credentials), self.zone, self._known_of_it(), memory)

    def reader(self) -> Shop:
        """What reading a stored payload takes: the shop without its credentials."""
        return Shop(self.base_url, {}, self.zone, self._known_of_it(), {})


class ShopPace(models.Model):
    """How far the requests to a shop are spoken for (see `integrations.shops.pace`)."""

    integration = models.OneToOneField(Integration, models.CASCADE, primary_key=True, related_name="pace")
    free_at = models.DateTimeField()

    def __str__(self) -> str:
        return f"Pace of {self.integration}"


class StatusRule(models.Model):
    """What an order with this remote status becomes, and whether to look again."""

    integration = models.ForeignKey(Integration, models.CASCADE, related_name="rules")
    status = models.CharField("remote status", max_length=100)
    label = models.CharField(max_length=100, blank=True)
    action = models.CharField("import", max_length=20, choices=ImportAction, default=ImportAction.SKIP)
    retry = models.BooleanField(default=True, help_text="Look again hourly whether the status has become importable.")
    discovered = models.BooleanField(
        default=False, editable=False, help_text="Added by an import that met this status; nobody has confirmed it yet."
    )

    class Meta:
        constraints = [models.UniqueConstraint(fields=["integration", "status"], name="rule_once_per_status")]
        ordering = ["id"]

    def __str__(self) -> str:
        return f"{self.status}: {self.get_action_display()}"


class CodeListEntry(models.Model):
    """One entry of the shop's own lists ("sequences"), or a code that somebody has named, maybe with wildcards."""

    integration = models.ForeignKey(Integration, models.CASCADE, related_name="code_list")
    kind = models.CharField("list", max_length=20, choices=ListKind)
    code = models.CharField(max_length=100)
    label = models.CharField(max_length=200)
    name = models.CharField("name here", max_length=200, blank=True)
    """What payments, shipping methods and taxes are called in the order book; "": as the shop calls them."""
    color = models.CharField(max_length=7, blank=True, default="", db_default="")
    """As the shop has it, #rrggbb."""
    listed = models.BooleanField("exists in the shop", default=True, db_default=True)
    """Whether the shop's list had it when it was last read."""

    class Meta:
        verbose_name_plural = "code list entries"
        constraints = [models.UniqueConstraint(fields=["integration", "kind", "code"], name="code_once_per_list")]
        ordering = ["kind", "code"]

    def __str__(self) -> str:
        return self.label or self.code


class Feed(models.Model):
    """A scheduled job of an integration."""

    integration = models.ForeignKey(Integration, models.CASCADE, related_name="feeds")
    kind = models.CharField(max_length=20, choices=FeedKind)
    enabled = models.BooleanField(default=True)
    interval = models.DurationField(default=timedelta(minutes=15))
    next_at = models.DateTimeField(default=true_time.now)
    last_run = models.ForeignKey(
        "integrations.Run", models.SET_NULL, null=True, blank=True, editable=False, related_name="+"
    )

    class Meta:
        constraints = [models.UniqueConstraint(fields=["integration", "kind"], name="feed_once_per_kind")]
        indexes = [models.Index(fields=["next_at"], condition=models.Q(enabled=True), name="feed_due")]
        ordering = ["kind"]

    def __str__(self) -> str:
        return f"{self.integration}: {self.get_kind_display()}"
