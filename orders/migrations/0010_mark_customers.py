from django.db import migrations


class Migration(migrations.Migration):
    """Entries stay as they were written, whoever writes; the customers of before are added up and placed."""

    dependencies = [("orders", "0009_segments"), ("stock", "0002_append_only")]

    operations = [
        migrations.RunSQL(
            """
            CREATE TRIGGER segment_entry_append_only
                BEFORE UPDATE OF id, project_id, member_id, segment_id, customer_id, at OR DELETE
                ON orders_segmententry FOR EACH ROW EXECUTE FUNCTION countinghouse_refuse_change();
            """,
            "DROP TRIGGER segment_entry_append_only ON orders_segmententry;",
        ),
        migrations.RunSQL(
            "INSERT INTO orders_duecustomer (customer_id, project_id, since)"
            " SELECT id, project_id, now() FROM orders_customer",
            migrations.RunSQL.noop,
        ),
    ]
