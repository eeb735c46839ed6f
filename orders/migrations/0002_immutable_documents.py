from django.db import migrations


class Migration(migrations.Migration):
    """Issued invoices stay as they are, whoever writes; so does the history of an order."""

    dependencies = [("orders", "0001_initial"), ("stock", "0002_append_only")]

    operations = [
        migrations.RunSQL(
            """
            CREATE TRIGGER invoice_immutable BEFORE UPDATE OR DELETE ON orders_invoice
                FOR EACH ROW EXECUTE FUNCTION countinghouse_refuse_change();
            CREATE TRIGGER event_append_only BEFORE UPDATE OF kind, message, at, order_id OR DELETE ON orders_orderevent
                FOR EACH ROW EXECUTE FUNCTION countinghouse_refuse_change();
            """,
            """
            DROP TRIGGER invoice_immutable ON orders_invoice;
            DROP TRIGGER event_append_only ON orders_orderevent;
            """,
        )
    ]
