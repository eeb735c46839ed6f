"""Conditions as SQL over `customer` (orders_customer) and `summary` (its orders_customersummary, or nothing).

Every value is a parameter and every name a constant of this module. A customer without orders has spent 0 in 0 orders,
has no last order, and meets no condition about one.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from config.kit.times import beginning
from orders.choices import Junction
from orders.segments.conditions import MEASURED, VALUELESS, Condition

JOINED = "orders_customer AS customer LEFT JOIN orders_customersummary AS summary ON summary.customer_id = customer.id"
# Somebody of whom nothing is known, in the place of JOINED.
NOBODY = (
    'jsonb_populate_record(NULL::orders_customer, \'{"source_id": "", "email": "", "name": "", "phone": "",'
    ' "description": "", "address": {}, "metadata": {}}\') AS customer'
    " LEFT JOIN orders_customersummary AS summary ON false"
)
SIGNS = {"is": "=", "is_not": "<>", "more_than": ">", "less_than": "<", "at_least": ">=", "at_most": "<="}
NUMBERS = {
    "total_amount": "coalesce(summary.total_amount, 0)",
    "total_count": "coalesce(summary.total_count, 0)",
    "average_amount": "coalesce(summary.average_amount, 0)",
    "last_order_amount": "summary.last_order_amount",
    "points": "coalesce(summary.points, 0)",
}
DATES = {
    "last_order_date": "summary.last_order_at",
    "created_at": "customer.created_at",
    "updated_at": "customer.updated_at",
}
# A date by its name, and how many days have passed since; and, beside JOINED, when somebody is of such an age.
Age = tuple[str, int]
AGES = "unnest(%s::text[], %s::int[]) AS age (name, days)"
DATED = " ".join(f"WHEN '{name}' THEN {column}" for name, column in DATES.items())
MOMENT = f"CASE age.name {DATED} END + age.days * interval '24 hours'"
TEXTS = {
    **{name: f"customer.{name}" for name in ("name", "email", "phone", "source_id")},
    **{
        f"address_{name}": f"coalesce(customer.address ->> '{name}', '')"
        for name in ("city", "state", "country", "postal_code")
    },
}
LISTS = {
    "country": "coalesce(summary.country, '')",
    "email_domain": "CASE WHEN strpos(customer.email, '@') > 0 THEN lower(substring(customer.email from '[^@]*$'))"
    " ELSE '' END",
}


@dataclass(frozen=True)
class Match:
    """A condition for WHERE, with its parameters; true or false, never null."""

    sql: str
    params: tuple[Any, ...]


def match(conditions: Sequence[Condition], junction: str, zone: ZoneInfo, at: datetime) -> Match:
    """Who meets these conditions at this moment. None meets no conditions at all, and deleted ones none."""
    if not conditions:
        return Match("false", ())
    pieces = [_piece(condition, zone, at) for condition in conditions]
    word = " AND " if junction == Junction.ALL else " OR "
    return Match(
        "(customer.deleted_at IS NULL AND (" + word.join(f"coalesce({sql}, false)" for sql, _ in pieces) + "))",
        tuple(param for _, params in pieces for param in params),
    )


def ages(conditions: Sequence[Condition]) -> frozenset[Age]:
    """The ages at which time alone changes an answer."""
    return frozenset((condition.field, condition.days) for condition in conditions if condition.days is not None)


def asked_ages(found: Collection[Age]) -> list[list[Any]]:
    """The parameters of `AGES`."""
    return [[name for name, _ in sorted(found)], [days for _, days in sorted(found)]]


def _piece(condition: Condition, zone: ZoneInfo, at: datetime) -> tuple[str, list[Any]]:
    name, operator, value = condition.field, condition.operator, condition.value
    if name in NUMBERS:
        return f"{NUMBERS[name]} {SIGNS[operator]} %s::numeric", [str(value)]
    if name in DATES:
        return _dated(DATES[name], condition, zone, at)
    if name == "birthdate":
        return _born(operator, value)
    if name in LISTS:
        return _listed(LISTS[name], operator, value)
    if name in TEXTS:
        return _texted(TEXTS[name], operator, value)
    return _metadata(condition)


def _dated(column: str, condition: Condition, zone: ZoneInfo, at: datetime) -> tuple[str, list[Any]]:
    if condition.operator in VALUELESS:
        return f"({column} IS NOT NULL) = {condition.operator == 'present'}", []
    if condition.days is not None:
        sign = ">" if condition.operator == "within_days" else "<="
        return f"{column} {sign} %s", [at - timedelta(days=condition.days)]
    text = str(condition.value)
    if "T" in text:
        moment = datetime.fromisoformat(text)
    else:  # after a day: from the beginning of the next one
        after = timedelta(days=condition.operator == "after")
        moment = beginning(date.fromisoformat(text) + after, zone)
        if after:
            return f"{column} >= %s", [moment]
    return f"{column} {'>' if condition.operator == 'after' else '<'} %s", [moment]


def _born(operator: str, value: Any) -> tuple[str, list[Any]]:
    if operator in VALUELESS:
        return f"(customer.birthdate IS NOT NULL) = {operator == 'present'}", []
    return f"customer.birthdate { {'is': '=', 'before': '<', 'after': '>'}[operator] } %s::date", [value]


def _texted(column: str, operator: str, value: Any) -> tuple[str, list[Any]]:
    """Texts are compared whatever their case."""
    if operator in VALUELESS:
        return f"({column} <> '') = {operator == 'present'}", []
    if operator in {"is", "in", "is_not", "not_in"}:
        among = f"lower({column}) IN (SELECT lower(one) FROM unnest(%s::text[]) AS one)"  # noqa: S608  columns of ours
        negated = operator in {"is_not", "not_in"}
        return f"NOT {among}" if negated else among, [value if isinstance(value, list) else [value]]
    return TEXT_SQL[operator].format(f"lower({column})"), [value]


TEXT_SQL = {
    "contains": "strpos({0}, lower(%s)) > 0",
    "not_contain": "strpos({0}, lower(%s)) = 0",
    "starts_with": "starts_with({0}, lower(%s))",
    "ends_with": "starts_with(reverse({0}), reverse(lower(%s)))",
}
NEGATED = {"is_not": "is", "not_in": "in", "not_contain": "contains"}


def _listed(column: str, operator: str, value: Any) -> tuple[str, list[Any]]:
    if operator in {"present", "absent"}:
        return f"({column} <> '') = {operator == 'present'}", []
    return f"{column} = ANY(%s)", [value if isinstance(value, list) else [value]]


def _metadata(condition: Condition) -> tuple[str, list[Any]]:
    key, operator, value = condition.key, condition.operator, condition.value
    if operator in NEGATED:
        sql, params = _metadata(Condition(condition.field, NEGATED[operator], value))
        return f"NOT coalesce({sql}, false)", params
    if operator in {"starts_with", "ends_with"}:
        return (
            "CASE jsonb_typeof(customer.metadata -> %s) WHEN 'string'"
            f" THEN {TEXT_SQL[operator].format('lower(customer.metadata ->> %s)')} END",
            [key, key, value],
        )
    if operator in {"present", "absent"}:
        return f"(coalesce(customer.metadata ->> %s, '') <> '') = {operator == 'present'}", [key]
    if operator == "contains":
        return (
            "CASE jsonb_typeof(customer.metadata -> %s)"
            " WHEN 'array' THEN customer.metadata -> %s @> to_jsonb(ARRAY[%s::text])"
            " WHEN 'string' THEN strpos(customer.metadata ->> %s, %s) > 0 END",
            [key, key, value, key, value],
        )
    if operator in MEASURED:
        return (
            "CASE jsonb_typeof(customer.metadata -> %s) WHEN 'number'"
            f" THEN (customer.metadata ->> %s)::numeric {SIGNS[operator]} %s::numeric END",
            [key, key, value],
        )
    return "customer.metadata ->> %s = ANY(%s)", [key, value if isinstance(value, list) else [value]]
