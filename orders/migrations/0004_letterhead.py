import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models

KEPT = """
-- The first letterhead of every project that has issued something: its account's name.
INSERT INTO orders_letterhead (project_id, company, address, tax_ids, bank_account, footer, created_at)
    SELECT project.id, account.name, '', '', '', '', now() FROM integrations_project project
    JOIN integrations_account account ON account.id = project.account_id
    WHERE EXISTS (SELECT 1 FROM orders_invoice i WHERE i.project_id = project.id)
       OR EXISTS (SELECT 1 FROM orders_shipment s WHERE s.project_id = project.id);
ALTER TABLE orders_invoice DISABLE TRIGGER invoice_immutable;
UPDATE orders_invoice AS invoice SET letterhead_id = head.id, payment_title = o.payment_title
    FROM orders_letterhead head, orders_order o
    WHERE head.project_id = invoice.project_id AND o.id = invoice.order_id;
ALTER TABLE orders_invoice ENABLE TRIGGER invoice_immutable;
UPDATE orders_shipment AS shipment SET letterhead_id = head.id, order_number = o.number, buyer = o.buyer,
        address = CASE WHEN o.shipping = '{}' THEN o.billing ELSE o.shipping END, carrier = o.shipping_title,
        ship_date = (shipment.shipped_at AT TIME ZONE project.time_zone)::date,
        order_date = (o.placed_at AT TIME ZONE project.time_zone)::date
    FROM orders_letterhead head, orders_order o, integrations_project project
    WHERE head.project_id = shipment.project_id AND o.id = shipment.order_id AND project.id = shipment.project_id;
UPDATE orders_shipmentline AS part SET sku = line.sku, name = line.name
    FROM orders_orderline line WHERE line.id = part.order_line_id;
SET CONSTRAINTS ALL IMMEDIATE;
"""
GUARDS = """
CREATE TRIGGER letterhead_append_only
    BEFORE UPDATE OF project_id, company, address, tax_ids, bank_account, footer, logo, created_at OR DELETE
    ON orders_letterhead FOR EACH ROW EXECUTE FUNCTION countinghouse_refuse_change();
CREATE TRIGGER shipment_kept
    BEFORE UPDATE OF project_id, order_id, letterhead_id, year, number, code, historical, shipped_at, ship_date,
        order_number, order_date, buyer, address OR DELETE
    ON orders_shipment FOR EACH ROW EXECUTE FUNCTION countinghouse_refuse_change();
CREATE TRIGGER shipment_line_kept BEFORE UPDATE OR DELETE ON orders_shipmentline
    FOR EACH ROW EXECUTE FUNCTION countinghouse_refuse_change();
"""
OPEN = """
DROP TRIGGER letterhead_append_only ON orders_letterhead;
DROP TRIGGER shipment_kept ON orders_shipment;
DROP TRIGGER shipment_line_kept ON orders_shipmentline;
"""


def letterhead(**options):
    return models.ForeignKey("orders.letterhead", django.db.models.deletion.PROTECT, "+", db_index=False, **options)


class Migration(migrations.Migration):
    """Documents are printed with the letterhead, address and names they were issued with, whatever changes later."""

    dependencies = [
        ("integrations", "0001_initial"),
        ("orders", "0003_changing_orders"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name="Letterhead",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("company", models.CharField(max_length=200)),
                ("address", models.TextField(blank=True, help_text="One line each, as on an envelope.", max_length=500)),
                ("tax_ids", models.TextField(blank=True, help_text="One line each.", max_length=300, verbose_name="tax and company numbers")),
                ("bank_account", models.TextField(blank=True, help_text="One line each: bank, IBAN, BIC.", max_length=300)),
                ("footer", models.TextField(blank=True, help_text="Printed at the foot of every page.", max_length=500)),
                ("logo", models.BinaryField(blank=True, null=True)),
                ("created_at", models.DateTimeField()),
                ("author", models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.SET_NULL, to=settings.AUTH_USER_MODEL)),
                ("project", models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.CASCADE, related_name="letterheads", to="integrations.project")),
            ],
            options={
                "ordering": ["-id"],
                "indexes": [models.Index(fields=["project", "-id"], name="letterhead_of_project")],
            },
        ),
        migrations.AddField("invoice", "letterhead", letterhead(null=True)),
        migrations.AddField("invoice", "payment_title", models.CharField(blank=True, default="", max_length=200), preserve_default=False),
        migrations.AddField("shipment", "letterhead", letterhead(null=True)),
        migrations.AddField("shipment", "ship_date", models.DateField(help_text="The day it left in the project's zone.", null=True)),
        migrations.AddField("shipment", "order_number", models.CharField(default="", max_length=100), preserve_default=False),
        migrations.AddField("shipment", "order_date", models.DateField(null=True)),
        migrations.AddField("shipment", "buyer", models.CharField(blank=True, default="", max_length=200), preserve_default=False),
        migrations.AddField("shipment", "address", models.JSONField(default=dict)),
        migrations.AddField("shipment", "carrier", models.CharField(blank=True, default="", max_length=200), preserve_default=False),
        migrations.AddField("shipment", "tracking_number", models.CharField(blank=True, default="", max_length=100), preserve_default=False),
        migrations.AddField("shipmentline", "sku", models.CharField(blank=True, default="", max_length=100, verbose_name="SKU"), preserve_default=False),
        migrations.AddField("shipmentline", "name", models.CharField(default="", max_length=300), preserve_default=False),
        migrations.RunSQL(KEPT, migrations.RunSQL.noop),
        migrations.AlterField("invoice", "letterhead", letterhead()),
        migrations.AlterField("shipment", "letterhead", letterhead()),
        migrations.AlterField("shipment", "ship_date", models.DateField(help_text="The day it left in the project's zone.")),
        migrations.AlterField("shipment", "order_date", models.DateField()),
        migrations.RunSQL(GUARDS, OPEN),
    ]
