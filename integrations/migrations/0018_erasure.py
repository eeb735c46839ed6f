import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models
from django.db.migrations.exceptions import IrreversibleError

KEPT = """
UPDATE integrations_erasurerequest AS asked SET project_id = shop.project_id
    FROM integrations_integration shop WHERE shop.id = asked.integration_id;
SET CONSTRAINTS ALL IMMEDIATE;
"""


def stay(apps, editor):
    """Going back would forget who was erased, and the next load would bring them back."""
    asked = apps.get_model("integrations", "ErasureRequest").objects
    seen = apps.get_model("integrations", "RemoteOrder").objects
    if asked.filter(models.Q(integration=None) | ~models.Q(confirmed_at=None)).exists() or seen.exclude(erased_at=None).exists():
        raise IrreversibleError(
            "People were erased here. An earlier release does not know that and would load them again from their shops:"
            " this cannot be taken back. Nothing was changed."
        )


class Migration(migrations.Migration):
    """What an erasure leaves behind, and how far the nightly cleaning is."""

    dependencies = [
        ('integrations', '0017_shipping_methods'),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name='CleaningRound',
            fields=[
                ('name', models.CharField(max_length=40, primary_key=True, serialize=False)),
                ('began_at', models.DateTimeField()),
                ('ended_at', models.DateTimeField(blank=True, null=True)),
                ('after', models.BigIntegerField(default=0)),
                ('cleaned', models.IntegerField(default=0)),
            ],
        ),
        migrations.AlterModelOptions(
            name='erasurerequest',
            options={'default_permissions': ('view',), 'ordering': ['-id'], 'permissions': [('settle_erasurerequest', 'Can mark erasure requests as done'), ('erase_person', 'Can erase what is held about a person')], 'verbose_name': 'erasure request'},
        ),
        migrations.AddField(
            model_name='erasurerequest',
            name='asked_by',
            field=models.ForeignKey(blank=True, editable=False, null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='+', to=settings.AUTH_USER_MODEL),
        ),
        migrations.AddField(
            model_name='erasurerequest',
            name='confirmed_at',
            field=models.DateTimeField(blank=True, null=True),
        ),
        migrations.AddField(
            model_name='erasurerequest',
            name='customer_id',
            field=models.BigIntegerField(blank=True, null=True),
        ),
        migrations.AddField(
            model_name='erasurerequest',
            name='email',
            field=models.CharField(blank=True, max_length=254),
        ),
        migrations.AddField(
            model_name='erasurerequest',
            name='forced',
            field=models.BooleanField(default=False),
        ),
        migrations.AddField(
            model_name='erasurerequest',
            name='found',
            field=models.JSONField(blank=True, default=dict),
        ),
        migrations.AddField(
            model_name='erasurerequest',
            name='project',
            field=models.ForeignKey(db_index=False, null=True, on_delete=django.db.models.deletion.CASCADE, related_name='erasures', to='integrations.project'),
        ),
        migrations.RunSQL(KEPT, migrations.RunSQL.noop),
        migrations.AlterField(
            model_name='erasurerequest',
            name='project',
            field=models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.CASCADE, related_name='erasures', to='integrations.project'),
        ),
        migrations.AddField(
            model_name='erasurerequest',
            name='report',
            field=models.JSONField(blank=True, default=dict),
        ),
        migrations.AddField(
            model_name='erasurerequest',
            name='run',
            field=models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='erasures', to='integrations.run'),
        ),
        migrations.AddField(
            model_name='erasurerequest',
            name='whom',
            field=models.CharField(blank=True, max_length=64),
        ),
        migrations.AddField(
            model_name='remoteorder',
            name='erased_at',
            field=models.DateTimeField(blank=True, null=True),
        ),
        migrations.AlterField(
            model_name='erasurerequest',
            name='external_id',
            field=models.CharField(blank=True, max_length=255),
        ),
        migrations.AlterField(
            model_name='erasurerequest',
            name='integration',
            field=models.ForeignKey(blank=True, db_index=False, null=True, on_delete=django.db.models.deletion.CASCADE, related_name='erasures', to='integrations.integration'),
        ),
        migrations.AlterField(
            model_name='feed',
            name='kind',
            field=models.CharField(choices=[('load', 'Load new orders'), ('open_orders', 'Open orders re-read'), ('retry', 'Retry'), ('products', 'Product import'), ('code_lists', 'Code lists'), ('hints', 'Orders told of by webhook'), ('webhook_check', 'Webhook check'), ('orders_import', 'Orders by API'), ('orders_export', 'Orders export'), ('fetch', 'Import Orders'), ('synchronize', 'Synchronize'), ('status_update', 'Order update'), ('erasure', 'Erasure of a person')], max_length=20),
        ),
        migrations.AlterField(
            model_name='run',
            name='kind',
            field=models.CharField(choices=[('load', 'Load new orders'), ('open_orders', 'Open orders re-read'), ('retry', 'Retry'), ('products', 'Product import'), ('code_lists', 'Code lists'), ('hints', 'Orders told of by webhook'), ('webhook_check', 'Webhook check'), ('orders_import', 'Orders by API'), ('orders_export', 'Orders export'), ('fetch', 'Import Orders'), ('synchronize', 'Synchronize'), ('status_update', 'Order update'), ('erasure', 'Erasure of a person')], max_length=20),
        ),
        migrations.AddIndex(
            model_name='erasurerequest',
            index=models.Index(fields=['project', '-id'], name='erasure_of_project'),
        ),
        migrations.RunPython(migrations.RunPython.noop, stay),
    ]
