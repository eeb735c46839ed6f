"""Orders chosen and sorted as partners ask for exports: the published fields, conditions and orders."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

from django.db.models import DecimalField, F, Q, QuerySet, Sum, Value
from django.db.models.functions import Coalesce, Greatest
from django.utils.dateparse import parse_datetime

from config.kit.public_ids import PublicIds
from config.kit.refusals import Refused
from orders.models import Order
from orders.partners.answers import published_status

FIELDS = (
    "id", "source_id", "created_at", "updated_at", "status", "amount", "discount_amount", "items_discount_amount",
    "total_discount_amount", "total_amount", "customer_id", "referrer_id", "metadata",
)  # fmt: skip
SORTABLE = ("created_at", "updated_at", "status")
ORDERS = tuple(sign + name for name in SORTABLE for sign in ("-", ""))
DEFAULT_FIELDS = ("id", "source_id", "status")
TIMES = frozenset({"created_at", "updated_at"})
TEXTS = frozenset({"source_id", "status"})
IDS = frozenset({"id", "customer_id", "referrer_id"})
MOST_VALUES = 100
SQL = {"$more_than": "gt", "$less_than": "lt", "$more_than_equal": "gte", "$less_than_equal": "lte"}
SQL_TIMES = {"$after": "gt", "$before": "lt"}
SQL_TEXTS = {"$contains": "icontains", "$starts_with": "istartswith", "$ends_with": "iendswith"}


class BadSelection(Refused):
    """The message names the parameter and the way out."""


def annotated(project_id: int, digits: int) -> QuerySet[Order]:
    """The project's orders with what partners sort and filter by; amounts in the smallest unit."""
    unit = Value(Decimal(10) ** digits)
    zero = Value(Decimal(0), DecimalField(max_digits=19, decimal_places=4))
    items_discount = Coalesce(Sum("lines__discount"), zero)
    orders = Order.objects.filter(project_id=project_id).annotate(published_status=published_status())
    return orders.alias(
        items_discount_amount=items_discount * unit,
        total_amount=F("total") * unit,
        total_discount_amount=Greatest(F("discount_total"), items_discount) * unit,
        discount_amount=(Greatest(F("discount_total"), items_discount) - items_discount) * unit,
        amount=(F("total") + Greatest(F("discount_total"), items_discount)) * unit,
    )


COLUMN = {"created_at": "placed_at", "updated_at": "updated_at", "status": "published_status"}


def select(orders: QuerySet[Order], filters: Mapping[str, Any], ids: PublicIds) -> QuerySet[Order]:
    """Those that fit the filters {junction, field: {conditions: {$operator: values}}}. Raises BadSelection."""
    junction = filters.get("junction", "and")
    if junction not in ("and", "or"):
        raise BadSelection("Property .parameters.filters.junction must be one of and, or")
    found: list[Q] = []
    for name, given in filters.items():
        if name == "junction":
            continue
        path = f".parameters.filters.{name[:100]}"
        if not isinstance(given, dict) or not isinstance(given.get("conditions"), dict) or len(given) != 1:
            raise BadSelection(f'Property {path} must be {{"conditions": {{"$operator": [values]}}}}')
        for operator, values in given["conditions"].items():
            found.append(_condition(name, operator, values, ids, path))
    if not found:
        return orders
    joined = found[0]
    for each in found[1:]:
        joined = joined & each if junction == "and" else joined | each
    return orders.filter(joined)


def _condition(name: str, operator: str, values: Any, ids: PublicIds, path: str) -> Q:
    column, read, operators = _field(name, ids, path)
    if operator not in operators:
        allowed = ", ".join(operators)
        raise BadSelection(f"Property {path}.conditions.{operator[:50]} is not allowed; these are: {allowed}")
    listed = values if isinstance(values, list) else [values]
    if not 0 < len(listed) <= MOST_VALUES and operator not in {"$has_value", "$is_unknown"}:
        raise BadSelection(f"Property {path}.conditions.{operator} must have 1 to {MOST_VALUES} values")
    if operator in {"$has_value", "$is_unknown"}:
        empty = Q(**{f"{column}__isnull": True}) | (Q(**{column: ""}) if name in TEXTS else Q())
        return ~empty if operator == "$has_value" else empty
    asked = [read(value) for value in listed]
    if operator in {"$is", "$in", "$is_not", "$not_in"}:
        among = Q(**{f"{column}__in": asked})
        return among if operator in {"$is", "$in"} else ~among
    negated = operator == "$not_contain"
    lookup = (SQL | SQL_TIMES | SQL_TEXTS)["$contains" if negated else operator]
    any_of = Q()
    for value in asked:
        any_of |= Q(**{f"{column}__{lookup}": value})
    return ~any_of if negated else any_of


EQUAL = ("$is", "$is_not", "$in", "$not_in", "$has_value", "$is_unknown")


def _field(name: str, ids: PublicIds, path: str) -> tuple[str, Callable[[Any], Any], Sequence[str]]:
    """(column, reader of a value, operators) of a published field."""
    if name in TIMES:
        return COLUMN[name], lambda value: _time(value, path), (*SQL_TIMES, *SQL)
    if name in IDS:
        kind = "ord" if name == "id" else "cust"
        return ("pk" if name == "id" else name), lambda value: ids.take(kind, str(value)) or 0, EQUAL
    if name in TEXTS:
        return COLUMN.get(name, name), lambda value: _text(value, path), (*EQUAL, *SQL_TEXTS, "$not_contain")
    if name.startswith("metadata.") and "__" not in name and "\0" not in name and 9 < len(name) < 200:
        return f"metadata__{name[9:]}", lambda value: _scalar(value, path), EQUAL
    if name in FIELDS and name != "metadata":
        return name, lambda value: _number(value, path), (*EQUAL, *SQL)
    raise BadSelection(f"Property {path} cannot be filtered by; these can: {', '.join(FIELDS[:-1])}, metadata.X")


def _time(value: Any, path: str) -> datetime:
    try:
        found = parse_datetime(value if "T" in value else f"{value}T00:00:00Z")
    except (ValueError, TypeError):
        found = None
    if found is None or not 1990 <= found.year <= 2200:
        raise BadSelection(f"Property {path} cannot be recognized as a ISO-8601 compliant date")
    return found.astimezone(UTC) if found.tzinfo else found.replace(tzinfo=UTC)


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
