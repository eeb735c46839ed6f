"""Without the lease in an index, a page of a run writes the run's row and none of its indexes."""

from config.kit.postgresql.concurrently import AddIndexConcurrently, RemoveIndexConcurrently
from django.db import migrations, models


class Migration(migrations.Migration):
    atomic = False

    dependencies = [("integrations", "0044_access_events_by_kind")]

    operations = [
        AddIndexConcurrently(
            "run",
            models.Index(
                condition=models.Q(("state__in", ("waiting", "running"))), fields=["state", "id"], name="run_waiting"
            ),
        ),
        RemoveIndexConcurrently("run", "run_open"),
    ]
