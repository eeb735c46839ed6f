from django.db import migrations


class Migration(migrations.Migration):
    """Points that came or went stay as they were written, whoever writes; only a person who is deleted is forgotten."""

    dependencies = [("orders", "0012_points"), ("stock", "0002_append_only")]

    operations = [
        migrations.RunSQL(
            """
            CREATE TRIGGER points_append_only
                BEFORE UPDATE OF id, project_id, customer_id, points, reason, rule_id, entry_id, order_id,
                takes_back_id, note, at OR DELETE
                ON orders_pointsmovement FOR EACH ROW EXECUTE FUNCTION countinghouse_refuse_change();
            """,
            "DROP TRIGGER points_append_only ON orders_pointsmovement;",
        ),
    ]
