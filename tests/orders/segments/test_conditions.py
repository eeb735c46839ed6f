"""What a segment may ask: every bad condition is refused with a sentence that says which and what to do."""

from __future__ import annotations

from typing import Any

import pytest

from orders.segments.conditions import (
    FIELDS,
    MOST_CONDITIONS,
    MOST_VALUES,
    BadCondition,
    Condition,
    checked,
    in_words,
    plain,
    stored,
)

GOOD: tuple[tuple[str, str, Any, Any], ...] = (
    ("total_amount", "more_than", "250", "250"),
    ("total_amount", "at_least", 99.9, "99.9"),
    ("average_amount", "is", " 12.3456 ", "12.3456"),
    ("total_count", "more_than", "3", 3),
    ("last_order_amount", "less_than", 0, "0"),
    ("last_order_date", "within_days", "30", 30),
    ("last_order_date", "before", "2026-11-21", "2026-11-21"),
    ("last_order_date", "after", "2026-11-21T08:00:00Z", "2026-11-21T08:00:00Z"),
    ("country", "is", "cz", "CZ"),
    ("country", "in", "cz, sk ,,CZ", ["CZ", "SK"]),
    ("email_domain", "in", ["Mail.example"], ["mail.example"]),
    ("country", "present", "whatever", None),
    ("metadata.tier", "is", "gold", "gold"),
    ("metadata.vip", "is", True, "true"),
    ("metadata.points", "more_than", -5, "-5"),
    ("metadata.a.b", "absent", None, None),
)
BAD: tuple[tuple[str, str, Any, str], ...] = (
    ("total", "is", 1, "“total” is no field"),
    ("metadata", "is", 1, "“metadata” is no field"),
    ("metadata.", "is", 1, "“metadata.” is no field"),
    ("customer.id; DROP TABLE", "is", 1, "is no field"),
    ("total_amount", "=", 1, "cannot be asked with “=”; use one of: is, is_not, more_than"),
    ("country", "more_than", 1, "cannot be asked with “more_than”"),
    ("last_order_date", "is", "2026-11-21", "cannot be asked with “is”"),
    ("total_amount", "is", None, "Total spent needs a number"),
    ("total_amount", "is", "", "Total spent needs a number"),
    ("total_amount", "is", "ten", "Total spent needs a number"),
    ("total_amount", "is", "1_0", "Total spent needs a number"),
    ("total_amount", "is", True, "Total spent needs a number"),
    ("total_amount", "is", "1e400", "Total spent needs a number"),
    ("total_amount", "is", "Infinity", "Total spent needs a number"),
    ("total_amount", "is", "nan", "Total spent needs a number"),
    ("total_amount", "is", "1.00001", "at most 4 decimals"),
    ("total_amount", "is", ["1"], "Total spent needs a number"),
    ("total_amount", "is", "-1", "never below zero"),
    ("total_count", "is", "1.5", "Number of orders needs a whole number from 0 to 1,000,000,000"),
    ("total_count", "is", -1, "needs a whole number"),
    ("total_count", "is", "٣", "needs a whole number"),
    ("total_count", "is", True, "needs a whole number"),
    ("last_order_date", "within_days", 0, "needs a whole number from 1 to 3,650"),
    ("last_order_date", "within_days", 3_651, "needs a whole number from 1 to 3,650"),
    ("last_order_date", "before", "yesterday", "needs a day such as 2026-11-21"),
    ("last_order_date", "before", "2026-02-30", "needs a day such as 2026-11-21"),
    ("last_order_date", "before", "1066-10-14", "needs a day such as 2026-11-21"),
    ("last_order_date", "after", "2026-11-21T08:00:00", "say the zone of the time"),
    ("last_order_date", "after", 20261121, "needs a day"),
    ("country", "is", "", "Country needs a text"),
    ("country", "is", None, "Country needs a text"),
    ("country", "in", "", "Country needs 1 to 100 values"),
    ("country", "in", [], "Country needs 1 to 100 values"),
    ("country", "in", [str(each) for each in range(MOST_VALUES + 1)], "Country needs 1 to 100 values"),
    ("country", "in", [None], "Country needs a text"),
    ("email_domain", "is", "x" * 256, "E-mail domain needs a text of 1 to 255"),
    ("metadata.tier", "is", "a\x00b", "Metadata needs a text"),
    ("metadata.tier", "is", {"a": 1}, "Metadata needs a text"),
    ("metadata.tier", "more_than", "gold", "Metadata needs a number"),
    ("metadata.a\x00b", "present", None, "The key of the metadata"),
    ("metadata." + "k" * 256, "present", None, "The key of the metadata"),
)


@pytest.mark.parametrize(("field", "operator", "value", "expected"), GOOD)
def test_good_conditions_are_stored_in_one_form(field: str, operator: str, value: Any, expected: Any) -> None:
    [found] = checked([Condition(field, operator, value)])
    assert found == Condition(field, operator, expected)
    assert checked([found]) == [found] == stored(plain([found]))
    assert in_words(found)


@pytest.mark.parametrize(("field", "operator", "value", "problem"), BAD)
def test_bad_conditions_are_named(field: str, operator: str, value: Any, problem: str) -> None:
    with pytest.raises(BadCondition) as refused:
        checked([Condition("total_count", "is", 1), Condition(field, operator, value)])
    assert refused.value.index == 1
    assert problem in str(refused.value)


def test_none_and_too_many() -> None:
    one = Condition("total_count", "is", 1)
    with pytest.raises(BadCondition, match="needs at least one condition"):
        checked([])
    assert len(checked([one] * MOST_CONDITIONS)) == MOST_CONDITIONS
    with pytest.raises(BadCondition, match="at most 20 conditions"):
        checked([one] * (MOST_CONDITIONS + 1))


def test_every_field_and_operator_has_words() -> None:
    for name, field in FIELDS.items():
        for operator in field.operators:
            said = in_words(Condition(f"{name}.tier" if name == "metadata" else name, operator, "5"))
            assert said.startswith(field.label)
            assert "…" not in said
    assert in_words(Condition("last_order_date", "within_days", 30)) == (
        "Date of the last order was within the last 30 days"
    )
    assert in_words(Condition("metadata.tier", "in", ["gold", "new"])) == "Metadata “tier” is one of gold, new"
