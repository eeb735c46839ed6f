"""What a segment asks, as partners write it: {"junction", "<field>": {"conditions": {"$operator": [values]}}}.

Numbers may come as text; money is in the smallest unit of the project's currency. What only people here ask for (the
domain of an address, the country of the last order) has its own name, so that every segment can be written back.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from decimal import Decimal, InvalidOperation
from typing import Any

from orders.choices import Junction
from orders.segments.conditions import DAYS, FIELDS, METADATA, VALUELESS, BadCondition, Condition, Value

ORDERS = "summary.orders."
STORED = {
    **{f"{ORDERS}{name}": name for name in ("total_amount", "average_amount", "last_order_amount", "total_count")},
    f"{ORDERS}last_order_date": "last_order_date",
    "loyalty.points": "points",
    **{f"address.{name}": f"address_{name}" for name in ("city", "state", "country", "postal_code")},
}
PUBLISHED = {stored: name for name, stored in STORED.items()}
JUNCTIONS = {"and": Junction.ALL, "or": Junction.ANY}
WORDS = {
    "$is": "is",
    "$is_not": "is_not",
    "$in": "in",
    "$not_in": "not_in",
    "$more_than": "more_than",
    "$more_than_equal": "at_least",
    "$less_than": "less_than",
    "$less_than_equal": "at_most",
    "$contains": "contains",
    "$not_contain": "not_contain",
    "$starts_with": "starts_with",
    "$ends_with": "ends_with",
    "$after": "after",
    "$before": "before",
    "$has_value": "present",
    "$is_unknown": "absent",
}
# Of dates: so many days ago.
AGES = {"$more_than": "more_than_days_ago", "$less_than": "within_days"}
# What several values of these mean.
SEVERAL = {"is": "in", "is_not": "not_in"}


class BadSegmentFilter(BadCondition):
    """A filter that cannot be asked; the message names its property and the way out."""

    def __init__(self, problem: str) -> None:
        super().__init__(0, problem)


def read(asked: Mapping[str, Any], digits: int) -> tuple[Junction, list[Condition]]:
    """The junction and the conditions, not checked yet. Raises BadSegmentFilter."""
    word = asked.get("junction", "and")
    junction = JUNCTIONS.get(word.lower()) if isinstance(word, str) else None
    if junction is None:
        raise BadSegmentFilter("Property .filter.junction must be one of and, or")
    return junction, [
        each for name, given in asked.items() if name != "junction" for each in _read(name, given, digits)
    ]


def _read(name: str, given: Any, digits: int) -> Iterator[Condition]:
    path, stored = f".filter.{name[:100]}", STORED.get(name, name)
    field = FIELDS.get("metadata" if stored.startswith(METADATA) and stored != METADATA else stored)
    if field is None or stored == "metadata":
        able = ", ".join([*STORED, *(each for each in FIELDS if each not in PUBLISHED and each != "metadata")])
        raise BadSegmentFilter(f"Property {path} cannot be filtered by; these can: {able}, metadata.X")
    if not isinstance(given, dict) or not isinstance(given.get("conditions"), dict) or len(given) != 1:
        raise BadSegmentFilter(f'Property {path} must be {{"conditions": {{"$operator": [values]}}}}')
    for sign, values in given["conditions"].items():
        words = WORDS | AGES if field.kind == "date" else WORDS
        operator, listed = words.get(sign, ""), values if isinstance(values, list) else [values]
        if operator not in field.operators:
            allowed = ", ".join(each for each, word in words.items() if word in field.operators)
            raise BadSegmentFilter(f"Property {path}.conditions.{sign[:50]} is not allowed; these are: {allowed}")
        if len(listed) > 1 and operator in SEVERAL and SEVERAL[operator] in field.operators:
            operator = SEVERAL[operator]
        yield Condition(stored, operator, _value(operator, listed, f"{path}.conditions.{sign}", field.kind, digits))


def _value(operator: str, listed: Sequence[Any], path: str, kind: str, digits: int) -> Value:
    if operator in VALUELESS:
        return None
    if operator in {"in", "not_in"}:
        return [str(each) if not isinstance(each, bool) else str(each).lower() for each in listed]
    if len(listed) != 1:
        raise BadSegmentFilter(f"Property {path} takes one value")
    [value] = listed
    if not isinstance(value, str | int | float | bool):
        raise BadSegmentFilter(f"Property {path} must be a text, a number, true or false")
    return _major(value, path, digits) if kind == "amount" else value


def _major(value: Any, path: str, digits: int) -> str:
    try:
        minor = Decimal(str(value)) if not isinstance(value, bool) else None
    except InvalidOperation:
        minor = None
    if minor is None or not minor.is_finite():
        raise BadSegmentFilter(f"Property {path} must be a whole number in the smallest unit")
    return f"{minor.scaleb(-digits):f}"


def write(junction: str, conditions: Sequence[Condition], digits: int) -> dict[str, Any]:
    """Stored conditions in this form."""
    shown: dict[str, Any] = {"junction": "and" if junction == Junction.ALL else "or"}
    for each in conditions:
        field = shown.setdefault(PUBLISHED.get(each.field, each.field), {"conditions": {}})
        field["conditions"].setdefault(_sign(each.operator), []).extend(_shown(each, digits))
    return shown


def _sign(operator: str) -> str:
    words = AGES if operator in DAYS else WORDS
    return next(sign for sign, word in words.items() if word == operator)


def _shown(condition: Condition, digits: int) -> list[Any]:
    if condition.operator in VALUELESS:
        return []
    listed = condition.value if isinstance(condition.value, list) else [condition.value]
    known = condition.known_field
    if known is not None and known.kind == "amount":
        return [int(Decimal(str(value)).scaleb(digits)) for value in listed]
    return list(listed)
