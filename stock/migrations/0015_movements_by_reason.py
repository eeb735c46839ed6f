"""Movements by reason, but for shipments, which are most of them."""

from config.kit.postgresql.concurrently import AddIndexConcurrently
from django.db import migrations, models


class Migration(migrations.Migration):
    # So that nobody waits while the index of a large table is made.
    atomic = False

    dependencies = [("stock", "0014_postings")]

    operations = [
        AddIndexConcurrently(
            "stockmovement",
            models.Index(
                fields=["project", "reason", "-id"],
                condition=models.Q(("reason", "shipment"), _negated=True),
                name="movement_by_reason",
            ),
        ),
    ]
