"""A row as a file has it, and the limits of a file."""

from __future__ import annotations

from typing import NamedTuple

MOST_ROWS = 200_000
TOO_MANY = f"The file has more than {MOST_ROWS:,} rows: split it."


class SourceRow(NamedTuple):
    # Of its line in CSV, of its place in XML; from 1.
    number: int
    # One for each of the columns that were asked for, "" where the row has none.
    values: tuple[str, ...]
    # Why it is no row, a sentence; then `values` is empty.
    fault: str = ""
