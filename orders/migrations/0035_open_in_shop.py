"""An index of the orders whose shops are asked again while they are open."""

from config.kit.postgresql.concurrently import AddIndexConcurrently
from django.db import migrations, models


class Migration(migrations.Migration):
    atomic = False

    dependencies = [("orders", "0034_papers_by_time")]

    operations = [
        AddIndexConcurrently(
            "order",
            models.Index(
                condition=models.Q(("remote_order__isnull", False), ("status__in", ("processing", "on_hold"))),
                fields=["integration", "remote_order"],
                name="order_open_in_shop",
            ),
        ),
    ]
