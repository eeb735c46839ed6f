"""Orders that people accepted are counted by day."""

from config.kit.postgresql.concurrently import AddIndexConcurrently
from django.db import migrations, models


class Migration(migrations.Migration):
    atomic = False

    dependencies = [("integrations", "0047_key_fingerprints")]

    operations = [
        AddIndexConcurrently(
            "remoteorder",
            models.Index(
                condition=models.Q(("reason_code", "accepted")),
                fields=["project", "changed_at"],
                name="remote_order_accepted",
            ),
        ),
    ]
