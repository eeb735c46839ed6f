"""What the partner API keeps: keys, imports that wait for their turn, and files to fetch."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.db import models
from django.db.models import Value

from config.kit import true_time
from integrations.choices import OnConflict
from integrations.models.runs import Run
from integrations.models.tenancy import Project


class ApiKey(models.Model):
    """A partner's way into one project. The token is shown once and kept as a hash only."""

    project = models.ForeignKey(Project, models.CASCADE, related_name="api_keys")
    name = models.CharField(max_length=100, help_text="Who uses it, e.g. “Loyalty app”.")
    app_id = models.CharField(max_length=40, unique=True, editable=False)
    prefix = models.CharField(max_length=16, unique=True, editable=False)
    """How the token begins; people recognise a key by it."""
    digest = models.BinaryField(max_length=32, editable=False)
    """SHA-256 of the token."""
    scopes: models.Field[Any, Any] = models.JSONField(default=list)
    """Values of `choices.ApiScope`."""
    reading: models.Field[Any, Any] = models.JSONField(default=list, db_default=Value([], models.JSONField()))
    """Those scopes that let the key read and no more, because it was given them when there was nothing else to do with
    them; a person confirms that they let it write as well."""
    expires_at = models.DateTimeField(null=True, blank=True)
    revoked_at = models.DateTimeField(null=True, blank=True, editable=False)
    last_used_at = models.DateTimeField(null=True, blank=True, editable=False)
    created_at = models.DateTimeField(default=true_time.now, editable=False)
    created_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.SET_NULL, null=True, blank=True, editable=False)

    class Meta:
        verbose_name = "API key"
        ordering = ["-id"]
        permissions = [("revoke_apikey", "Can revoke API keys")]

    def __str__(self) -> str:
        return f"{self.name} ({self.prefix}…)"


class KeptAnswer(models.Model):
    """What a call with an Idempotency-Key was answered; see `integrations.access.idempotency`."""

    project = models.ForeignKey(Project, models.CASCADE, related_name="+", db_index=False)
    key = models.CharField(max_length=255)
    fingerprint = models.BinaryField(max_length=16)
    """BLAKE2b-128 of the method, the address and the body."""
    status = models.PositiveSmallIntegerField()
    body = models.BinaryField()
    """JSON."""
    created_at = models.DateTimeField(db_index=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["project", "key"], name="answer_once_per_key")]

    def __str__(self) -> str:
        return self.key


class BulkAction(models.TextChoices):
    """The type of a partner's bulk call, as published."""

    ORDERS = "ORDERS.IMPORT", "Import of orders"
    CUSTOMERS = "CUSTOMERS.BULK_UPDATE", "Update of customers"
    CUSTOMERS_METADATA = "CUSTOMERS.METADATA_UPDATE", "Update of customers' metadata"
    PRODUCTS = "PRODUCTS.BULK_UPDATE", "Update of products"
    PRODUCTS_METADATA = "PRODUCTS.METADATA_UPDATE", "Update of products' metadata"


class BulkImport(models.Model):
    """What a run of the kind "bulk call by API" was asked; the run itself is the published async action."""

    run = models.OneToOneField(Run, models.CASCADE, primary_key=True, related_name="bulk_import")
    project = models.ForeignKey(Project, models.CASCADE, related_name="bulk_imports")
    api_key = models.ForeignKey(ApiKey, models.SET_NULL, null=True, blank=True, related_name="+")
    request_id = models.CharField(max_length=40)
    action = models.CharField(
        max_length=30, choices=BulkAction, default=BulkAction.ORDERS, db_default=BulkAction.ORDERS.value
    )
    on_conflict = models.CharField(max_length=10, choices=OnConflict, default=OnConflict.UPDATE)
    """Of an import of orders."""
    token = models.CharField(max_length=64, blank=True, default="", db_default="")
    """The secret part of its report's address."""

    def __str__(self) -> str:
        return str(self.run)


class BulkPortion(models.Model):
    """Rows of a bulk call still to be written, as JSON; gone when it is over."""

    bulk_import = models.ForeignKey(BulkImport, models.CASCADE, related_name="portions", db_index=False)
    position = models.IntegerField()
    """Index of the first of its rows in the call; -1: what is to be written to each of them."""
    payload = models.BinaryField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["bulk_import", "position"], name="portion_once")]

    def __str__(self) -> str:
        return f"{self.bulk_import} from {self.position}"


class BulkReport(models.Model):
    """What became of some rows of a bulk call in a row: a piece of the report, CSV in UTF-8."""

    bulk_import = models.ForeignKey(BulkImport, models.CASCADE, related_name="reports", db_index=False)
    position = models.IntegerField()
    """Index of the first of the rows."""
    content = models.BinaryField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["bulk_import", "position"], name="report_part_once")]

    def __str__(self) -> str:
        return f"{self.bulk_import} from {self.position}"


class BulkFailure(models.Model):
    """One row of a bulk call that could not be written, and why."""

    bulk_import = models.ForeignKey(BulkImport, models.CASCADE, related_name="failures", db_index=False)
    index = models.IntegerField()
    """Its place in the import, from 0."""
    source_id = models.CharField(max_length=255, blank=True)
    key = models.CharField(max_length=50)
    """Stable, for programs."""
    reason = models.CharField(max_length=500)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["bulk_import", "index"], name="failure_once_per_order")]
        ordering = ["index"]

    def __str__(self) -> str:
        return f"{self.index}: {self.reason}"


class Export(models.Model):
    """A file a partner asked for; written by its run, part by part."""

    run = models.OneToOneField(Run, models.CASCADE, primary_key=True, related_name="export")
    project = models.ForeignKey(Project, models.CASCADE, related_name="exports")
    api_key = models.ForeignKey(ApiKey, models.SET_NULL, null=True, blank=True, related_name="+")
    exported_object = models.CharField(max_length=20, default="order", db_default="order")
    """As published: a name in `orders.exported.all_rows`."""
    parameters: models.Field[Any, Any] = models.JSONField(default=dict)
    """As sent."""
    token = models.CharField(max_length=64)
    """The secret part of the file's address."""

    def __str__(self) -> str:
        return str(self.run)


class ExportPart(models.Model):
    """A piece of the file, CSV in UTF-8."""

    export = models.ForeignKey(Export, models.CASCADE, related_name="parts", db_index=False)
    position = models.IntegerField()
    content = models.BinaryField()
    place: models.Field[Any, Any] = models.JSONField(null=True)
    """{"columns": those of the file, "after": where the next part begins}; not in the run, which anybody may see."""

    class Meta:
        constraints = [models.UniqueConstraint(fields=["export", "position"], name="export_part_once")]

    def __str__(self) -> str:
        return f"{self.export} part {self.position}"
