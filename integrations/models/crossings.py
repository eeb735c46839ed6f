"""What goes out: one row for each thing a shop is told, and one for each article whose quantity it is told."""

from __future__ import annotations

from typing import Any

from django.db import models
from django.db.models import F, Q, Value

from config.kit import true_time
from integrations.choices import ArticleState, CrossingKind, CrossingState
from integrations.models.shops import Integration

UNSETTLED = (CrossingState.WAITING, CrossingState.SENDING)


class Crossing(models.Model):
    """One thing that goes out: what, when, how often tried, and what was answered.

    It is told once for each version of what is wanted. `subject` is the id of the shipment, the document or the order.
    """

    integration = models.ForeignKey(Integration, models.CASCADE, related_name="crossings", db_index=False)
    kind = models.CharField(max_length=20, choices=CrossingKind)
    subject = models.BigIntegerField()
    order_id = models.BigIntegerField()
    """The order of the book it is about; of an order on its way into a shop, the remote order it came as."""
    label = models.CharField(max_length=100)
    """What people know it by: SH2026000001."""
    digest = models.CharField(max_length=64, blank=True)
    """Of what the other side is to know; what that is, its subject says."""
    version = models.IntegerField(default=1)
    """Grows whenever something else is wanted."""
    told_version = models.IntegerField(default=0)
    """The version the other side has."""
    state = models.CharField(max_length=20, choices=CrossingState, default=CrossingState.WAITING)
    answer = models.CharField(max_length=500, blank=True)
    """What came of the last try, a sentence for staff."""
    remote_id = models.CharField(max_length=200, blank=True)
    """What the other side calls it."""
    tries = models.IntegerField(default=0)
    """Of this version."""
    next_try_at = models.DateTimeField(null=True, blank=True, default=true_time.now)
    """None: it is not tried by itself."""
    first_try_at = models.DateTimeField(null=True, blank=True)
    sent_at = models.DateTimeField(null=True, blank=True)
    checked_at = models.DateTimeField(null=True, blank=True)
    """When the other side showed that it has it."""
    created_at = models.DateTimeField(default=true_time.now, editable=False)

    class Meta:
        ordering = ["-id"]
        permissions = [("send_crossing", "Can send to shops again what failed, and leave out what waits")]
        constraints = [
            models.UniqueConstraint(fields=["integration", "kind", "subject"], name="crossing_once"),
        ]
        indexes = [
            models.Index(
                fields=["integration", "next_try_at"],
                condition=Q(state__in=UNSETTLED) | Q(state=CrossingState.FAILED, next_try_at__isnull=False),
                name="crossing_due",
            ),
            models.Index(
                fields=["integration", "id"],
                condition=Q(state=CrossingState.SENT, checked_at=None),
                name="crossing_unchecked",
            ),
            # ... WHERE integration = 1 AND state = 'failed' ORDER BY id DESC; nearly all are sent.
            models.Index(
                fields=["integration", "state", "-id"], condition=~Q(state=CrossingState.SENT), name="crossing_by_state"
            ),
            models.Index(fields=["integration", "-id"], name="crossing_of_integration"),
            # ... WHERE created_at >= ... ORDER BY created_at DESC, id DESC: lists of some days, over shops.
            models.Index(fields=["-created_at", "-id"], name="crossing_by_time"),
            models.Index(fields=["order_id"], name="crossing_of_order"),
        ]

    def __str__(self) -> str:
        return f"{self.label} → {self.integration}"


class ShopArticle(models.Model):
    """One article of a shop, the product it stands for, and how many units the shop is to say there are.

    `product_id` is no key, because products belong to the stock; None: no product of the project has this SKU.
    """

    integration = models.ForeignKey(Integration, models.CASCADE, related_name="articles", db_index=False)
    sku = models.CharField("SKU in the shop", max_length=100)
    product_id = models.BigIntegerField(null=True, blank=True)
    name = models.CharField(max_length=300, blank=True)
    place: models.Field[Any, Any] = models.JSONField(default=dict, db_default=Value({}, models.JSONField()))
    """What the platform has to know to write its quantity, see `connectors.outward.StockTarget`."""
    state = models.CharField(max_length=20, choices=ArticleState, default=ArticleState.KNOWN)
    wanted = models.IntegerField(null=True, blank=True)
    """Available here less the safety stock; None: not counted yet."""
    told = models.IntegerField(null=True, blank=True)
    """What the shop was told last, and answered to have; None: never told."""
    in_shop = models.IntegerField(null=True, blank=True)
    """What the shop had when it was last asked."""
    message = models.CharField(max_length=500, blank=True)
    tries = models.IntegerField(default=0)
    next_try_at = models.DateTimeField(null=True, blank=True)
    """Not before then; None: at once."""
    told_at = models.DateTimeField(null=True, blank=True)
    seen_at = models.DateTimeField(null=True, blank=True)
    """When `in_shop` was read."""

    class Meta:
        ordering = ["sku"]
        constraints = [models.UniqueConstraint(fields=["integration", "sku"], name="article_once_per_sku")]
        indexes = [
            models.Index(fields=["product_id"], name="article_of_product"),
            # ... ORDER BY sku, id: the list, over shops.
            models.Index(fields=["sku", "id"], name="article_by_sku"),
            models.Index(
                fields=["integration", "id"],
                condition=Q(state=ArticleState.KNOWN, wanted__isnull=False) & (Q(told=None) | ~Q(told=F("wanted"))),
                name="article_to_tell",
            ),
            models.Index(
                fields=["integration", "id"],
                condition=Q(state=ArticleState.KNOWN, wanted__isnull=False, in_shop__isnull=False)
                & ~Q(in_shop=F("wanted")),
                name="article_adrift",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.sku} in {self.integration}"


class CarrierMapping(models.Model):
    """What a carrier of ours is called in a shop; ours may be a wildcard: `DHL*`, or `*` for all others."""

    integration = models.ForeignKey(Integration, models.CASCADE, related_name="carriers", db_index=False)
    carrier = models.CharField("carrier here", max_length=200)
    code = models.CharField("carrier in the shop", max_length=100)

    class Meta:
        ordering = ["carrier"]
        constraints = [models.UniqueConstraint(fields=["integration", "carrier"], name="carrier_mapped_once")]

    def __str__(self) -> str:
        return f"{self.carrier} → {self.code}"
