"""Files exchanged with a warehouse or a marketplace: where they are, what they look like, and what became of each."""

from __future__ import annotations

from typing import Any

from django.db import models
from django.db.models import Q

from config.kit import true_time
from integrations.choices import FILE_OPEN, FileState
from integrations.models.runs import Run
from integrations.models.shops import Feed
from integrations.models.tenancy import Project


class FileFeed(models.Model):
    """What a feed of files needs beside its schedule. Written by `integrations.warehouses.feed_settings`."""

    feed = models.OneToOneField(Feed, models.CASCADE, primary_key=True, related_name="files")
    folder = models.CharField(max_length=300, blank=True)
    """Below or from the top, as `connectors.files.listings.check_folder` writes it; "" is where we come to."""
    pattern = models.CharField(max_length=128)
    """Of names that are taken: letters as they are, * and ?. Of files that go out: how their names begin."""
    layout: models.Field[Any, Any] = models.JSONField(default=dict)
    """As `warehouses.file_layout.FileLayout` has it."""
    options: models.Field[Any, Any] = models.JSONField(default=dict)
    """As `warehouses.file_layout.FeedOptions` has them."""

    def __str__(self) -> str:
        return str(self.feed)


class ExchangedFile(models.Model):
    """One file that was seen on a server, or made for one."""

    project = models.ForeignKey(Project, models.CASCADE, related_name="files", db_index=False)
    feed = models.ForeignKey(Feed, models.CASCADE, related_name="exchanged", db_index=False)
    name = models.CharField(max_length=128)
    size = models.BigIntegerField(default=0)
    modified_at = models.DateTimeField("changed on the server", null=True, blank=True)
    digest = models.BinaryField(max_length=32, null=True)
    """SHA-256, once it was read or made."""
    state = models.CharField(max_length=10, choices=FileState)
    reason = models.CharField(max_length=500, blank=True)
    """Why it is where it is, a sentence for staff."""
    position = models.IntegerField(default=0)
    """Rows worked off, in the transaction that booked them."""
    rows = models.IntegerField(default=0)
    booked = models.IntegerField(default=0)
    unchanged = models.IntegerField(default=0)
    """Rows that said what is so already."""
    failed = models.IntegerField("with errors", default=0)
    moved_to = models.CharField(max_length=450, blank=True)
    """Where it lies on the server now; "" where it was."""
    problem = models.CharField(max_length=300, blank=True)
    """Why it could not be moved away; the next run tries again, and does nothing else with it."""
    seen_at = models.DateTimeField(default=true_time.now)
    """Since when it has had this size and this time."""
    finished_at = models.DateTimeField(null=True, blank=True)
    run = models.ForeignKey(Run, models.SET_NULL, null=True, blank=True, related_name="files")

    class Meta:
        verbose_name = "file"
        constraints = [
            models.UniqueConstraint(fields=["feed", "name"], condition=Q(state__in=FILE_OPEN), name="file_open_once"),
            models.CheckConstraint(condition=Q(state__in=FileState.values), name="file_state"),
        ]
        indexes = [
            models.Index(fields=["project", "-id"], name="file_of_project"),
            models.Index(fields=["feed", "-id"], name="file_of_feed"),
            models.Index(fields=["feed", "name"], name="file_by_name"),
            models.Index(fields=["feed", "digest"], condition=Q(state=FileState.DONE), name="file_by_content"),
        ]
        ordering = ["-id"]

    def __str__(self) -> str:
        return self.name


class FileRowError(models.Model):
    """A row that was not booked, and why; the values of the row are no part of it, but for a SKU or an order number."""

    file = models.ForeignKey(ExchangedFile, models.CASCADE, related_name="row_errors", db_index=False)
    row = models.IntegerField()
    """Its line in a CSV file, its place in an XML file; from 1."""
    sentence = models.CharField(max_length=300)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["file", "row"], name="row_error_once")]
        ordering = ["row"]

    def __str__(self) -> str:
        return f"Row {self.row}: {self.sentence}"


class OrderInFile(models.Model):
    """That an order went out in a file: once to each warehouse, by constraint."""

    feed = models.ForeignKey(Feed, models.CASCADE, related_name="sent_orders", db_index=False)
    file = models.ForeignKey(ExchangedFile, models.CASCADE, related_name="sent_orders")
    order_id = models.BigIntegerField(db_index=True)
    """Primary key of the `orders` order."""

    class Meta:
        constraints = [models.UniqueConstraint(fields=["feed", "order_id"], name="order_sent_once")]

    def __str__(self) -> str:
        return f"{self.file}: order {self.order_id}"
