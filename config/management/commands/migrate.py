"""`manage.py migrate` as Django has it, except that going back is whole or refused."""

from __future__ import annotations

from typing import Any

from django.core.management.base import CommandError
from django.core.management.commands import migrate
from django.db import DatabaseError, connections, transaction
from django.db.migrations.exceptions import AmbiguityError, IrreversibleError
from django.db.migrations.executor import MigrationExecutor
from django.db.migrations.migration import Migration


class Command(migrate.Command):
    def handle(self, *args: Any, **options: Any) -> None:
        back = _taken_back(options)
        for migration in back:
            if not all(operation.reversible for operation in migration.operations):
                raise CommandError(f"{migration} cannot be taken back, by its nature. Nothing was changed.")
        if not back or options["plan"]:
            super().handle(*args, **options)
            return
        try:
            with transaction.atomic(options["database"]):
                with connections[options["database"]].cursor() as cursor:
                    # Else a table with rows whose foreign keys wait to be checked could not be altered.
                    cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
                super().handle(*args, **options)
        except (DatabaseError, IrreversibleError) as error:
            why = str(error).strip().split("\n")[0]
            raise CommandError(f"The data here cannot go back so far: {why} Nothing was changed.") from error


def _taken_back(options: dict[str, Any]) -> list[Migration]:
    """The migrations that would be taken back, the newest first; none for what Django itself will refuse."""
    app, name = options["app_label"], options["migration_name"]
    if not app or not name:
        return []
    executor = MigrationExecutor(connections[options["database"]])
    try:
        target = (app, None if name == "zero" else executor.loader.get_migration_by_prefix(app, name).name)
        plan = executor.migration_plan([target])
    except (AmbiguityError, KeyError):
        return []
    return [migration for migration, backwards in plan if backwards]
