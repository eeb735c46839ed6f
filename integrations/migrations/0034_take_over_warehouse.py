from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('integrations', '0033_what_goes_out'),
    ]

    operations = [
        migrations.AddField(
            model_name='takeover',
            name='place',
            field=models.BigIntegerField(blank=True, null=True),
        ),
    ]
