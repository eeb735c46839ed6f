"""The points ledger of some days is read by time, customers by their source id."""

from config.kit.postgresql.concurrently import AddIndexConcurrently
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):
    atomic = False

    dependencies = [
        ('integrations', '0049_lists_by_time'),
        ('orders', '0035_open_in_shop'),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        AddIndexConcurrently(
            'customer',
            models.Index(condition=models.Q(('deleted_at', None), ('erased_at', None)), fields=['project', 'source_id', 'id'], name='customer_by_source_id'),
        ),
        AddIndexConcurrently(
            'pointsmovement',
            models.Index(fields=['project', '-at', '-id'], name='points_by_time'),
        ),
    ]
