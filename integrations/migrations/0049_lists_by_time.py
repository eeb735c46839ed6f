"""Lists of some days are read by time, searches of the access log by their beginnings, articles by their SKU."""

from config.kit.postgresql.concurrently import AddIndexConcurrently
import django.contrib.postgres.indexes
import django.db.models.functions.text
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):
    atomic = False

    dependencies = [
        ('integrations', '0048_accepted_by_hand'),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        AddIndexConcurrently(
            'accessevent',
            models.Index(django.contrib.postgres.indexes.OpClass(django.db.models.functions.text.Upper('name'), 'text_pattern_ops'), name='access_event_by_name'),
        ),
        AddIndexConcurrently(
            'accessevent',
            models.Index(django.contrib.postgres.indexes.OpClass(models.Func('address', function='HOST'), 'text_pattern_ops'), name='access_event_by_address'),
        ),
        AddIndexConcurrently(
            'crossing',
            models.Index(fields=['-created_at', '-id'], name='crossing_by_time'),
        ),
        AddIndexConcurrently(
            'message',
            models.Index(fields=['-created_at', '-id'], name='message_by_time'),
        ),
        AddIndexConcurrently(
            'remoteorder',
            models.Index(condition=models.Q(('state', 'imported'), _negated=True), fields=['project', 'state', '-id'], name='remote_order_newest'),
        ),
        AddIndexConcurrently(
            'remoteorder',
            models.Index(fields=['project', '-changed_at', '-id'], name='remote_order_by_change'),
        ),
        AddIndexConcurrently(
            'run',
            models.Index(fields=['project', '-created_at', '-id'], name='run_by_time'),
        ),
        AddIndexConcurrently(
            'shoparticle',
            models.Index(fields=['sku', 'id'], name='article_by_sku'),
        ),
        AddIndexConcurrently(
            'webhookdelivery',
            models.Index(fields=['project', '-created_at', '-id'], name='delivery_by_time'),
        ),
    ]
