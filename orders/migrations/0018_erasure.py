from django.db import migrations, models


OF_PEOPLE = {
    "event_append_only": ("orders_orderevent", "kind, message, at, order_id, changes"),
    "shipment_kept": (
        "orders_shipment",
        "project_id, order_id, letterhead_id, year, number, code, historical, shipped_at, ship_date, order_number,"
        " order_date, buyer, address",
    ),
    "points_append_only": (
        "orders_pointsmovement",
        "id, project_id, customer_id, points, reason, rule_id, entry_id, order_id, takes_back_id, note, at",
    ),
    "movement_append_only": ("stock_stockmovement", ""),
}


def triggers(function):
    return "".join(
        f"DROP TRIGGER {name} ON {table};"
        f" CREATE TRIGGER {name} BEFORE UPDATE {f'OF {columns}' if columns else ''} OR DELETE ON {table}"
        f" FOR EACH ROW EXECUTE FUNCTION {function}();"
        for name, (table, columns) in OF_PEOPLE.items()
    )


FUNCTION = """
CREATE FUNCTION countinghouse_refuse_change_but_erasure() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP = 'UPDATE' AND current_setting('countinghouse.erasing', true) = 'on' THEN
        RETURN NEW;
    END IF;
    RAISE EXCEPTION '% rows of % are refused: they are kept as they were written', TG_OP, TG_TABLE_NAME
        USING ERRCODE = 'integrity_constraint_violation';
END $$;
"""


class Migration(migrations.Migration):
    """Histories stay as they were written, but for an erasure, which says so in its transaction. Invoices stay anyway."""

    dependencies = [
        ('orders', '0017_unbound_marks'),
        ('stock', '0002_append_only'),
    ]

    operations = [
        migrations.AddField(
            model_name='customer',
            name='erased_at',
            field=models.DateTimeField(blank=True, null=True),
        ),
        migrations.AddField(
            model_name='order',
            name='erased_at',
            field=models.DateTimeField(blank=True, null=True),
        ),
        migrations.RunSQL(
            FUNCTION + triggers("countinghouse_refuse_change_but_erasure"),
            triggers("countinghouse_refuse_change") + "DROP FUNCTION countinghouse_refuse_change_but_erasure();",
        ),
    ]
