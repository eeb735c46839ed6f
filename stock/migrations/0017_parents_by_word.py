"""Words of the products that have several articles are found by an index."""

from config.kit.postgresql.concurrently import AddIndexConcurrently
import django.contrib.postgres.indexes
import django.contrib.postgres.search
from django.db import migrations, models


class Migration(migrations.Migration):
    atomic = False

    dependencies = [("stock", "0016_movements_by_time")]

    operations = [
        AddIndexConcurrently(
            "parentproduct",
            django.contrib.postgres.indexes.GinIndex(
                django.contrib.postgres.search.SearchVector("name", config="simple"),
                condition=models.Q(("lone", False)),
                name="parent_by_word",
            ),
        ),
    ]
