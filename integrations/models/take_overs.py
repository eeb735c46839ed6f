"""The quantities of a shop's products: read to be compared with the stock here, and booked once somebody confirms."""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.db.models import Q

from integrations.models.runs import Run
from integrations.models.shops import Integration


class TakeOver(models.Model):
    """One look at a shop's quantities, and what became of it. See `integrations.shop_stock`."""

    integration = models.ForeignKey(Integration, models.CASCADE, related_name="take_overs")
    run = models.ForeignKey(Run, models.SET_NULL, related_name="+", null=True, blank=True)
    """Reads, books or takes back at the moment, or did so last."""
    place = models.BigIntegerField(null=True, blank=True)
    """The warehouse where the goods lie that the shop counts, see `stock.warehouses`."""
    asked_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.SET_NULL, null=True, blank=True, related_name="+")
    asked_at = models.DateTimeField()
    read_at = models.DateTimeField(null=True, blank=True)
    """Since when every product is read."""
    confirmed_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.SET_NULL, null=True, blank=True, related_name="+")
    confirmed_at = models.DateTimeField(null=True, blank=True)
    booked_at = models.DateTimeField(null=True, blank=True)
    """Since when every quantity is booked."""
    back_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.SET_NULL, null=True, blank=True, related_name="+")
    """Who takes it back."""
    back_asked_at = models.DateTimeField(null=True, blank=True)
    back_at = models.DateTimeField(null=True, blank=True)
    """Since when it is taken back as far as orders allow."""

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["integration"], condition=Q(confirmed_at__isnull=True), name="one_comparison_per_shop"
            )
        ]
        ordering = ["-id"]

    def __str__(self) -> str:
        return f"Quantities of {self.integration}"

    @property
    def is_busy(self) -> bool:
        return self.run is not None and self.run.is_open


class ShopQuantity(models.Model):
    """How many units of a product the shop can sell, and what was booked for it here."""

    take_over = models.ForeignKey(TakeOver, models.CASCADE, related_name="quantities", db_index=False)
    external_id = models.CharField(max_length=255)
    shop_sku = models.CharField("SKU in the shop", max_length=100, blank=True)
    sku = models.CharField("SKU here", max_length=100, blank=True)
    """What the shop's SKU is mapped to, else the same."""
    name = models.CharField(max_length=300)
    quantity = models.IntegerField(null=True, blank=True)
    """None: the shop keeps no stock of it. Below zero: sold beyond what it had."""
    twice = models.BooleanField(default=False)
    """Several products have this SKU, so that none of their quantities says how many units there are."""
    read_at = models.DateTimeField()
    booked = models.IntegerField(null=True, blank=True)
    """Units that were booked, signed; None: not yet."""
    taken_back = models.IntegerField(default=0)
    """Of the booked units, signed as they are."""

    class Meta:
        verbose_name_plural = "shop quantities"
        constraints = [
            models.UniqueConstraint(fields=["take_over", "external_id"], name="quantity_once_per_product"),
        ]
        indexes = [models.Index(fields=["take_over", "sku"], name="quantity_by_sku")]

    def __str__(self) -> str:
        return f"{self.shop_sku or self.name}: {self.quantity}"
