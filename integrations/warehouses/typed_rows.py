"""What the values of a row mean: units, amounts and dates in the file's own notation."""

from __future__ import annotations

import re
from collections.abc import Callable, Generator, Iterable, Sequence
from datetime import datetime
from functools import lru_cache
from operator import call
from typing import Any
from zoneinfo import ZoneInfo

from msgspec import Struct

from integrations.warehouses.columns import FileColumn, Holds
from integrations.warehouses.file_layout import FileLayout
from integrations.warehouses.source_rows import SourceRow

# Spaces that stand between thousands, a narrow one and one that does not break among them.
SPACES = re.compile("[ \u00a0\u202f]")
PLAIN = re.compile(r"[+-]?[0-9]{1,10}(?:\.[0-9]{1,20})?")
MOST_UNITS = 1_000_000_000


class TypedRow(Struct, frozen=True):
    number: int
    # By the keys of the columns; units are int, amounts and dates text: "12.50", "2026-09-01T00:00:00+02:00".
    values: dict[str, Any]
    # What is wrong with it, a sentence without its values; "" where nothing is.
    fault: str = ""


class _Fault(Exception):
    """A value that is not what its column holds."""


Read = Callable[[str], Any]


def typed(
    rows: Iterable[SourceRow], columns: Sequence[FileColumn], layout: FileLayout, zone: ZoneInfo
) -> Generator[TypedRow, None, None]:
    """The rows with what their values mean; the columns stand in the order of the values."""
    keys = [column.key for column in columns]
    reads = [_reading(column, layout, zone) for column in columns]
    for number, values, fault in rows:
        if fault:
            yield TypedRow(number, {}, fault)
            continue
        try:
            yield TypedRow(number, dict(zip(keys, map(call, reads, values))))  # noqa: B905  as many, and checking costs
        except _Fault as wrong:
            yield TypedRow(number, _readable(keys, reads, values), str(wrong))


def _readable(keys: Sequence[str], reads: Sequence[Read], values: Sequence[str]) -> dict[str, Any]:
    """What can be read of a row that has a fault, to be shown."""
    found = {}
    for key, read, value in zip(keys, reads, values, strict=True):
        try:
            found[key] = read(value)
        except _Fault:
            continue
    return found


def _reading(column: FileColumn, layout: FileLayout, zone: ZoneInfo) -> Read:
    read = {Holds.TEXT: _text, Holds.UNITS: _units, Holds.AMOUNT: _amount, Holds.DATE: _date}[column.holds]
    return read(column, layout, zone)


def _text(column: FileColumn, layout: FileLayout, zone: ZoneInfo) -> Read:
    longest, label, required = column.longest, column.label, column.required

    def read(value: str) -> str:
        if 0 < len(value) <= longest:
            return value
        if value:
            raise _Fault(f"{label}: more than {longest} characters.")
        if required:
            raise _Fault(f"{label}: it is missing.")
        return ""

    return read


def _units(column: FileColumn, layout: FileLayout, zone: ZoneInfo) -> Read:
    label, required = column.label, column.required

    @lru_cache(maxsize=4096)
    def read(value: str) -> int | None:
        if value.isascii() and value.isdecimal() and len(value) < 10:
            return int(value)
        if not value:
            if required:
                raise _Fault(f"{label}: it is missing.")
            return None
        whole, _, part = plain(value, layout.decimal, label).partition(".")
        if part.strip("0"):
            raise _Fault(f"{label}: it is no whole number.")
        if abs(int(whole)) > MOST_UNITS:
            raise _Fault(f"{label}: more than a billion.")
        return int(whole)

    return read


def _amount(column: FileColumn, layout: FileLayout, zone: ZoneInfo) -> Read:
    label, required = column.label, column.required

    def read(value: str) -> str:
        if not value and required:
            raise _Fault(f"{label}: it is missing.")
        return plain(value, layout.decimal, label) if value else ""

    return read


def plain(value: str, decimal: str, label: str) -> str:
    """A number in plain notation: "1 234,50" with a decimal comma is "1234.50". Signs of thousands are only spaces."""
    bare = SPACES.sub("", value)
    if decimal == ",":
        bare = "!" if "." in bare else bare.replace(",", ".")
    if PLAIN.fullmatch(bare) is None:
        raise _Fault(f"{label}: it is no number with a decimal {'comma' if decimal == ',' else 'point'}.")
    return bare.removeprefix("+")


def _date(column: FileColumn, layout: FileLayout, zone: ZoneInfo) -> Read:
    label, required, dates = column.label, column.required, layout.dates

    @lru_cache(maxsize=1024)
    def read(value: str) -> str:
        if not value:
            if required:
                raise _Fault(f"{label}: it is missing.")
            return ""
        try:
            iso = dates == "iso"
            found = datetime.fromisoformat(value) if iso else datetime.strptime(value, dates)  # noqa: DTZ007  below
            stamp = found if found.tzinfo else found.replace(tzinfo=zone)
            return stamp.replace(microsecond=0).isoformat()
        except (ValueError, OverflowError):
            raise _Fault(f"{label}: it is no date in the notation that is set.") from None

    return read
