from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('integrations', '0034_marketplaces'),
    ]

    operations = [
        migrations.AddField(
            model_name='takeover',
            name='place',
            field=models.BigIntegerField(blank=True, null=True),
        ),
    ]
