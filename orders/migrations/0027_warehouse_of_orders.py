import django.db.models.deletion
from django.db import migrations, models
from django.db.migrations.exceptions import IrreversibleError


def stay(apps, editor):
    """Going back would forget where orders are served from, and look for their goods in the default warehouse."""
    if apps.get_model("stock", "Warehouse").objects.filter(is_default=False).exists():
        raise IrreversibleError(
            "There are projects with several warehouses here. An earlier release knows one: this cannot be taken back."
            " Nothing was changed."
        )


class Migration(migrations.Migration):
    """Orders know their warehouse; none stands for the project's first one, so that nothing has to be written."""

    dependencies = [
        ('orders', '0026_what_goes_out'),
        ('stock', '0010_warehouse_priorities'),
    ]

    operations = [
        migrations.AddField(
            model_name='order',
            name='warehouse',
            field=models.ForeignKey(blank=True, db_index=False, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='orders', to='stock.warehouse'),
        ),
        migrations.AlterField(
            model_name='orderevent',
            name='kind',
            field=models.CharField(choices=[('imported', 'Imported'), ('accepted', 'Buyer accepted'), ('stock_served', 'Stock arrived'), ('held', 'Put on hold'), ('released', 'Released'), ('cancelled', 'Cancelled'), ('reopened', 'Reopened'), ('edited', 'Edited'), ('rerouted', 'Warehouse changed'), ('synchronized', 'Synchronized with the shop'), ('followed', 'Changed by the shop'), ('looked_at', 'Change in the shop looked at'), ('gone', 'Gone in the shop'), ('back', 'Back in the shop'), ('reverted', 'Synchronization taken back'), ('shipped', 'Shipped'), ('unshipped', 'Shipment cancelled'), ('invoiced', 'Invoice issued'), ('credited', 'Credit note issued'), ('renewed', 'Invoice issued anew'), ('withdrawn', 'Invoice taken back to be issued anew'), ('noted', 'Note'), ('printed', 'Printed'), ('paid', 'Marked as paid'), ('not_paid', 'Marked as not paid')], max_length=20),
        ),
        migrations.AddIndex(
            model_name='order',
            index=models.Index(condition=models.Q(('warehouse__isnull', False)), fields=['warehouse', '-placed_at', '-id'], name='order_by_warehouse'),
        ),
        migrations.RunPython(migrations.RunPython.noop, stay),
    ]
