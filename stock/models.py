"""How many, reserved how many, and why. Only `stock.ledger` and `stock.catalogue` write these tables."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.contrib.postgres.indexes import GinIndex
from django.contrib.postgres.search import SearchVector
from django.db import models
from django.db.models import F, Func, Q, Value
from django.db.models.functions import Coalesce, Collate, Upper

from config.kit import true_time
from stock.choices import MovementReason, PostingKind

# Letters and digits of a SKU alone, for `stock.suggestions`.
PLAIN_SKU = Upper(Func(F("sku"), Value("[^[:alnum:]]"), Value(""), Value("g"), function="regexp_replace"))


class NextProductId(Func):
    """The next number of the sequence that articles and their parents share."""

    function = "nextval"
    template = "nextval('stock_product_id_seq')"


class ParentProduct(models.Model):
    """A product as partners know it: what stands over one article or several, its SKUs.

    Its primary keys are numbers of the articles' own sequence, so that an id of one never means the other.
    """

    id = models.BigIntegerField(primary_key=True, db_default=NextProductId())
    project = models.ForeignKey("integrations.Project", models.CASCADE, related_name="parents", db_index=False)
    source_id = models.CharField(max_length=255, blank=True, default="", db_default="")
    """The partner's own id; "" for none. It stays taken while the product lies in the bin."""
    name = models.CharField(max_length=300, blank=True, default="", db_default="")
    price = models.DecimalField(max_digits=19, decimal_places=4, null=True, blank=True)
    """In the project's currency; that of its SKUs without one of their own."""
    attributes: models.Field[Any, Any] = models.JSONField(
        default=list, db_default=Value([], models.JSONField()), blank=True
    )
    """Names that its SKUs may fill."""
    metadata: models.Field[Any, Any] = models.JSONField(
        default=dict, db_default=Value({}, models.JSONField()), blank=True
    )
    image_url = models.CharField(max_length=2_000, blank=True, default="", db_default="")
    lone = models.BooleanField(default=False, db_default=False)
    """It was made for one article, its only SKU, which a partner may still give to another product."""
    created_at = models.DateTimeField(default=true_time.now_in_milliseconds, editable=False)
    updated_at = models.DateTimeField(null=True, blank=True)
    """Of the last change by a partner."""
    deleted_at = models.DateTimeField(null=True, blank=True)
    """Since when it lies in the bin of its partner."""

    class Meta:
        verbose_name = "parent product"
        constraints = [
            models.UniqueConstraint(
                fields=["project", "source_id"], condition=~Q(source_id=""), name="parent_once_per_source_id"
            ),
        ]
        indexes = [
            models.Index(fields=["project", "created_at", "id"], name="parent_by_time"),
            models.Index(F("project"), Coalesce("updated_at", "created_at"), F("id"), name="parent_by_change"),
            GinIndex(SearchVector("name", config="simple"), condition=Q(lone=False), name="parent_by_word"),
        ]

    def __str__(self) -> str:
        return self.name or self.source_id


class Product(models.Model):
    """An article: something with a SKU that can be on stock. SKUs are compared exactly, after trimming.

    Partners know it as a SKU of its parent, and by the parent alone where it is the parent's `own`.
    """

    project = models.ForeignKey("integrations.Project", models.CASCADE, related_name="products", db_index=False)
    parent = models.ForeignKey(ParentProduct, models.PROTECT, related_name="articles", null=True, blank=True)
    """None: a partner has deleted it for good; it stays for its lines and movements."""
    own = models.BooleanField(default=False, db_default=False)
    """It holds the stock of its parent, which is itself sold, and is none of its SKUs."""
    sku = models.CharField("SKU", max_length=100)
    """The code by which orders and shops know it: a partner's source id, its public id where it was given none."""
    name = models.CharField(max_length=300, blank=True)
    ean = models.CharField("EAN", max_length=50, blank=True, default="", db_default="")
    """As `stock.barcodes.canonical` writes it; several products may have the same, which then means none of them."""
    price = models.DecimalField(max_digits=19, decimal_places=4, null=True, blank=True)
    """What a partner says it costs; None: as much as its parent. Used for lines that carry no price."""
    currency = models.CharField(max_length=3, blank=True, default="", db_default="")
    """Of the price, as a partner sent it; one other than the project's is only shown."""
    attributes: models.Field[Any, Any] = models.JSONField(
        default=dict, db_default=Value({}, models.JSONField()), blank=True
    )
    metadata: models.Field[Any, Any] = models.JSONField(
        default=dict, db_default=Value({}, models.JSONField()), blank=True
    )
    image_url = models.CharField(max_length=2_000, blank=True, default="", db_default="")
    created_at = models.DateTimeField(default=true_time.now_in_milliseconds, editable=False)
    updated_at = models.DateTimeField(null=True, blank=True)
    """Of the last change by a partner."""
    deleted_at = models.DateTimeField(null=True, blank=True)
    """Since when it lies in the bin of its partner: orders find it no more."""

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["project", "sku"], name="product_once_per_sku"),
            models.UniqueConstraint(fields=["parent"], condition=Q(own=True), name="one_own_article"),
            models.CheckConstraint(
                condition=Q(parent__isnull=False) | Q(deleted_at__isnull=False), name="article_has_parent"
            ),
        ]
        indexes = [
            models.Index(F("project"), Collate(PLAIN_SKU, "C"), name="product_by_plain_sku"),
            GinIndex(SearchVector("name", config="simple"), name="product_by_word"),
            models.Index(fields=["project", "ean"], condition=~Q(ean=""), name="product_by_ean"),
        ]
        permissions = [("receive_stock", "Can receive stock")]

    def __str__(self) -> str:
        return f"{self.sku} {self.name}"


class Warehouse(models.Model):
    """A place with stock. Each order is served from one; see `stock.warehouses`. None is ever deleted."""

    project = models.ForeignKey("integrations.Project", models.CASCADE, related_name="warehouses")
    name = models.CharField(max_length=100)
    is_default = models.BooleanField(default=False)
    """Where orders go that no rule sends elsewhere."""
    priority = models.PositiveSmallIntegerField(default=1, db_default=1)
    """In which order warehouses are asked for goods: smaller numbers first."""
    active = models.BooleanField(default=True, db_default=True)
    """Whether new orders may go there."""

    class Meta:
        constraints = [
            models.CheckConstraint(condition=Q(active=True) | Q(is_default=False), name="default_warehouse_is_on"),
            models.UniqueConstraint(fields=["project", "name"], name="warehouse_once_per_name"),
            models.UniqueConstraint(fields=["project"], condition=Q(is_default=True), name="one_default_warehouse"),
        ]

    def __str__(self) -> str:
        return self.name


class StockLevel(models.Model):
    """Units of a product in a warehouse: on hand, and how many of those are reserved."""

    warehouse = models.ForeignKey(Warehouse, models.PROTECT, related_name="levels", db_index=False)
    product = models.ForeignKey(Product, models.PROTECT, related_name="levels")
    on_hand = models.IntegerField(default=0)
    reserved = models.IntegerField(default=0)
    location = models.CharField(max_length=50, blank=True, default="", db_default="")
    """Where it lies there, as the labels on the shelves say it: "A-03-2"."""

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["warehouse", "product"], name="level_once_per_product"),
            models.CheckConstraint(
                condition=Q(reserved__gte=0) & Q(reserved__lte=F("on_hand")), name="reserved_within_on_hand"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.product}: {self.on_hand} on hand, {self.reserved} reserved"

    @property
    def available(self) -> int:
        return self.on_hand - self.reserved


class Reservation(models.Model):
    """Units held back for somebody. `reference` is the holder's own key (an order line id), one reservation each."""

    level = models.ForeignKey(StockLevel, models.PROTECT, related_name="reservations")
    reference = models.BigIntegerField(unique=True)
    quantity = models.PositiveIntegerField()

    class Meta:
        constraints = [models.CheckConstraint(condition=Q(quantity__gt=0), name="reservation_positive")]

    def __str__(self) -> str:
        return f"{self.quantity} for {self.reference}"


class StockTransfer(models.Model):
    """Goods that went from one warehouse to another, as a pair of movements. See `orders.intake.transferring`."""

    project = models.ForeignKey("integrations.Project", models.PROTECT, related_name="transfers", db_index=False)
    product = models.ForeignKey(Product, models.PROTECT, related_name="transfers", db_index=False)
    source = models.ForeignKey(Warehouse, models.PROTECT, related_name="+", db_index=False)
    target = models.ForeignKey(Warehouse, models.PROTECT, related_name="+", db_index=False)
    quantity = models.PositiveIntegerField()
    note = models.CharField(max_length=200, blank=True)
    takes_back = models.OneToOneField("self", models.PROTECT, related_name="taken_back_by", null=True, blank=True)
    """The transfer whose goods went back with this one."""
    actor = models.ForeignKey(settings.AUTH_USER_MODEL, models.SET_NULL, null=True, blank=True)
    at = models.DateTimeField()

    class Meta:
        ordering = ["-id"]
        constraints = [
            models.CheckConstraint(condition=Q(quantity__gt=0), name="transfer_moves"),
            models.CheckConstraint(condition=~Q(source=F("target")), name="transfer_goes_elsewhere"),
        ]
        indexes = [models.Index(fields=["product", "-id"], name="transfer_of_product")]

    def __str__(self) -> str:
        return f"{self.quantity} from {self.source} to {self.target}"


class StockPosting(models.Model):
    """Goods of several products that were received or counted together, in one transaction. See
    `orders.intake.postings`.
    """

    project = models.ForeignKey("integrations.Project", models.CASCADE, related_name="postings", db_index=False)
    kind = models.CharField(max_length=20, choices=PostingKind)
    warehouse = models.ForeignKey(Warehouse, models.PROTECT, related_name="+", db_index=False)
    token = models.UUIDField()
    """Of the page it was sent from, so that it is booked once."""
    note = models.CharField(max_length=200, blank=True)
    lines: models.Field[Any, Any] = models.JSONField(default=list)
    """[[id of a product, units received or counted, units on hand before]]."""
    served: models.Field[Any, Any] = models.JSONField(default=list)
    """[[id of an order, units it got]]: orders that had waited, the oldest first."""
    actor = models.ForeignKey(settings.AUTH_USER_MODEL, models.SET_NULL, null=True, blank=True)
    at = models.DateTimeField()

    class Meta:
        ordering = ["-id"]
        constraints = [models.UniqueConstraint(fields=["project", "token"], name="posting_once")]
        indexes = [models.Index(fields=["project", "-id"], name="posting_of_project")]

    def __str__(self) -> str:
        return f"{self.get_kind_display()} {self.pk}"


class StockMovement(models.Model):
    """A change of what is on hand, signed. Append-only: a trigger refuses UPDATE and DELETE."""

    project = models.ForeignKey("integrations.Project", models.PROTECT, related_name="movements", db_index=False)
    level = models.ForeignKey(StockLevel, models.PROTECT, related_name="movements", db_index=False)
    quantity = models.IntegerField()
    reason = models.CharField(max_length=20, choices=MovementReason)
    reference = models.BigIntegerField(null=True, blank=True)
    """The shipment line the goods left with, or came back from; of a transfer, its id; of goods received or counted
    together, the id of the posting."""
    note = models.CharField(max_length=300, blank=True)
    actor = models.ForeignKey(settings.AUTH_USER_MODEL, models.SET_NULL, null=True, blank=True)
    at = models.DateTimeField()

    class Meta:
        ordering = ["-id"]
        constraints = [
            models.CheckConstraint(condition=~Q(quantity=0), name="movement_moves"),
            models.UniqueConstraint(
                fields=["reference"],
                condition=Q(reason=MovementReason.SHIPMENT),
                name="movement_once_per_shipment_line",
            ),
            models.UniqueConstraint(
                fields=["reference"],
                condition=Q(reason=MovementReason.RETURN),
                name="return_once_per_shipment_line",
            ),
            models.UniqueConstraint(
                fields=["reference", "reason"],
                condition=Q(reason__in=[MovementReason.TRANSFER_OUT, MovementReason.TRANSFER_IN]),
                name="movement_once_per_transfer",
            ),
        ]
        indexes = [
            models.Index(fields=["level", "-id"], name="movement_of_level"),
            # ... WHERE project = 1 AND at >= ... ORDER BY at DESC, id DESC: lists, of all days and of some.
            models.Index(fields=["project", "-at", "-id"], name="movement_by_time"),
            # ... WHERE project = 1 AND reason = 'return' ORDER BY at DESC, id DESC; most are shipments.
            models.Index(
                fields=["project", "reason", "-at", "-id"],
                condition=~Q(reason=MovementReason.SHIPMENT),
                name="movement_by_reason",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.quantity:+d} {self.get_reason_display()}"


class StockWatch(models.Model):
    """That somebody wants to hear of every change of a project's levels."""

    project = models.OneToOneField("integrations.Project", models.CASCADE, primary_key=True, related_name="stock_watch")

    def __str__(self) -> str:
        return f"Watch of {self.project_id}"


class LevelChange(models.Model):
    """That levels of a product have changed, in a project that is watched. Written by a trigger; read and deleted."""

    project = models.ForeignKey("integrations.Project", models.CASCADE, related_name="+", db_index=False)
    product_id = models.BigIntegerField()

    class Meta:
        indexes = [models.Index(fields=["project", "id"], name="level_change_of_project")]

    def __str__(self) -> str:
        return f"Product {self.product_id}"
