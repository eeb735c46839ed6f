from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('stock', '0009_level_changes'),
    ]

    operations = [
        migrations.AddField(
            model_name='warehouse',
            name='active',
            field=models.BooleanField(db_default=True, default=True),
        ),
        migrations.AddField(
            model_name='warehouse',
            name='priority',
            field=models.PositiveSmallIntegerField(db_default=1, default=1),
        ),
        migrations.AddConstraint(
            model_name='warehouse',
            constraint=models.CheckConstraint(condition=models.Q(('active', True), ('is_default', False), _connector='OR'), name='default_warehouse_is_on'),
        ),
    ]
