"""Filters as Magento 1's collections and MySQL understand them, and as they do not."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any

Json = dict[str, Any]
TIMES = {"created_at", "updated_at"}
NUMBERS = {"order_id", "product_id"}
# In the order in which Magento looks for them: of several conditions in one filter only the first is heard.
COMPARED: dict[str, Callable[[Any, Any], bool]] = {
    "eq": lambda one, other: one == other,
    "neq": lambda one, other: one != other,
    "gt": lambda one, other: one > other,
    "lt": lambda one, other: one < other,
    "gteq": lambda one, other: one >= other,
    "lteq": lambda one, other: one <= other,
}


class Unknown(Exception):
    """A column that there is not: the fault holds the SQL."""


def passing(documents: list[Json], filters: Any) -> list[Json]:
    """Those that pass all filters; what is no filter is none, so that everything passes."""
    for field, condition in (filters if isinstance(filters, Mapping) else {}).items():
        if documents and field not in documents[0]:
            raise Unknown(f"SQLSTATE[42S22]: Column not found: 1054 Unknown column '{field}' in 'where clause'")
        documents = [each for each in documents if _passes(field, each[field], condition)]
    return documents


def _passes(field: str, own: Any, condition: Any) -> bool:
    if not isinstance(condition, Mapping):
        condition = {"eq": condition}
    if "from" in condition or "to" in condition:
        since, until = condition.get("from"), condition.get("to")
        return _compared(field, own, since, COMPARED["gteq"]) and _compared(field, own, until, COMPARED["lteq"])
    for name, compare in COMPARED.items():
        if name in condition:
            return _compared(field, own, condition[name], compare)
    if "in" in condition or "nin" in condition:
        listed = [str(each).lower() for each in condition.get("in", condition.get("nin"))]
        return (str(own).lower() in listed) is ("in" in condition)
    return False


def _compared(field: str, own: Any, given: Any, compare: Callable[[Any, Any], bool]) -> bool:
    """Texts without regard to case. Times that are none are passed by everything."""
    if given is None:
        return True
    if field in TIMES:
        try:
            return compare(datetime.fromisoformat(own), datetime.fromisoformat(str(given)[:19]))
        except ValueError:
            return True
    if field in NUMBERS:
        return str(given).isdigit() and compare(int(own), int(given))
    return compare(str(own).lower(), str(given).lower())
