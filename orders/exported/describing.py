"""How a kind of row is described that partners export: its fields, how they are read, sorted and filtered by."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import Decimal
from enum import Enum, auto
from typing import Any

from django.db.models import QuerySet

from config.kit.public_ids import PublicIds
from config.kit.times import iso
from orders.partners.answered_items import minor


@dataclass(frozen=True)
class BookReader:
    """The project whose rows are read; `digits` of its currency."""

    project_id: int
    ids: PublicIds
    digits: int


# What a cell says, from the columns of its field: None, a text, a number, true or false, a list or an object.
Telling = Callable[..., Any]


@dataclass(frozen=True)
class ExportField:
    """A published field: the columns it is read from, and what it says, given the reader and their values."""

    columns: tuple[str, ...]
    tell: Telling


class ComparedAs(Enum):
    """What values of a field are compared with."""

    TIME = auto()
    DAY = auto()
    ID = auto()
    TEXT = auto()
    ANY_CASE = auto()
    """Texts, whatever their case; the column is in lower case."""
    NUMBER = auto()
    SCALAR = auto()


@dataclass(frozen=True)
class Criterion:
    """A published field as it is filtered by. `kind` of ids."""

    column: str
    compared: ComparedAs
    kind: str = ""


@dataclass(frozen=True)
class Exported:
    """A kind of row that partners export."""

    name: str
    """As published: order."""
    rows: Callable[[int], QuerySet[Any]]
    """All of a project."""
    computed: Callable[[int], Mapping[str, Any]]
    """Columns that are no columns of the table, as expressions; amounts for filters in units of so many digits."""
    fields: Mapping[str, ExportField]
    default: tuple[str, ...]
    """The fields where none are asked for."""
    sortable: Mapping[str, str]
    """Columns by published field."""
    order: str
    """Where none is asked for."""
    criteria: Mapping[str, Criterion]
    free: tuple[str, ...] = ("metadata",)
    """Columns of free values: X of it is the field `metadata.X`."""
    expanded: frozenset[str] = field(default_factory=lambda: frozenset({"metadata"}))
    """Those of them that become one column of the file for each key that is found."""
    named: str = "pk"
    """What people call a row by."""

    @property
    def orders(self) -> tuple[str, ...]:
        return tuple(sign + name for name in self.sortable for sign in ("-", ""))

    def field(self, name: str) -> ExportField | None:
        """The field of this name, None where there is none."""
        column, dot, key = name.partition(".")
        if dot and key and column in self.free:
            return ExportField((column,), lambda reader, values: (values or {}).get(key))
        return self.fields.get(name)


def plainly(column: str) -> ExportField:
    """What the column holds; times and days as published."""
    return ExportField((column,), lambda reader, value: told(value))


def free(column: str) -> ExportField:
    """Free values, none as nothing."""
    return ExportField((column,), lambda reader, values: values or None)


def told(value: Any) -> Any:
    if isinstance(value, datetime):
        return iso(value)
    return value.isoformat() if isinstance(value, date) else value


def public_id(kind: str, column: str = "pk") -> ExportField:
    return ExportField((column,), lambda reader, pk: None if pk is None else reader.ids.give(kind, pk))


def constant(value: Any) -> ExportField:
    return ExportField((), lambda reader: value)


def amount(column: str) -> ExportField:
    """In the smallest unit of the project's currency."""
    return ExportField((column,), lambda reader, value: None if value is None else minor(value, reader.digits))


def amount_or_zero(column: str) -> ExportField:
    return ExportField((column,), lambda reader, value: minor(value or Decimal(0), reader.digits))
