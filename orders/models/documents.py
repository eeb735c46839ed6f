"""Invoices and shipments, and the number series they are numbered from."""

from __future__ import annotations

from typing import Any

from django.contrib.postgres.indexes import OpClass
from django.db import models
from django.db.models import Value
from django.db.models.functions import Replace, Upper

from orders.choices import DOCUMENT_PREFIX, DocumentType, Layout
from orders.models.letterheads import Letterhead
from orders.models.orders import Order, OrderLine, money

# A carrier's number as it is compared: however it was spaced.
TRACKING = Replace(Replace(Upper("tracking_number"), Value(" ")), Value("-"))


def tracking_key(text: str) -> str:
    """`text` as `TRACKING` holds it."""
    return "".join(text.upper().split()).replace("-", "")


class NumberSeries(models.Model):
    """The last number given per project, document type and year. Gapless: taken last in the transaction."""

    project = models.ForeignKey("integrations.Project", models.CASCADE, related_name="number_series", db_index=False)
    document_type = models.CharField(max_length=20, choices=DocumentType)
    year = models.PositiveSmallIntegerField()
    last = models.IntegerField(default=0)

    class Meta:
        verbose_name_plural = "number series"
        constraints = [models.UniqueConstraint(fields=["project", "document_type", "year"], name="one_series")]

    def __str__(self) -> str:
        return f"{DOCUMENT_PREFIX[DocumentType(self.document_type)]}{self.year}: {self.last}"


class Invoice(models.Model):
    """An issued invoice or credit note: a snapshot. A trigger refuses UPDATE and DELETE."""

    project = models.ForeignKey("integrations.Project", models.CASCADE, related_name="invoices", db_index=False)
    order = models.ForeignKey(Order, models.PROTECT, related_name="invoices")
    letterhead = models.ForeignKey(Letterhead, models.PROTECT, related_name="+", db_index=False)
    document_type = models.CharField(max_length=20, choices=DocumentType, default=DocumentType.INVOICE)
    year = models.PositiveSmallIntegerField()
    number = models.IntegerField()
    code = models.CharField("number", max_length=20)
    """As printed, e.g. IN2026000001."""
    issued_at = models.DateTimeField()
    issue_date = models.DateField(help_text="The day of issue in the project's zone.")
    order_number = models.CharField(max_length=100)
    order_date = models.DateField()
    buyer = models.CharField(max_length=200, blank=True)
    billing: models.Field[Any, Any] = models.JSONField(default=dict)
    payment_title = models.CharField(max_length=200, blank=True)
    currency = models.CharField(max_length=3)
    total = money()
    tax_total = money()
    lines: models.Field[Any, Any] = models.JSONField(default=list)
    """[{sku, name, quantity, unit_price, total, tax, rate, line or of}], amounts as text.

    `line` is the order line's id, in an invoice; `of` the place of the invoice's line, in a credit note by lines; one
    by amount has `shares`, [{of, total, tax, rate}]: what it takes off each line. `rate` is the tax in percent, "" for
    what has none; the first layout knows no rates.
    """
    corrects = models.ForeignKey("self", models.PROTECT, related_name="credit_notes", null=True, blank=True)
    """The invoice a credit note takes back; its amounts are positive."""
    reason = models.CharField(max_length=300, blank=True, db_default="")
    layout = models.PositiveSmallIntegerField(choices=Layout, default=Layout.SECOND, db_default=Layout.FIRST)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["project", "document_type", "year", "number"], name="invoice_number_once"),
            models.CheckConstraint(
                condition=models.Q(document_type=DocumentType.CREDIT_NOTE, corrects__isnull=False)
                | models.Q(document_type=DocumentType.INVOICE, corrects=None),
                name="credit_note_corrects_an_invoice",
            ),
        ]
        # ... WHERE project = 1 AND issued_at >= ... ORDER BY issued_at DESC, id DESC: lists, of all days and of some.
        indexes = [models.Index(fields=["project", "-issued_at", "-id"], name="invoice_by_time")]
        ordering = ["-id"]

    def __str__(self) -> str:
        return self.code


class Shipment(models.Model):
    """Goods that left, or had left before we met the order: a snapshot of what left and where to."""

    project = models.ForeignKey("integrations.Project", models.CASCADE, related_name="shipments", db_index=False)
    order = models.ForeignKey(Order, models.PROTECT, related_name="shipments")
    letterhead = models.ForeignKey(Letterhead, models.PROTECT, related_name="+", db_index=False)
    year = models.PositiveSmallIntegerField()
    number = models.IntegerField()
    code = models.CharField("number", max_length=20)
    historical = models.BooleanField(default=False, help_text="Left before we met the order: no stock was moved.")
    shipped_at = models.DateTimeField()
    ship_date = models.DateField(help_text="The day it left in the project's zone.")
    order_number = models.CharField(max_length=100)
    order_date = models.DateField()
    buyer = models.CharField(max_length=200, blank=True)
    address: models.Field[Any, Any] = models.JSONField(default=dict)
    carrier = models.CharField(max_length=200, blank=True)
    tracking_number = models.CharField(max_length=100, blank=True)
    cancelled_at = models.DateTimeField(null=True, blank=True)
    """The goods came back before they got anywhere; the number stays."""
    remarks: models.Field[Any, Any] = models.JSONField(default=list, db_default=Value([], models.JSONField()))
    """[[label, text]]: the buyer's note and what the letterhead chose of the order's metadata."""
    layout = models.PositiveSmallIntegerField(choices=Layout, default=Layout.THIRD, db_default=Layout.FIRST)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["project", "year", "number"], name="shipment_number_once")]
        indexes = [
            # ... WHERE project = 1 AND shipped_at >= ... ORDER BY shipped_at DESC, id DESC: lists, of some days, too.
            models.Index(fields=["project", "-shipped_at", "-id"], name="shipment_by_time"),
            models.Index(
                "project",
                OpClass(TRACKING, "text_pattern_ops"),
                condition=~models.Q(tracking_number=""),
                name="shipment_by_tracking",
            ),
        ]
        ordering = ["-id"]

    def __str__(self) -> str:
        return self.code


class ShipmentLine(models.Model):
    shipment = models.ForeignKey(Shipment, models.CASCADE, related_name="lines", db_index=False)
    order_line = models.ForeignKey(OrderLine, models.PROTECT, related_name="shipment_lines")
    sku = models.CharField("SKU", max_length=100, blank=True)
    name = models.CharField(max_length=300)
    quantity = models.PositiveIntegerField()

    class Meta:
        constraints = [
            models.CheckConstraint(condition=models.Q(quantity__gt=0), name="shipment_line_positive"),
            models.UniqueConstraint(fields=["shipment", "order_line"], name="shipment_line_once"),
        ]

    def __str__(self) -> str:
        return f"{self.quantity} × {self.order_line}"
