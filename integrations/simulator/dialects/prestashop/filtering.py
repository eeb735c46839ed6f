"""Lists as PrestaShop's webservice filters, sorts and cuts them: what its `classes/webservice` makes of a question.

A filter is `[5]`, `[1|5|9]`, `[a,b]` (both ends belong to it), `>[x]`, `<[x]` or `![x]`. Values are compared as MySQL
compares them, so that a date which is none is before all others. Nothing but what is sorted by decides an order.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Any
from zlib import crc32

from integrations.simulator.messages import Asked

Json = dict[str, Any]
DATES = {"date_add", "date_upd"}
FILTER = re.compile(r"filter\[(\w+)\]")
PATTERN = re.compile(r"(.*)\[(.*)\](.*)", re.DOTALL)
RANGE = re.compile(r"([\d.:\-\s]+),([\d.:\-\s]+)")
DATE = re.compile(r"\d{4}-\d\d-\d\d( \d\d:\d\d:\d\d)?")


class Wrong(Exception):
    """A 400 with this code."""

    def __init__(self, code: int, message: str) -> None:
        super().__init__(message)
        self.code = code


def filters_of(asked: Asked) -> dict[str, str]:
    return {found[1]: value for name, value in asked.params if (found := FILTER.fullmatch(name))}


def wanted_numbers(asked: Asked, field: str) -> set[int] | None:
    """The numbers of a filter `[1|5|9]`; None for any other, or none."""
    found = PATTERN.fullmatch(filters_of(asked).get(field, ""))
    if found is None or found[1] or found[3] or not all(part.isdigit() for part in found[2].split("|")):
        return None
    return {int(part) for part in found[2].split("|")}


def chosen(rows: Iterable[Json], fields: Iterable[str], asked: Asked) -> list[Json]:
    """The rows that the filters leave, sorted and cut. Raises Wrong."""
    known, by_date = {"id", *fields}, asked.get("date") not in ("", "0")
    for name, pattern in filters_of(asked).items():
        _check(name, known, by_date, 32)
        if not pattern:
            raise Wrong(33, f'The filter "{name}" is malformed.')
        rows = [row for row in rows if _fits(row.get(name, ""), pattern, name)]
    return _cut(_sorted(list(rows), asked, known, by_date), asked.get("limit"))


def _check(name: str, known: set[str], by_date: bool, code: int) -> None:
    if name not in known or (name in DATES and not by_date):
        raise Wrong(code, "This filter does not exist. Did you want to filter by date? Set the date parameter to 1")


def _fits(value: Any, pattern: str, name: str) -> bool:
    found = PATTERN.fullmatch(pattern)
    if found is None:
        return bool(_compared(value, name) == _compared(pattern, name))
    before, inside, after = found.groups()
    if "%" in (before, after):
        return inside.lower() in str(value).lower()
    if before in (">", "<"):
        mine, bound = _compared(value, name), _compared(inside, name)
        return bool(mine > bound) if before == ">" else bool(mine < bound)
    if before == "!":
        return all(_compared(value, name) != _compared(part, name) for part in inside.split("|"))
    between = RANGE.fullmatch(inside)
    if "|" not in inside and between:
        least, most = sorted(between.groups())
        return bool(_compared(least, name) <= _compared(value, name) <= _compared(most, name))
    return any(_compared(value, name) == _compared(part, name) for part in inside.split("|"))


def _compared(value: Any, name: str) -> Any:
    text = str(value)
    if name in DATES:
        return text if DATE.fullmatch(text) else ""
    if name == "id" or name.startswith(("id_", "product_", "current_")):
        leading = re.match(r"\d+", text)
        return int(leading[0]) if leading else 0
    return text.casefold()


def _sorted(rows: list[Json], asked: Asked, known: set[str], by_date: bool) -> list[Json]:
    """Rows that are equal in all that is sorted by come in an order that is another for each page."""
    wanted = asked.get("sort")
    page = asked.get("limit").encode()
    for part in reversed(wanted.strip("[]").split(",") if wanted else ["id_ASC"]):
        name, _, direction = part.rpartition("_")
        if direction not in ("ASC", "DESC"):
            raise Wrong(37, 'The "sort" value has to be formed as "field_ASC"')
        _check(name, known, by_date, 38)
        if name != "id":
            rows.sort(key=lambda row: crc32(page + str(row["id"]).encode()))
        rows.sort(key=lambda row, by=name: _compared(row.get(by, ""), by), reverse=direction == "DESC")  # type: ignore[misc]
    return rows


def _cut(rows: list[Json], limit: str) -> list[Json]:
    """`limit=count` or `limit=offset,count`; what is no number counts as 0, and without a limit all come."""
    if not limit:
        return rows
    parts = [int(part) if part.strip().isdigit() else 0 for part in limit.split(",")]
    if len(parts) > 2:
        raise Wrong(39, 'The "limit" value has to be formed as this example: "5,25" or "10"')
    return rows[: parts[0]] if len(parts) == 1 else rows[parts[0] : parts[0] + parts[1]]
