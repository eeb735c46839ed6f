import django.contrib.postgres.indexes
import django.db.models.functions.text
from django.db import migrations, models, transaction

from orders.search import vector_of

BATCH = 1_000


def index_again(apps, schema_editor):
    """Words of all orders, a batch a transaction; begun again, it goes over all of them again."""
    order_model = apps.get_model("orders", "Order")
    line_model = apps.get_model("orders", "OrderLine")
    last = 0
    while True:
        with transaction.atomic():
            # Locked, so that the words of a change that is made meanwhile stay.
            orders = list(order_model.objects.select_for_update().filter(pk__gt=last).order_by("pk")[:BATCH])
            if not orders:
                return
            lines = {order.pk: [] for order in orders}
            for line in line_model.objects.filter(order__in=orders).only("order_id", "sku"):
                lines[line.order_id].append(line)
            models.prefetch_related_objects(orders, "remote_order")
            for order in orders:
                order.search = vector_of(order, lines[order.pk])
            order_model.objects.bulk_update(orders, ["search"])
            last = orders[-1].pk


class Migration(migrations.Migration):
    """Phones are found by their digits, orders by cities and parcels. Goes back: older code reads the same words."""

    atomic = False

    dependencies = [
        ('integrations', '0024_after_the_import'),
        ('orders', '0020_second_layout'),
    ]

    operations = [
        migrations.AddIndex(
            model_name='shipment',
            index=models.Index('project', django.contrib.postgres.indexes.OpClass(django.db.models.functions.text.Replace(django.db.models.functions.text.Replace(django.db.models.functions.text.Upper('tracking_number'), models.Value(' ')), models.Value('-')), 'text_pattern_ops'), condition=models.Q(('tracking_number', ''), _negated=True), name='shipment_by_tracking'),
        ),
        migrations.RunPython(index_again, migrations.RunPython.noop),
    ]
