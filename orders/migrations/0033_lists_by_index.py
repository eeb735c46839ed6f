"""Indexes of lists: orders by rule and by number, customers by name and by city, points by reason."""

from config.kit.postgresql.concurrently import AddIndexConcurrently
from django.db import migrations, models
from django.db.models.fields.json import KeyTextTransform
from django.db.models.functions import Collate, Upper


class Migration(migrations.Migration):
    # So that nobody waits while the index of a large table is made.
    atomic = False

    dependencies = [("orders", "0032_preparations")]

    operations = [
        AddIndexConcurrently(
            "customer",
            models.Index(
                models.F("project"),
                Collate(Upper("name"), "C"),
                condition=models.Q(("name", ""), _negated=True),
                name="customer_by_name",
            ),
        ),
        AddIndexConcurrently(
            "customer",
            models.Index(
                models.F("project"),
                Collate(Upper(KeyTextTransform("city", "address")), "C"),
                condition=models.Q(("address__has_key", "city")),
                name="customer_by_city",
            ),
        ),
        AddIndexConcurrently(
            "order", models.Index(fields=["project", "import_action", "-placed_at", "-id"], name="order_by_rule")
        ),
        AddIndexConcurrently(
            "order", models.Index(models.F("project"), Collate(Upper("number"), "C"), name="order_by_number")
        ),
        AddIndexConcurrently(
            "pointsmovement",
            models.Index(
                fields=["project", "reason", "-id"],
                condition=models.Q(("reason", "earned"), _negated=True),
                name="points_by_reason",
            ),
        ),
        # The planner knows nothing of a new expression before somebody has looked at it.
        migrations.RunSQL(["ANALYZE orders_customer", "ANALYZE orders_order"], migrations.RunSQL.noop),
    ]
