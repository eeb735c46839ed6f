"""Search criteria as Magento 2 understands them, and as it does not: a filter that makes no sense is no filter."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Any, TypeVar

from integrations.simulator.messages import Asked

T = TypeVar("T")

_FILTER = re.compile(r"search_?[cC]riteria\[filter_?[gG]roups\]\[(\d+)\]\[filters\]\[(\d+)\]\[(\w+)\]")
_STAMP = re.compile(r"(\d{4}-\d\d-\d\d)(?:[T ](\d\d:\d\d:\d\d))?(?:Z|[+-]\d\d:?\d\d)?")
# What MySQL compares as a time.
TIMES = {"created_at", "updated_at"}


class Unknown(Exception):
    """A field that there is not: 500 with a report's id."""


def found(asked: Asked, entries: Sequence[T], fields: dict[str, Callable[[T], Any]]) -> list[T]:
    """The entries that pass, sorted: groups must all hold, of the filters in a group one."""
    groups: dict[str, dict[str, dict[str, str]]] = {}
    for name, value in asked.params:
        match = _FILTER.fullmatch(name)
        if match:
            groups.setdefault(match[1], {}).setdefault(match[2], {})[match[3]] = value
    left = list(entries)
    for filters in groups.values():
        tests = [_test(each, fields) for each in filters.values()]
        left = [entry for entry in left if any(test(entry) for test in tests)]
    return _sorted(asked, left, fields)


def _test(each: dict[str, str], fields: dict[str, Callable[[T], Any]]) -> Callable[[T], bool]:
    name, value = each.get("field", ""), each.get("value", "")
    if name not in fields:
        raise Unknown(name)
    read = fields[name]
    return _comparing(each.get("condition_type") or "eq", value, read, name in TIMES)


def _comparing(condition: str, value: str, read: Callable[[T], Any], time: bool) -> Callable[[T], bool]:
    """Times that are none, and conditions that there are not, are passed by everything (observed on 2.4.7)."""
    if condition in ("in", "nin"):
        listed = {part.strip() for part in value.split(",")}
        return lambda entry: (str(read(entry)) in listed) is (condition == "in")
    wanted: Any = _moment(value) if time else value
    compare: dict[str, Callable[[Any, Any], bool]] = {
        "eq": lambda one, other: one == other, "neq": lambda one, other: one != other,
        "gt": lambda one, other: one > other, "gteq": lambda one, other: one >= other,
        "lt": lambda one, other: one < other, "lteq": lambda one, other: one <= other,
        "from": lambda one, other: one >= other, "to": lambda one, other: one <= other,
    }  # fmt: skip
    if condition not in compare or wanted is None:
        return lambda entry: True
    test = compare[condition]

    def passes(entry: T) -> bool:
        own = read(entry)
        if isinstance(own, int):
            return value.isdigit() and test(own, int(value))
        return test(own if time else str(own), wanted)

    return passes


def _moment(text: str) -> datetime | None:
    """`T` and `Z` are taken, an offset is ignored and not converted."""
    match = _STAMP.fullmatch(text.strip())
    try:
        return datetime.fromisoformat(f"{match[1]} {match[2] or '00:00:00'}") if match else None
    except ValueError:
        return None


def _sorted(asked: Asked, entries: list[T], fields: dict[str, Callable[[T], Any]]) -> list[T]:
    for place in reversed(range(5)):
        name = asked.get(f"searchCriteria[sortOrders][{place}][field]")
        if not name:
            continue
        if name not in fields:
            raise Unknown(name)
        direction = asked.get(f"searchCriteria[sortOrders][{place}][direction]", "DESC").upper()
        entries.sort(key=fields[name], reverse=direction == "DESC")
    return entries


def paged(asked: Asked, entries: list[T], *, repeats: bool) -> list[T]:
    """A page; all without a size. `repeats`: beyond the end comes the last page again (up to 2.3)."""
    size, page = (_whole(asked, f"searchCriteria[{name}]") for name in ("pageSize", "currentPage"))
    if size < 1:
        return entries
    page = max(1, page)
    if repeats:
        page = min(page, max(1, -(-len(entries) // size)))
    return entries[(page - 1) * size : page * size]


def _whole(asked: Asked, name: str) -> int:
    text = asked.get(name)
    return int(text) if text.lstrip("-").isdigit() else 0


def trimmed(value: Any, fields: str) -> Any:
    """Only the named parts: `items[entity_id,payment[method]],total_count`. What is not named is left out."""
    return _pick(value, _tree(fields)) if fields else value


def _tree(text: str) -> dict[str, Any]:
    tree: dict[str, Any] = {}
    above: list[dict[str, Any]] = []
    here, last = tree, ""
    for word in re.findall(r"\w+|[\[\]]", text):
        if word == "[":
            above.append(here)
            here = here[last]
        elif word == "]":
            here = above.pop()
        else:
            here.setdefault(word, {})
            last = word
    return tree


def _pick(value: Any, tree: dict[str, Any]) -> Any:
    if not tree:
        return value
    if isinstance(value, list):
        return [_pick(each, tree) for each in value]
    if not isinstance(value, dict):
        return value
    return {name: _pick(value[name], below) for name, below in tree.items() if name in value}
