"""Lists of papers are in the order of their time, by which people ask for them: one index in place of another."""

from config.kit.postgresql.concurrently import AddIndexConcurrently, RemoveIndexConcurrently
from django.db import migrations, models


class Migration(migrations.Migration):
    # So that nobody waits while the index of a large table is made.
    atomic = False

    dependencies = [("orders", "0033_lists_by_index")]

    operations = [
        AddIndexConcurrently(
            "invoice", models.Index(fields=["project", "-issued_at", "-id"], name="invoice_by_time")
        ),
        AddIndexConcurrently(
            "shipment", models.Index(fields=["project", "-shipped_at", "-id"], name="shipment_by_time")
        ),
        RemoveIndexConcurrently("invoice", "invoice_of_project"),
        RemoveIndexConcurrently("shipment", "shipment_of_project"),
    ]
