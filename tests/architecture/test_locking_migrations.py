"""Migrations from a number on hold no lock that people would notice; each rule has a control."""

from __future__ import annotations

from typing import Any

import pytest
from django.apps import apps
from django.contrib.postgres.operations import AddConstraintNotValid, AddIndexConcurrently
from django.db import migrations, models
from django.db.migrations.loader import MigrationLoader
from django.db.migrations.migration import Migration
from django.db.models.functions import Now

from tests.architecture.locking_migrations import FIRST, LARGE, REASON, faults


@pytest.fixture(scope="module")
def loader() -> MigrationLoader:
    return MigrationLoader(None)


def test_new_migrations_hold_no_long_lock(loader: MigrationLoader) -> None:
    found = []
    for (app, name), migration in sorted(loader.disk_migrations.items()):
        if app in FIRST and int(name[:4]) >= FIRST[app]:
            before = loader.project_state((app, name), at_end=False)
            found += [f"{app}.{name}: {fault}" for fault in faults(migration, before)]
    assert found == []


def test_the_large_tables_exist_and_the_reader_sees_migrations(loader: MigrationLoader) -> None:
    ours = {app: {model._meta.model_name for model in apps.get_app_config(app).get_models()} for app in LARGE}
    assert {app: set(names.split()) - ours[app] for app, names in LARGE.items()} == {app: set() for app in LARGE}
    assert all(
        any(each[0] == app and int(each[1][:4]) >= FIRST[app] - 1 for each in loader.disk_migrations) for app in FIRST
    )


INDEX = models.Index(fields=["number"], name="by_number")
CHECK = models.CheckConstraint(condition=models.Q(pk__gt=0), name="positive")
BAD: list[tuple[Any, str]] = [
    (migrations.AddIndex("order", INDEX), "use AddIndexConcurrently"),
    (migrations.RemoveIndex("order", "by_number"), "use RemoveIndexConcurrently"),
    (migrations.AddConstraint("order", CHECK), "AddConstraintNotValid, then"),
    (migrations.AddField("order", "x", models.IntegerField(default=0)), "give it db_default"),
    (migrations.AddField("order", "x", models.DateTimeField(db_default=Now())), "rewrites the table"),
    (migrations.AddField("order", "x", models.IntegerField(null=True, db_index=True)), "index is built"),
    (migrations.AddField("order", "x", models.ForeignKey("orders.Customer", models.CASCADE, null=True)), "foreign key"),
    (migrations.AlterField("order", "number", models.IntegerField()), "which rewrites the table"),
    (migrations.AlterField("order", "paid_at", models.DateTimeField()), "NOT NULL"),
    (migrations.RenameField("order", "number", "code"), "release before still uses"),
    (migrations.RunPython(migrations.RunPython.noop), "go in portions"),
    (migrations.RunSQL("UPDATE orders_order SET number = ''"), "say in `holds_no_lock`"),
    (migrations.RunSQL("CREATE UNIQUE INDEX x ON orders_order (id)"), "concurrent form"),
    (migrations.SeparateDatabaseAndState([migrations.AddIndex("order", INDEX)], []), "use AddIndexConcurrently"),
]
GOOD: list[Any] = [
    migrations.AddField("order", "x", models.IntegerField(default=0, db_default=0)),
    migrations.AddField("order", "x", models.TextField(null=True)),
    migrations.AddIndex("letterhead", models.Index(fields=["id"], name="by_id")),
    migrations.AlterField("order", "number", models.CharField(max_length=2_000)),
    migrations.RunSQL("CREATE UNIQUE INDEX CONCURRENTLY x ON orders_order (id)"),
    AddConstraintNotValid("order", CHECK),
]


def found_of(operation: Any, loader: MigrationLoader, **attributes: Any) -> list[str]:
    made = type("Migration", (Migration,), {"operations": [operation], **attributes})
    return list(faults(made("9999_tried", "orders"), loader.project_state()))


def named(value: object) -> str:
    """The same in every process, which an address in memory is not."""
    return value if isinstance(value, str) else type(value).__name__


@pytest.mark.parametrize(("operation", "says"), BAD, ids=named)
def test_a_locking_operation_is_refused(operation: Any, says: str, loader: MigrationLoader) -> None:
    [fault] = found_of(operation, loader)
    assert says in fault


@pytest.mark.parametrize("operation", GOOD, ids=named)
def test_a_harmless_operation_is_let_through(operation: Any, loader: MigrationLoader) -> None:
    assert found_of(operation, loader) == []


def test_a_concurrent_index_is_no_part_of_a_transaction(loader: MigrationLoader) -> None:
    assert found_of(AddIndexConcurrently("order", INDEX), loader, atomic=False) == []
    assert "atomic = False" in found_of(AddIndexConcurrently("order", INDEX), loader)[0]


def test_code_that_says_what_bounds_it_is_let_through(loader: MigrationLoader) -> None:
    assert found_of(migrations.RunPython(migrations.RunPython.noop), loader, **{REASON: "a row for each project"}) == []


def test_a_new_table_is_small(loader: MigrationLoader) -> None:
    created = migrations.CreateModel("OrderNote", [("id", models.BigAutoField(primary_key=True))])
    made = type("Migration", (Migration,), {"operations": [created, migrations.AddIndex("ordernote", INDEX)]})
    state = loader.project_state()
    state.models.pop(("orders", "ordernote"), None)
    assert list(faults(made("9999_tried", "orders"), state)) == []
