"""Lists of movements are in the order of their time, by which people ask for them: one index in place of another."""

from config.kit.postgresql.concurrently import AddIndexConcurrently, RemoveIndexConcurrently
from django.db import migrations, models


class Migration(migrations.Migration):
    # So that nobody waits while the index of a large table is made.
    atomic = False

    dependencies = [("stock", "0015_movements_by_reason")]

    operations = [
        AddIndexConcurrently(
            "stockmovement", models.Index(fields=["project", "-at", "-id"], name="movement_by_time")
        ),
        RemoveIndexConcurrently("stockmovement", "movement_of_project"),
        RemoveIndexConcurrently("stockmovement", "movement_by_reason"),
        AddIndexConcurrently(
            "stockmovement",
            models.Index(
                fields=["project", "reason", "-at", "-id"],
                condition=models.Q(("reason", "shipment"), _negated=True),
                name="movement_by_reason",
            ),
        ),
    ]
