"""Customers are found by the beginning of an e-mail address whatever the order of text of the database is."""

import django.db.models.functions.comparison
import django.db.models.functions.text
from config.kit.postgresql.concurrently import AddIndexConcurrently, RemoveIndexConcurrently
from django.db import migrations, models


class Migration(migrations.Migration):
    atomic = False

    dependencies = [
        ('integrations', '0049_lists_by_time'),
        ('orders', '0037_columns_of_shops'),
    ]

    operations = [
        AddIndexConcurrently(
            'customer',
            models.Index(models.F('project'), django.db.models.functions.comparison.Collate(django.db.models.functions.text.Lower('email'), 'C'), name='customer_by_email_key'),
        ),
        RemoveIndexConcurrently('customer', 'customer_by_email'),
    ]
