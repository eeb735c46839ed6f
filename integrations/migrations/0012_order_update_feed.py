from datetime import timedelta

from django.db import migrations


def add_feed(apps, schema_editor):
    """Shops that were connected before have the order update feed, too: off, until a person switches it on."""
    Feed = apps.get_model("integrations", "Feed")
    shops = apps.get_model("integrations", "Integration").objects.exclude(feeds__kind="status_update")
    Feed.objects.bulk_create(
        Feed(integration=shop, kind="status_update", enabled=False, interval=timedelta(minutes=15))
        for shop in shops.only("pk")
    )


class Migration(migrations.Migration):
    dependencies = [("integrations", "0011_shop_pace")]

    operations = [migrations.RunPython(add_feed, migrations.RunPython.noop, elidable=True)]
