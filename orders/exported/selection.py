"""Rows chosen as partners ask for them: {junction, field: {conditions: {$operator: values}}}."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from django.db.models import Q

from config.kit.refusals import Refused
from config.kit.times import iso_time
from orders.exported.describing import BookReader, ComparedAs, Criterion, Exported

MOST_VALUES = 100
SQL = {"$more_than": "gt", "$less_than": "lt", "$more_than_equal": "gte", "$less_than_equal": "lte"}
SQL_TIMES = {"$after": "gt", "$before": "lt"}
SQL_TEXTS = {"$contains": "icontains", "$starts_with": "istartswith", "$ends_with": "iendswith"}
EQUAL = ("$is", "$is_not", "$in", "$not_in", "$has_value", "$is_unknown")
VALUELESS = frozenset({"$has_value", "$is_unknown"})
TEXTS = frozenset({ComparedAs.TEXT, ComparedAs.ANY_CASE})
OPERATORS: Mapping[ComparedAs, Sequence[str]] = {
    ComparedAs.TIME: (*SQL_TIMES, *SQL),
    ComparedAs.DAY: (*EQUAL, *SQL_TIMES, *SQL),
    ComparedAs.ID: EQUAL,
    ComparedAs.TEXT: (*EQUAL, *SQL_TEXTS, "$not_contain"),
    ComparedAs.ANY_CASE: (*EQUAL, *SQL_TEXTS, "$not_contain"),
    ComparedAs.NUMBER: (*EQUAL, *SQL),
    ComparedAs.SCALAR: EQUAL,
}


class BadSelection(Refused):
    """The message names the parameter and the way out."""


def conditions(exported: Exported, filters: Mapping[str, Any], reader: BookReader) -> tuple[Q, set[str]]:
    """(what the filters ask for, the columns that it is asked of). Raises BadSelection."""
    junction = filters.get("junction", "and")
    if not isinstance(junction, str) or junction.lower() not in ("and", "or"):
        raise BadSelection("Property .parameters.filters.junction must be one of and, or")
    joined, columns = Q(), set()
    for name, given in filters.items():
        if name == "junction":
            continue
        path = f".parameters.filters.{name[:100]}"
        if not isinstance(given, dict) or not isinstance(given.get("conditions"), dict) or len(given) != 1:
            raise BadSelection(f'Property {path} must be {{"conditions": {{"$operator": [values]}}}}')
        criterion = _criterion(exported, name, path)
        columns.add(criterion.column)
        for operator, values in given["conditions"].items():
            found = _condition(criterion, operator, values, reader, path)
            joined = joined & found if junction.lower() == "and" else joined | found
    return joined, columns


def _criterion(exported: Exported, name: str, path: str) -> Criterion:
    column, dot, key = name.partition(".")
    if dot and column in exported.free:
        if "__" not in key and "\0" not in key and 0 < len(key) < 190:
            return Criterion(f"{column}__{key}", ComparedAs.SCALAR)
    elif name in exported.criteria:
        return exported.criteria[name]
    able = ", ".join([*exported.criteria, *(f"{column}.X" for column in exported.free)])
    raise BadSelection(f"Property {path} cannot be filtered by; these can: {able}")


def _condition(criterion: Criterion, operator: str, values: Any, reader: BookReader, path: str) -> Q:
    column, compared, operators = criterion.column, criterion.compared, OPERATORS[criterion.compared]
    if operator not in operators:
        allowed = ", ".join(operators)
        raise BadSelection(f"Property {path}.conditions.{operator[:50]} is not allowed; these are: {allowed}")
    listed = values if isinstance(values, list) else [values]
    if operator in VALUELESS:
        empty = Q(**{f"{column}__isnull": True}) | (Q(**{column: ""}) if compared in TEXTS else Q())
        return ~empty if operator == "$has_value" else empty
    if not 0 < len(listed) <= MOST_VALUES:
        raise BadSelection(f"Property {path}.conditions.{operator} must have 1 to {MOST_VALUES} values")
    if compared == ComparedAs.ID:
        asked = [reader.ids.take(criterion.kind, str(value)) or 0 for value in listed]
    else:
        asked = [READERS[compared](value, path) for value in listed]
    if operator in EQUAL:
        among = Q(**{f"{column}__in": asked})
        return among if operator in {"$is", "$in"} else ~among
    negated = operator == "$not_contain"
    lookup = (SQL | SQL_TIMES | SQL_TEXTS)["$contains" if negated else operator]
    any_of = Q()
    for value in asked:
        any_of |= Q(**{f"{column}__{lookup}": value})
    return ~any_of if negated else any_of


def _time(value: Any, path: str) -> datetime:
    found = iso_time(value) if isinstance(value, str) else None
    if found is None:
        raise BadSelection(f"Property {path} cannot be recognized as a ISO-8601 compliant date")
    return found


def _day(value: Any, path: str) -> date:
    return _time(value, path).date()


def _text(value: Any, path: str) -> str:
    if not isinstance(value, str) or "\0" in value or len(value) > 255:
        raise BadSelection(f"Property {path} must be compared with a text of at most 255 characters")
    return value


def _number(value: Any, path: str) -> Decimal:
    if isinstance(value, bool) or not isinstance(value, int) or abs(value) > 10**15:
        raise BadSelection(f"Property {path} must be compared with a whole number in the smallest unit")
    return Decimal(value)


def _scalar(value: Any, path: str) -> Any:
    if not isinstance(value, str | int | float | bool) or (isinstance(value, str) and "\0" in value):
        raise BadSelection(f"Property {path} must be compared with a text, a number, true or false")
    return value


READERS: Mapping[ComparedAs, Callable[[Any, str], Any]] = {
    ComparedAs.TIME: _time,
    ComparedAs.DAY: _day,
    ComparedAs.TEXT: _text,
    ComparedAs.ANY_CASE: lambda value, path: _text(value, path).lower(),
    ComparedAs.NUMBER: _number,
    ComparedAs.SCALAR: _scalar,
}
