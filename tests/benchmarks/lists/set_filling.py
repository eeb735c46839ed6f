"""Tables filled by one statement each: expressions of SQL over a running number, everything else as its model has it.

Foreign keys and triggers are not looked at while it fills, indexes are made afterwards; checks and unique columns hold
as ever.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from django.db import connection
from django.db.models import Field, Model
from django.db.models.fields import NOT_PROVIDED

SERIALS = """
SELECT c.relname, a.attname FROM pg_class AS c JOIN pg_attribute AS a ON a.attrelid = c.oid
WHERE c.relkind = 'r' AND c.relnamespace = 'public'::regnamespace AND a.attidentity <> ''
"""
PLAIN_INDEXES = """
SELECT c.relname, pg_get_indexdef(i.indexrelid) FROM pg_index AS i
JOIN pg_class AS c ON c.oid = i.indexrelid JOIN pg_class AS t ON t.oid = i.indrelid
WHERE t.relname = ANY(%s) AND NOT EXISTS (SELECT FROM pg_constraint WHERE conindid = i.indexrelid)
"""


def say(sql: str, params: Any = None) -> list[tuple[Any, ...]]:
    with connection.cursor() as cursor:
        cursor.execute(sql, params)
        return cursor.fetchall() if cursor.description else []


def insert(model: type[Model], source: str, **columns: str) -> None:
    """Rows of `SELECT columns FROM source`; columns without an expression get what the model gives a new row."""
    names, parts, params = [], [], []
    for field in model._meta.local_concrete_fields:
        if field.column in columns:
            parts.append(columns.pop(field.column).replace("%", "%%"))
        elif field.primary_key or field.db_default is not NOT_PROVIDED:
            continue
        else:
            parts.append("%s")
            params.append(_first_value(field))
        names.append(f'"{field.column}"')
    if columns:
        raise ValueError(f"{model._meta.label} has no {', '.join(columns)}")
    source = source.replace("%", "%%")
    say(f"INSERT INTO {model._meta.db_table} ({', '.join(names)}) SELECT {', '.join(parts)} FROM {source}", params)


def _first_value(field: Field[Any, Any]) -> Any:
    return field.get_db_prep_save(None if field.null and not field.has_default() else field.get_default(), connection)


@contextmanager
def in_bulk(*models: type[Model]) -> Iterator[None]:
    """Fill these tables quickly; afterwards they have their indexes, numbers go on, and the planner knows them."""
    tables = [model._meta.db_table for model in models]
    indexes = say(PLAIN_INDEXES, [tables])
    say("SET synchronous_commit = off")
    say("SET session_replication_role = replica")
    say("SET maintenance_work_mem = '1GB'")
    for name, _definition in indexes:
        say(f'DROP INDEX "{name}"')
    yield
    for _name, definition in indexes:
        say(definition.replace("%", "%%"))
    say("SET session_replication_role = DEFAULT")
    for table, column in say(SERIALS):
        say(
            "SELECT setval(pg_get_serial_sequence(%s, %s), greatest((SELECT max("
            + column
            + ") FROM "
            + table
            + "), 1))",
            [table, column],
        )
    say("VACUUM ANALYZE")
