"""The order and its lines."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.contrib.postgres.indexes import GinIndex
from django.contrib.postgres.search import SearchVectorField
from django.db import models
from django.db.models import F, Q, Value
from django.db.models.fields.json import KT
from django.db.models.functions import Coalesce, Collate, Lower, Upper

from config.kit.milliseconds import MillisecondField
from orders.choices import ORDER_OPEN, Effect, EventKind, OrderStatus, Tab

# Whatever its case, and in an order by which an index finds beginnings, whatever the database's own order of text is.
NAME_KEY = Collate(Upper("name"), "C")
EMAIL_KEY = Collate(Lower("email"), "C")
NUMBER_KEY = Collate(Upper("number"), "C")
CITY_KEY = Collate(Upper(KT("address__city")), "C")


def money(**options: Any) -> models.DecimalField[Any, Any]:
    return models.DecimalField(max_digits=19, decimal_places=4, **options)


class Customer(models.Model):
    """A buyer of a project: one per source id of a partner, else one per e-mail address, whatever its case.

    One that neither of the two is known of is a customer of its own.
    """

    project = models.ForeignKey("integrations.Project", models.CASCADE, related_name="customers", db_index=False)
    source_id = models.CharField(max_length=255, blank=True, db_default="")
    """The partner's own id; once set it stays."""
    email = models.CharField(max_length=254, blank=True)
    """As it was given; looked up and compared in lower case, as PostgreSQL's `lower` writes it."""
    name = models.CharField(max_length=200, blank=True)
    phone = models.CharField(max_length=40, blank=True)
    description = models.TextField(blank=True, db_default="")
    birthdate = models.DateField(null=True, blank=True)
    address: models.Field[Any, Any] = models.JSONField(
        default=dict, db_default=Value({}, models.JSONField()), blank=True
    )
    """{"line_1", "line_2", "postal_code", "city", "state", "country"}, as a partner sent it."""
    metadata: models.Field[Any, Any] = models.JSONField(
        default=dict, db_default=Value({}, models.JSONField()), blank=True
    )
    created_at = MillisecondField()
    updated_at = MillisecondField(null=True, blank=True)
    """When the profile, the summary of orders or the points changed last; None: not since it was created."""
    erased_at = models.DateTimeField(null=True, blank=True)
    """Since when nothing tells who it was."""
    deleted_at = models.DateTimeField(null=True, blank=True)
    """Since when it is emptied and shown nowhere; the row stays because points and entries stand on it."""

    class Meta:
        constraints = [
            models.UniqueConstraint(
                "project", Lower("email"), condition=Q(source_id="") & ~Q(email=""), name="customer_once_per_email"
            ),
            models.UniqueConstraint(
                fields=["project", "source_id"], condition=~Q(source_id=""), name="customer_once_per_source_id"
            ),
        ]
        indexes = [
            models.Index("project", EMAIL_KEY, name="customer_by_email_key"),
            models.Index(fields=["project", "created_at", "id"], name="customer_by_creation"),
            models.Index("project", Coalesce("updated_at", "created_at"), "id", name="customer_by_change"),
            # ... WHERE project = 1 ORDER BY source_id, id: a partner's `order`.
            models.Index(
                fields=["project", "source_id", "id"],
                condition=Q(deleted_at=None, erased_at=None),
                name="customer_by_source_id",
            ),
            # ... WHERE project = 1 AND key LIKE 'JANA%' ORDER BY key: a search, and a partner's `name`.
            models.Index("project", NAME_KEY, condition=~Q(name=""), name="customer_by_name"),
            # ... WHERE project = 1 AND key = 'BRNO': a partner's `city`; customers of shops have none.
            models.Index("project", CITY_KEY, condition=Q(address__has_key="city"), name="customer_by_city"),
        ]

    def __str__(self) -> str:
        return self.name or self.email or self.source_id or ("Deleted customer" if self.deleted_at else "No name")


class Order(models.Model):
    """An order of the book. Amounts are the shop's own, in `currency`; nothing is recomputed."""

    project = models.ForeignKey("integrations.Project", models.CASCADE, related_name="orders", db_index=False)
    integration = models.ForeignKey(
        "integrations.Integration", models.PROTECT, related_name="orders", null=True, db_index=False
    )
    remote_order = models.OneToOneField("integrations.RemoteOrder", models.PROTECT, related_name="order", null=True)
    run = models.ForeignKey("integrations.Run", models.SET_NULL, related_name="orders", null=True, blank=True)
    warehouse = models.ForeignKey(
        "stock.Warehouse", models.PROTECT, related_name="orders", null=True, blank=True, db_index=False
    )
    """Where it is served from; None: from the project's first warehouse (`stock.warehouses`)."""
    number = models.CharField(max_length=100)
    status = models.CharField(max_length=20, choices=OrderStatus)
    tab = models.CharField("preparation", max_length=20, choices=Tab, blank=True)
    import_action = models.CharField(max_length=20, blank=True)
    remote_status = models.CharField(max_length=100, blank=True)
    placed_at = models.DateTimeField()
    paid_at = models.DateTimeField(null=True, blank=True)
    remote_modified_at = models.DateTimeField(null=True, blank=True)
    """The stamp of the shop's document it was last written from, or that was last looked at."""
    currency = models.CharField(max_length=3)
    total = money()
    tax_total = money(default=0, db_default=0)
    shipping_total = money(default=0, db_default=0)
    shipping_tax = money(default=0, db_default=0)
    fee_total = money(default=0, db_default=0)
    fee_tax = money(default=0, db_default=0)
    discount_total = money(default=0)
    refunded_total = money(default=0, db_default=0)
    residual = money(default=0)
    """What the total holds beyond its parts."""
    fee_title = models.CharField(max_length=200, blank=True, default="", db_default="")
    residual_title = models.CharField(max_length=200, blank=True, default="", db_default="")
    """What the shop calls that: "Gift card"; "" where it has no name for it."""
    source_id = models.CharField(max_length=255, blank=True, db_default="")
    """The id a partner gave the order; "" for orders of shops."""
    partner: models.Field[Any, Any] = models.JSONField(null=True, blank=True)
    """What only the partner API knows of its order, see `orders.partners.to_book`; None for orders of shops."""
    customer = models.ForeignKey(Customer, models.PROTECT, related_name="orders", null=True, blank=True)
    referrer = models.ForeignKey(
        Customer, models.PROTECT, related_name="referred_orders", null=True, blank=True, db_index=False
    )
    buyer = models.CharField(max_length=200, blank=True)
    email = models.CharField(max_length=254, blank=True)
    phone = models.CharField(max_length=40, blank=True)
    billing: models.Field[Any, Any] = models.JSONField(default=dict, blank=True)
    shipping: models.Field[Any, Any] = models.JSONField(
        default=dict, db_default=Value({}, models.JSONField()), blank=True
    )
    payment_code = models.CharField(max_length=100, blank=True, default="", db_default="")
    payment_title = models.CharField(max_length=200, blank=True, default="", db_default="")
    shipping_code = models.CharField(max_length=100, blank=True, default="", db_default="")
    shipping_title = models.CharField(max_length=200, blank=True, default="", db_default="")
    note = models.TextField(blank=True, default="", db_default="")
    metadata: models.Field[Any, Any] = models.JSONField(default=dict, blank=True)
    warnings: models.Field[Any, Any] = models.JSONField(
        default=list, db_default=Value([], models.JSONField()), blank=True
    )
    search = SearchVectorField(editable=False)
    """Folded words, see `orders.search`."""
    version = models.IntegerField(default=0, db_default=0)
    """Grows with every change made by `orders.work.changing`; what a person saw is compared with it."""
    edited: models.Field[Any, Any] = models.JSONField(
        default=list, db_default=Value([], models.JSONField()), blank=True
    )
    """The parts (`orders.choices.Part`) a person has edited here since the shop last wrote them."""
    shop_changed_at = models.DateTimeField("changed in the shop", null=True, blank=True)
    """Since when a newer document of its shop waits that nobody has taken over or looked at; None: there is none."""
    shop_gone_at = models.DateTimeField("gone in the shop", null=True, blank=True)
    """Since when its shop has it no longer."""
    created_at = models.DateTimeField()
    updated_at = models.DateTimeField()
    erased_at = models.DateTimeField(null=True, blank=True)
    """The buyer was erased: shops and partners change it no more, so that nobody comes back."""

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=(Q(status__in=[OrderStatus.COMPLETE, OrderStatus.CANCELLED]) & Q(tab=""))
                | (Q(status=OrderStatus.ON_HOLD) & Q(tab=Tab.ON_HOLD))
                | (Q(status=OrderStatus.PROCESSING) & Q(tab__in=[Tab.IN_STOCK, Tab.PARTIAL, Tab.BACKORDER])),
                name="order_tab_fits_status",
            ),
            models.UniqueConstraint(
                fields=["project", "source_id"], condition=~Q(source_id=""), name="order_once_per_source_id"
            ),
        ]
        indexes = [
            models.Index(fields=["project", "-placed_at", "-id"], name="order_by_time"),
            models.Index(fields=["project", "-id"], name="order_by_id"),
            models.Index(fields=["project", "tab", "-placed_at", "-id"], condition=~Q(tab=""), name="order_by_tab"),
            models.Index(fields=["project", "status", "-placed_at", "-id"], name="order_by_status"),
            models.Index(fields=["integration", "-placed_at", "-id"], name="order_by_integration"),
            # The re-read of open orders, which goes through them by their remote orders.
            models.Index(
                fields=["integration", "remote_order"],
                condition=Q(status__in=ORDER_OPEN, remote_order__isnull=False),
                name="order_open_in_shop",
            ),
            # ... WHERE project = 1 AND import_action = 'hold' ORDER BY placed_at DESC: few orders have some rules.
            models.Index(fields=["project", "import_action", "-placed_at", "-id"], name="order_by_rule"),
            # ... WHERE project = 1 AND key LIKE '1005%': the API's `number`, papers and preparations of an order.
            models.Index("project", NUMBER_KEY, name="order_by_number"),
            models.Index(fields=["project", "updated_at", "id"], name="order_by_change"),
            models.Index(
                fields=["warehouse", "-placed_at", "-id"],
                condition=Q(warehouse__isnull=False),
                name="order_by_warehouse",
            ),
            models.Index(fields=["referrer"], condition=Q(referrer__isnull=False), name="order_by_referrer"),
            models.Index(
                fields=["project", "-placed_at", "-id"],
                condition=Q(shop_changed_at__isnull=False),
                name="order_changed_in_shop",
            ),
            models.Index(
                fields=["project", "-placed_at", "-id"],
                condition=Q(shop_gone_at__isnull=False),
                name="order_gone_in_shop",
            ),
            GinIndex(fields=["search"], name="order_search"),
        ]

    def __str__(self) -> str:
        return self.number


class OrderLine(models.Model):
    """A line of goods. With a product: quantity = reserved + waiting + shipped + cancelled."""

    order = models.ForeignKey(Order, models.CASCADE, related_name="lines")
    position = models.PositiveSmallIntegerField()
    key = models.CharField(max_length=100, blank=True)
    """The shop's id of the line."""
    sku = models.CharField("SKU", max_length=100, blank=True)
    name = models.CharField(max_length=300)
    product = models.ForeignKey("stock.Product", models.PROTECT, related_name="order_lines", null=True, blank=True)
    """None: takes no part in stock."""
    quantity = models.IntegerField()
    reserved = models.IntegerField(default=0)
    waiting = models.IntegerField(default=0)
    shipped = models.IntegerField(default=0)
    cancelled = models.IntegerField(default=0)
    returned = models.IntegerField(default=0, db_default=0)
    """Of the shipped units, those that came back with a credit note."""
    unit_price = models.DecimalField(max_digits=21, decimal_places=6)
    total = money()
    tax = money(default=0, db_default=0)
    tax_name = models.CharField(max_length=200, blank=True, default="", db_default="")
    """What the tax of its shop is called here; "" where nobody has named it."""
    discount = money(default=0)
    metadata: models.Field[Any, Any] = models.JSONField(default=dict, blank=True)
    shipping: models.Field[Any, Any] = models.JSONField(
        default=dict, db_default=Value({}, models.JSONField()), blank=True
    )
    """Where it goes, in an order to several addresses; {} where that is the order's own."""

    class Meta:
        ordering = ["order", "position"]
        constraints = [
            models.CheckConstraint(
                condition=Q(quantity__gt=0, reserved__gte=0, waiting__gte=0, shipped__gte=0, cancelled__gte=0),
                name="line_quantities_positive",
            ),
            models.CheckConstraint(
                condition=Q(product=None, reserved=0, waiting=0)
                | Q(quantity=F("reserved") + F("waiting") + F("shipped") + F("cancelled")),
                name="line_quantities_add_up",
            ),
            models.CheckConstraint(
                condition=Q(returned__gte=0) & Q(returned__lte=F("shipped")), name="line_returned_was_shipped"
            ),
        ]
        indexes = [
            models.Index(fields=["product"], condition=Q(waiting__gt=0), name="line_waiting"),
        ]

    def __str__(self) -> str:
        return f"{self.quantity} × {self.sku or self.name}"


class OrderEffect(models.Model):
    """That an effect of the import has happened: at most once per order, by constraint."""

    order = models.ForeignKey(Order, models.CASCADE, related_name="effects", db_index=False)
    effect = models.CharField(max_length=20, choices=Effect)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["order", "effect"], name="effect_once_per_order")]

    def __str__(self) -> str:
        return self.get_effect_display()


class OrderEvent(models.Model):
    """The history of an order, append-only."""

    order = models.ForeignKey(Order, models.CASCADE, related_name="events")
    kind = models.CharField(max_length=20, choices=EventKind)
    message = models.CharField(max_length=500)
    actor = models.ForeignKey(settings.AUTH_USER_MODEL, models.SET_NULL, null=True, blank=True)
    at = models.DateTimeField()
    changes: models.Field[Any, Any] = models.JSONField(
        default=list, db_default=Value([], models.JSONField()), blank=True
    )
    """[{"field", "old", "new"}] of what a person or a synchronisation changed."""

    class Meta:
        ordering = ["-id"]

    def __str__(self) -> str:
        return self.message
