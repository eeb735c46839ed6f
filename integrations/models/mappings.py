"""What a shop's SKUs and metadata mean here; payments and shipping methods have their names in its code lists."""

from __future__ import annotations

from django.db import models

from integrations.choices import MappedField, Transform
from integrations.models.shops import Integration


class SkuMapping(models.Model):
    """One SKU of a shop, or one EAN, and the product it stands for.

    `sku` is text, because a product belongs to the stock.
    """

    integration = models.ForeignKey(Integration, models.CASCADE, related_name="sku_mappings", db_index=False)
    shop_sku = models.CharField("SKU in the shop", max_length=100)
    sku = models.CharField("SKU here", max_length=100)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["integration", "shop_sku"], name="sku_mapped_once")]
        ordering = ["shop_sku"]
        permissions = [("edit_mappings", "Can say what a shop's SKUs, payments, shipping methods and metadata mean")]

    def __str__(self) -> str:
        return f"{self.shop_sku} → {self.sku}"


class MetadataMapping(models.Model):
    """One value of a shop's order and what it becomes here.

    `source` is a key of its metadata, a dotted path into nested values of them, or after `$.` a path in the shop's own
    document.
    """

    integration = models.ForeignKey(Integration, models.CASCADE, related_name="metadata_mappings", db_index=False)
    source = models.CharField("key in the shop", max_length=200)
    field = models.CharField(
        "becomes", max_length=20, choices=MappedField, default=MappedField.METADATA, db_default=MappedField.METADATA
    )
    name = models.CharField("name here", max_length=100, blank=True)
    """Of metadata; "" for a field."""
    transform = models.CharField(max_length=20, choices=Transform, default=Transform.NONE, db_default=Transform.NONE)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["integration", "source"], name="metadata_mapped_once"),
            models.UniqueConstraint(
                fields=["integration", "name"], condition=~models.Q(name=""), name="metadata_name_once"
            ),
            models.UniqueConstraint(
                fields=["integration", "field"],
                condition=~models.Q(field=MappedField.METADATA),
                name="field_mapped_once",
            ),
        ]
        ordering = ["source"]

    def __str__(self) -> str:
        return f"{self.source} → {self.name or self.get_field_display()}"
