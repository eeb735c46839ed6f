"""Rules that say from which warehouse new orders are served."""

from __future__ import annotations

from django.db import models
from django.db.models import Q

from orders.models.orders import money


class RoutingRule(models.Model):
    """One rule of a project; the first that an order matches decides. See `orders.intake.choosing`.

    A condition that is empty holds of every order. Lists are written with commas: "CZ, SK".
    """

    project = models.ForeignKey("integrations.Project", models.CASCADE, related_name="routing_rules", db_index=False)
    position = models.PositiveSmallIntegerField()
    warehouse = models.ForeignKey("stock.Warehouse", models.PROTECT, related_name="+", null=True, blank=True)
    """Where its orders are served from; None: the first by priority that has everything in stock."""
    integration_id = models.BigIntegerField(null=True, blank=True)
    """The shop that its orders come from, by number: the book does not know shops."""
    countries = models.CharField(max_length=200, blank=True)
    postcodes = models.CharField("postcodes begin with", max_length=200, blank=True)
    shipping = models.CharField("shipping method", max_length=100, blank=True)
    currency = models.CharField(max_length=3, blank=True)
    total_from = money(null=True, blank=True)
    total_to = money(null=True, blank=True)
    sku_prefix = models.CharField("SKU begins with", max_length=100, blank=True)

    class Meta:
        ordering = ["position"]
        constraints = [
            models.UniqueConstraint(fields=["project", "position"], name="routing_rule_once_per_position"),
            models.CheckConstraint(
                condition=Q(total_from=None) | Q(total_to=None) | Q(total_to__gte=models.F("total_from")),
                name="routing_rule_total_in_order",
            ),
        ]

    def __str__(self) -> str:
        return f"Routing rule {self.position}"
