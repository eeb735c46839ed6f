"""COPY and sequence helpers for set-based writing, on Django's connection and inside its transaction."""

from __future__ import annotations

import functools
import re
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from itertools import chain, islice
from operator import attrgetter
from typing import Any

import msgspec
import psycopg
from django.db import connection, models

from config.kit import round_trips
from config.kit.round_trips import Question

# Rows that are written by INSERT.
FEW = 8
# Rows that take the database so long to change that it is not waited for.
MANY = 100


def next_ids(model: type[models.Model], count: int) -> list[int]:
    """Take `count` primary keys of `model` from its sequence, in one statement."""
    if not count:
        return []
    with connection.cursor() as cursor:
        # The name is looked up once in a scalar subquery; beside nextval() it would be for each id.
        cursor.execute(
            "SELECT nextval((SELECT pg_get_serial_sequence(%s, 'id')::regclass)) FROM generate_series(1, %s)",
            [model._meta.db_table, count],
        )
        return [row[0] for row in cursor.fetchall()]


def next_ids_of(*wanted: tuple[type[models.Model], int]) -> Question[list[list[int]]]:
    """Takes primary keys of several models, so many of each."""
    arrays = ["ARRAY(SELECT nextval((SELECT pg_get_serial_sequence(%s, 'id')::regclass)) FROM generate_series(1, %s))"]
    params = [value for model, count in wanted for value in (model._meta.db_table, count)]
    return Question(f"SELECT {', '.join(arrays * len(wanted))}", params, lambda rows: list(rows[0]))


def copy_bytes(
    model: type[models.Model], columns: Sequence[str], types: Sequence[str], rows: Iterable[Sequence[Any]]
) -> None:
    """`copy_rows` in the binary format, for rows that hold much `bytea`: as text it would be twice as long.

    `types`: PostgreSQL's names of those of the columns, which each value must have.
    """
    with _copy(f"{_copying(model._meta.db_table, tuple(columns))} (FORMAT BINARY)") as copy:
        copy.set_types(types)
        for row in rows:
            copy.write_row(row)


def copy_rows(model: type[models.Model], columns: Sequence[str], rows: Iterable[Sequence[Any]]) -> None:
    """COPY rows into the table of `model`; `columns` are column names in the order of each row."""
    rest = iter(rows)
    first = list(islice(rest, FEW + 1))
    if not first:
        return
    values = [value for row in first for value in row] if len(first) <= FEW else []
    # A COPY takes two trips to the database, and some of its own. Bytes may be many, and a statement has them as text.
    if values and not any(isinstance(value, bytes) for value in values):
        round_trips.say(_inserting(model._meta.db_table, tuple(columns), len(first)), values)
        return
    with _copy(_copying(model._meta.db_table, tuple(columns))) as copy:
        for row in chain(first, rest):
            copy.write_row(row)


@contextmanager
def _copy(statement: str) -> Iterator[psycopg.Copy]:
    round_trips.say_now()
    connection.ensure_connection()
    # Django wraps the errors of execute() only; callers catch Django's own.
    with connection.wrap_database_errors, connection.cursor() as cursor, cursor.copy(statement) as copy:
        yield copy


@functools.cache
def _copying(table: str, columns: tuple[str, ...]) -> str:
    return f"COPY {_names(table)} ({_names(*columns)}) FROM STDIN"


@functools.cache
def _inserting(table: str, columns: tuple[str, ...], count: int) -> str:
    row = f"({', '.join(['%s'] * len(columns))})"
    values = ", ".join([row] * count)
    return f"INSERT INTO {_names(table)} ({_names(*columns)}) VALUES {values}"  # noqa: S608  names of ours only


def _names(*names: str) -> str:
    return ", ".join(map(connection.ops.quote_name, names))


# Asked once by a process.
REFERENCES = (
    "SELECT conname FROM pg_constraint WHERE contype = 'f' AND condeferrable"
    " AND conrelid = ANY(%s::text[]::regclass[]) AND confrelid <> ALL(%s::text[]::regclass[]) ORDER BY conname"
)


@functools.cache
def _references(tables: tuple[str, ...], but: tuple[str, ...]) -> tuple[str, ...]:
    """The names of the references that rows of these tables hold, those to the tables `but` left out."""
    return tuple(name for (name,) in execute(REFERENCES, [list(tables), list(but)]))


def check_references(written: Sequence[type[models.Model]], but: Sequence[type[models.Model]]) -> None:
    """Check now, and not at the end of the transaction, what the new rows of these tables refer to.

    But for rows of `but`. Rows that are referred to are locked from here on: they can be changed, their keys cannot.
    Raises IntegrityError.
    """
    names = _references(*(tuple(each._meta.db_table for each in tables) for tables in (written, but)))
    with connection.cursor() as cursor:
        # What comes afterwards is checked at the end again.
        cursor.execute(f"SET CONSTRAINTS {_names(*names)} IMMEDIATE; SET CONSTRAINTS {_names(*names)} DEFERRED")


@contextmanager
def references_checked(written: type[models.Model]) -> Iterator[None]:
    """Have all that the new rows of a table refer to checked while the caller computes and asks nothing.

    As by `check_references`.
    """
    names = _names(*_references((written._meta.db_table,), ()))
    with round_trips.meanwhile(*((f"SET CONSTRAINTS {names} {when}", ()) for when in ("IMMEDIATE", "DEFERRED"))):
        yield


def execute(statement: str, params: Sequence[Any] | Mapping[str, Any] = ()) -> list[tuple[Any, ...]]:
    """Run one statement; its rows when it returns any."""
    with connection.cursor() as cursor:
        cursor.execute(statement, params or None)
        return cursor.fetchall() if cursor.description else []


def rows_with_bytes(asked: models.QuerySet[Any, tuple[Any, ...]]) -> list[tuple[Any, ...]]:
    """The rows of a `values_list` of numbers and `bytea`, which come as they are.

    As text they would be twice as long, and half a megabyte of them takes eight times the time.
    """
    round_trips.say_now()
    connection.ensure_connection()
    # Cursors of Django's put parameters into the statement themselves: such ones are never answered in binary.
    with connection.wrap_database_errors, psycopg.Cursor(connection.connection) as cursor:
        return cursor.execute(*asked.query.sql_with_params(), binary=True).fetchall()


def either(*ways: tuple[str, Collection[Any]]) -> tuple[str, list[list[Any]]]:
    """Rows that one of the ways finds: the condition, and its parameters.

    A way is a condition with a `%s`, and the values to look for. One without any is left out, so that the database need
    not plan for it.
    """
    asked = [(condition, list(values)) for condition, values in ways if values]
    found = " OR ".join(f"({condition})" for condition, _ in asked) or "false"
    return f"({found})", [values for _, values in asked]


def update_rows(model: type[models.Model], names: Iterable[str], rows: Sequence[models.Model]) -> None:
    """Write these fields of rows of `model` that are in the table, in one statement however many there are."""
    if rows:
        round_trips.say(*updating(model, names, rows))


@contextmanager
def rows_updated(model: type[models.Model], names: Iterable[str], rows: Sequence[models.Model]) -> Iterator[None]:
    """`update_rows`, where they are many while the caller computes: it asks nothing meanwhile."""
    if rows:
        with rows_changed(len(rows), updating(model, names, rows)):
            yield
    else:
        yield


@contextmanager
def rows_changed(rows: int, statement: tuple[str, Sequence[Any]]) -> Iterator[None]:
    """Run a statement that changes so many rows: where they are many while the caller computes and asks nothing."""
    if rows < MANY:
        round_trips.say(*statement)
        yield
    else:
        with round_trips.meanwhile(statement):
            yield


def updating(
    model: type[models.Model], names: Iterable[str], rows: Sequence[models.Model]
) -> tuple[str, Sequence[Any]]:
    """The statement of `update_rows`, for at least one row, and its parameters."""
    found = [model._meta.pk, *(model._meta.get_field(name) for name in names)]
    fields = [field for field in found if isinstance(field, models.Field)]
    columns = [connection.ops.quote_name(str(field.column)) for field in fields]
    types = ", ".join(f"{column} {_type_of(field)}" for column, field in zip(columns, fields, strict=True))
    keys, values_of = [str(field.column) for field in fields], attrgetter(*(field.attname for field in fields))
    return (
        f"UPDATE {connection.ops.quote_name(model._meta.db_table)} AS old"  # noqa: S608  names of ours only
        f" SET {', '.join(f'{column} = new.{column}' for column in columns[1:])}"
        f" FROM jsonb_to_recordset(%s::jsonb) AS new ({types}) WHERE old.{columns[0]} = new.{columns[0]}",
        [msgspec.json.encode([dict(zip(keys, values_of(row), strict=True)) for row in rows]).decode()],
    )


def _type_of(field: models.Field[Any, Any]) -> str:
    """Without its length: the column itself says what is too long for it."""
    return re.sub(r"\(.*?\)", "", str(field.db_type(connection)))
