"""Rows that people type, paste from a spreadsheet, scan or upload as a file. Pure."""

from __future__ import annotations

import csv
from collections.abc import Iterator

# Bytes of a file.
LARGEST = 1_000_000
SEPARATORS = ";\t,"
# Characters of a row; the csv module raises an error beyond 131,072.
LONGEST_LINE = 10_000
LONGEST_CELL = 200


def text_of(data: bytes) -> str:
    """A file as text: UTF-8 with or without its mark, else as spreadsheets of Windows write it."""
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError:
        return data.decode("cp1252", errors="replace")


def rows_of(text: str) -> Iterator[tuple[int, list[str]]]:
    """(number of the line, from 1; its cells, trimmed), empty lines left out.

    Cells are separated by whichever of semicolon, tab and comma a line has first in this order; they may be quoted.
    Of a line that is too long to be one, its beginning is the only cell: whoever reads it finds no such code.
    """
    for number, line in enumerate(text.replace("\x00", "").splitlines(), 1):
        if not line.strip():
            continue
        if len(line) > LONGEST_LINE:
            yield number, [line.strip()[:LONGEST_CELL]]
            continue
        separator = next((each for each in SEPARATORS if each in line), ";")
        cells = next(csv.reader([line], delimiter=separator))
        yield number, [cell.strip() for cell in cells]
