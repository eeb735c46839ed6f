"""What a segment may ask of a customer: checked conditions, as JSON keeps them and forms and partners send them.

A condition is {"field", "operator", "value"}. Amounts are in the project's currency in major units ("250.00"), days are
days of 24 hours before now, dates are days in the project's zone ("2026-11-21") or times (ISO 8601). Metadata is asked
by its key: {"field": "metadata.tier", "operator": "is", "value": "gold"}.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal, InvalidOperation
from typing import Any

from msgspec import Struct, to_builtins

from config.kit.refusals import Refused

MOST_CONDITIONS = 20
MOST_VALUES = 100
LONGEST_TEXT = 255
MOST_DAYS = 3_650
LARGEST = Decimal(10) ** 15
METADATA = "metadata."

COMPARED = {
    "is": "is",
    "is_not": "is not",
    "more_than": "is more than",
    "less_than": "is less than",
    "at_least": "is at least",
    "at_most": "is at most",
}
DATED = {
    "before": "was before",
    "after": "was after",
    "within_days": "was within the last … days",
    "more_than_days_ago": "was more than … days ago",
    "present": "is known",
    "absent": "is not known",
}
BORN = {"is": "is", **{name: DATED[name] for name in ("before", "after", "present", "absent")}}
LISTED = {"is": "is", "in": "is one of", "present": "is known", "absent": "is not known"}
TEXTED = {
    "is": "is",
    "is_not": "is not",
    "in": "is one of",
    "not_in": "is none of",
    "contains": "contains",
    "not_contain": "does not contain",
    "starts_with": "begins with",
    "ends_with": "ends with",
    "present": "is known",
    "absent": "is not known",
}
KEYED = {**TEXTED, **{name: words for name, words in COMPARED.items() if name not in TEXTED}}
MEASURED = frozenset(COMPARED) - frozenset(TEXTED)
DAYS = frozenset({"within_days", "more_than_days_ago"})
VALUELESS = frozenset({"present", "absent"})


@dataclass(frozen=True)
class Field:
    label: str
    kind: str
    """amount, count, date, day, text, list or metadata."""
    operators: Mapping[str, str]


FIELDS = {
    "total_amount": Field("Total spent", "amount", COMPARED),
    "total_count": Field("Number of orders", "count", COMPARED),
    "average_amount": Field("Average order", "amount", COMPARED),
    "last_order_amount": Field("Amount of the last order", "amount", COMPARED),
    "last_order_date": Field("Date of the last order", "date", DATED),
    "points": Field("Points", "count", COMPARED),
    "created_at": Field("Date of becoming a customer", "date", DATED),
    "updated_at": Field("Last change of the customer", "date", DATED),
    "name": Field("Name", "text", TEXTED),
    "email": Field("E-mail address", "text", TEXTED),
    "phone": Field("Telephone", "text", TEXTED),
    "source_id": Field("Partner's id", "text", TEXTED),
    "birthdate": Field("Date of birth", "day", BORN),
    "address_city": Field("City of the address", "text", TEXTED),
    "address_state": Field("State of the address", "text", TEXTED),
    "address_country": Field("Country of the address", "text", TEXTED),
    "address_postal_code": Field("Postal code of the address", "text", TEXTED),
    "country": Field("Country", "list", LISTED),
    "email_domain": Field("E-mail domain", "list", LISTED),
    "metadata": Field("Metadata", "metadata", KEYED),
}

Value = str | int | float | bool | list[str] | None


class Condition(Struct, frozen=True, forbid_unknown_fields=True):
    """One condition, as it is sent; `checked` makes it what is stored."""

    field: str
    operator: str
    value: Value = None

    @property
    def key(self) -> str:
        """The key of the metadata that is asked for, or ""."""
        return self.field[len(METADATA) :] if self.field.startswith(METADATA) else ""

    @property
    def known_field(self) -> Field | None:
        return FIELDS.get("metadata" if self.key else self.field) if self.field != "metadata" else None

    @property
    def days(self) -> int | None:
        """The age in days at which time alone changes the answer."""
        return int(str(self.value)) if self.operator in DAYS else None


class BadCondition(Refused):
    """A condition that cannot be asked. `index` counts from 0; the message is for programs and people.

    `choices` are the words of the operators of the field, where the operator is what is wrong.
    """

    def __init__(self, index: int, problem: str, choices: Sequence[str] = ()) -> None:
        super().__init__(problem)
        self.index = index
        self.choices = choices


def checked(conditions: Sequence[Condition]) -> list[Condition]:
    """The conditions as they are stored. Raises BadCondition for the first that cannot be asked."""
    if not conditions:
        raise BadCondition(0, "An automatic segment needs at least one condition.")
    if len(conditions) > MOST_CONDITIONS:
        raise BadCondition(MOST_CONDITIONS, f"A segment has at most {MOST_CONDITIONS} conditions: take some out.")
    return [_checked(index, condition) for index, condition in enumerate(conditions)]


def plain(conditions: Sequence[Condition]) -> list[dict[str, Any]]:
    """As JSON keeps them."""
    found: list[dict[str, Any]] = to_builtins(list(conditions))
    return found


def stored(documents: Sequence[Mapping[str, Any]]) -> list[Condition]:
    """Back from JSON; they were checked before."""
    return [Condition(each["field"], each["operator"], each.get("value")) for each in documents]


def in_words(condition: Condition) -> str:
    """E.g. “Total spent is more than 250.00”."""
    field = condition.known_field
    if field is None:
        return condition.field
    label = f"{field.label} “{condition.key}”" if condition.key else field.label
    words = field.operators.get(condition.operator, condition.operator)
    if condition.operator in VALUELESS:
        return f"{label} {words}"
    if "…" in words:
        return f"{label} {words.replace('…', str(condition.value))}"
    value = ", ".join(condition.value) if isinstance(condition.value, list) else str(condition.value)
    return f"{label} {words} {value}"


def _checked(index: int, condition: Condition) -> Condition:
    field = condition.known_field
    if field is None:
        known = ", ".join(name for name in FIELDS if name != "metadata")
        raise BadCondition(index, f"“{condition.field[:100]}” is no field; these are: {known}, metadata.<key>.")
    if condition.operator not in field.operators:
        allowed = ", ".join(field.operators)
        problem = f"{field.label} cannot be asked with “{condition.operator[:50]}”; use one of: {allowed}."
        raise BadCondition(index, problem, list(field.operators.values()))
    if condition.key and (len(condition.key) > LONGEST_TEXT or "\x00" in condition.key):
        raise BadCondition(index, f"The key of the metadata is at most {LONGEST_TEXT} characters long.")
    if condition.operator in VALUELESS:
        return Condition(condition.field, condition.operator)
    return Condition(condition.field, condition.operator, _value(index, field, condition))


def _value(index: int, field: Field, condition: Condition) -> Value:
    value, operator = condition.value, condition.operator
    if operator in DAYS:
        return _whole(index, field, value, 1, MOST_DAYS)
    if field.kind == "count":
        return _whole(index, field, value, 0, 10**9)
    if field.kind in {"date", "day"}:
        return _date(index, field, value)
    if operator in {"in", "not_in"}:
        return _texts(index, field, value)
    if field.kind == "amount" or operator in MEASURED:
        return _number(index, field, value)
    return _text(index, field, value)


def _whole(index: int, field: Field, value: Value, least: int, most: int) -> int:
    text = str(value).strip() if isinstance(value, str | int) and not isinstance(value, bool) else ""
    if not (text.isascii() and text.isdigit() and len(text) < 12 and least <= int(text) <= most):
        raise BadCondition(index, f"{field.label} needs a whole number from {least:,} to {most:,}.")
    return int(text)


def _number(index: int, field: Field, value: Value) -> str:
    """Exact, as text: 250.00."""
    given = str(value).strip() if isinstance(value, str | int | float) and not isinstance(value, bool) else ""
    try:
        found = Decimal(given) if given.isascii() and "_" not in given and len(given) <= 40 else None
    except InvalidOperation:
        found = None
    if found is None or not found.is_finite() or abs(found) > LARGEST or found != round(found, 4):
        raise BadCondition(index, f"{field.label} needs a number with at most 4 decimals, such as 250 or 99.90.")
    if field.kind == "amount" and found < 0:
        raise BadCondition(index, f"{field.label} is never below zero: enter another number.")
    return f"{found:f}"


def _date(index: int, field: Field, value: Value) -> str:
    text = value.strip() if isinstance(value, str) else ""
    try:
        timed = "T" in text and field.kind == "date"
        found: date = datetime.fromisoformat(text) if timed else date.fromisoformat(text)
    except ValueError:
        found = date.min
    if not 1900 <= found.year <= 2200 or len(text) < 10:
        raise BadCondition(index, f"{field.label} needs a day such as 2026-11-21.")
    if isinstance(found, datetime) and found.tzinfo is None:
        raise BadCondition(index, f"{field.label}: say the zone of the time, as in 2026-11-21T08:00:00Z.")
    return text if "T" in text else found.isoformat()


def _text(index: int, field: Field, value: Value) -> str:
    if isinstance(value, bool):
        value = "true" if value else "false"
    text = str(value).strip() if isinstance(value, str | int | float) else ""
    if not text or len(text) > LONGEST_TEXT or "\x00" in text:
        raise BadCondition(index, f"{field.label} needs a text of 1 to {LONGEST_TEXT} characters.")
    return text.upper() if field.label == "Country" else text.lower() if field.kind == "list" else text


def _texts(index: int, field: Field, value: Value) -> list[str]:
    listed: Sequence[Any] = value.split(",") if isinstance(value, str) else value if isinstance(value, list) else ()
    texts = [each for each in listed if not isinstance(each, str) or each.strip()]
    if not 0 < len(texts) <= MOST_VALUES:
        raise BadCondition(index, f"{field.label} needs 1 to {MOST_VALUES} values, with commas between them.")
    return sorted({_text(index, field, each) for each in texts})
