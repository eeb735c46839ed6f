from django.db import migrations


class Migration(migrations.Migration):
    """Movements are append-only, whoever writes."""

    dependencies = [("stock", "0001_initial")]

    operations = [
        migrations.RunSQL(
            """
            CREATE FUNCTION countinghouse_refuse_change() RETURNS trigger LANGUAGE plpgsql AS $$
            BEGIN
                RAISE EXCEPTION '% rows of % are refused: they are kept as they were written', TG_OP, TG_TABLE_NAME
                    USING ERRCODE = 'integrity_constraint_violation';
            END $$;
            CREATE TRIGGER movement_append_only BEFORE UPDATE OR DELETE ON stock_stockmovement
                FOR EACH ROW EXECUTE FUNCTION countinghouse_refuse_change();
            """,
            """
            DROP TRIGGER movement_append_only ON stock_stockmovement;
            DROP FUNCTION countinghouse_refuse_change();
            """,
        )
    ]
