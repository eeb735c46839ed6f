"""The access log by kind of event."""

from config.kit.postgresql.concurrently import AddIndexConcurrently
from django.db import migrations, models


class Migration(migrations.Migration):
    # So that nobody waits while the index of a large table is made.
    atomic = False

    dependencies = [("integrations", "0043_lists_by_index")]

    operations = [
        AddIndexConcurrently("accessevent", models.Index(fields=["kind", "-id"], name="access_event_by_kind")),
    ]
