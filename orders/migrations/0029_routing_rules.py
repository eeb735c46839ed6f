import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('integrations', '0033_what_goes_out'),
        ('orders', '0028_handed_over'),
        ('stock', '0011_transfers'),
    ]

    operations = [
        migrations.CreateModel(
            name='RoutingRule',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('position', models.PositiveSmallIntegerField()),
                ('integration_id', models.BigIntegerField(blank=True, null=True)),
                ('countries', models.CharField(blank=True, max_length=200)),
                ('postcodes', models.CharField(blank=True, max_length=200, verbose_name='postcodes begin with')),
                ('shipping', models.CharField(blank=True, max_length=100, verbose_name='shipping method')),
                ('currency', models.CharField(blank=True, max_length=3)),
                ('total_from', models.DecimalField(blank=True, decimal_places=4, max_digits=19, null=True)),
                ('total_to', models.DecimalField(blank=True, decimal_places=4, max_digits=19, null=True)),
                ('sku_prefix', models.CharField(blank=True, max_length=100, verbose_name='SKU begins with')),
                ('project', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.CASCADE, related_name='routing_rules', to='integrations.project')),
                ('warehouse', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='stock.warehouse')),
            ],
            options={
                'ordering': ['position'],
                'constraints': [models.UniqueConstraint(fields=('project', 'position'), name='routing_rule_once_per_position'), models.CheckConstraint(condition=models.Q(('total_from', None), ('total_to', None), ('total_to__gte', models.F('total_from')), _connector='OR'), name='routing_rule_total_in_order')],
            },
        ),
    ]
