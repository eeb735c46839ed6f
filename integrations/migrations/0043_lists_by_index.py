"""Indexes of lists: deliveries by event, and messages and what goes out where they are not sent."""

from config.kit.postgresql.concurrently import AddIndexConcurrently, RemoveIndexConcurrently
from django.db import migrations, models

NOT_SENT = models.Q(("state", "sent"), _negated=True)


class Migration(migrations.Migration):
    # So that nobody waits while the index of a large table is made.
    atomic = False

    dependencies = [("integrations", "0042_invoice_files")]

    operations = [
        AddIndexConcurrently(
            "webhookdelivery", models.Index(fields=["project", "event", "-id"], name="delivery_by_event")
        ),
        AddIndexConcurrently(
            "message",
            models.Index(fields=["distribution", "state", "-id"], condition=NOT_SENT, name="message_not_sent"),
        ),
        AddIndexConcurrently(
            "crossing",
            models.Index(fields=["integration", "state", "-id"], condition=NOT_SENT, name="crossing_by_state"),
        ),
        AddIndexConcurrently("run", models.Index(fields=["project", "kind", "-id"], name="run_by_kind")),
        AddIndexConcurrently(
            "run",
            models.Index(
                fields=["project", "state", "-id"],
                condition=models.Q(("state__in", ("failed", "errored", "cancelled"))),
                name="run_undone",
            ),
        ),
        RemoveIndexConcurrently("crossing", "crossing_failed"),
    ]
