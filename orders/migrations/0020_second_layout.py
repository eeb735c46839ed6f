from django.db import migrations, models


# The columns that documents print, beside those of 0004 and 0018.
KEPT = {
    "shipment_kept": (
        "orders_shipment",
        "project_id, order_id, letterhead_id, year, number, code, historical, shipped_at, ship_date, order_number,"
        " order_date, buyer, address",
        ", remarks, layout",
        "countinghouse_refuse_change_but_erasure",
    ),
    "letterhead_append_only": (
        "orders_letterhead",
        "project_id, company, address, tax_ids, bank_account, footer, logo, created_at",
        ", slip_keys",
        "countinghouse_refuse_change",
    ),
}


def triggers(more):
    return "".join(
        f"DROP TRIGGER {name} ON {table}; CREATE TRIGGER {name}"
        f" BEFORE UPDATE OF {columns}{added if more else ''} OR DELETE ON {table} FOR EACH ROW EXECUTE FUNCTION {function}();"
        for name, (table, columns, added, function) in KEPT.items()
    )


class Migration(migrations.Migration):
    """Documents know their layout: those issued so far keep the first one. Taken back, all are printed by it."""


    dependencies = [
        ('orders', '0019_in_the_shop'),
    ]

    operations = [
        migrations.AddField(
            model_name='invoice',
            name='layout',
            field=models.PositiveSmallIntegerField(choices=[(1, 'First'), (2, 'Second')], db_default=1, default=2),
        ),
        migrations.AddField(
            model_name='letterhead',
            name='slip_keys',
            field=models.TextField(blank=True, db_default='', help_text='Names of metadata, one a line.', max_length=1000, verbose_name='metadata on packing slips'),
        ),
        migrations.AddField(
            model_name='shipment',
            name='layout',
            field=models.PositiveSmallIntegerField(choices=[(1, 'First'), (2, 'Second')], db_default=1, default=2),
        ),
        migrations.AddField(
            model_name='shipment',
            name='remarks',
            field=models.JSONField(db_default=models.Value([], models.JSONField()), default=list),
        ),
        migrations.RunSQL(triggers(more=True), triggers(more=False)),
    ]
