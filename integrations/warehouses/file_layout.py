"""What the files of a feed look like, and what its settings say: plain data, as they are stored.

Our columns are named by the keys in `columns.py`. Where a file has heads and lines (records of CSV, elements of XML), a
column of the head is written with a slash before it: `/order_number`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, fields
from enum import StrEnum
from typing import Any

from config.kit.refusals import Refused

# Encodings that are offered, by Python's names. UTF-8 is read with and without its mark.
ENCODINGS = {
    "utf-8": "UTF-8",
    "utf-8-sig": "UTF-8 with a mark (BOM)",
    "cp1250": "Windows-1250 (Central Europe)",
    "cp1252": "Windows-1252 (Western Europe)",
    "iso8859-1": "ISO 8859-1 (Latin 1)",
    "iso8859-2": "ISO 8859-2 (Latin 2)",
    "utf-16": "UTF-16",
}
DELIMITERS = {",": "Comma", ";": "Semicolon", "\t": "Tab", "|": "Bar"}
DECIMALS = {".": "Point (12.50)", ",": "Comma (12,50)"}
# How dates are written, in strptime's words; "iso" is ISO 8601 with or without a time and a zone.
DATES = {
    "iso": "2026-09-01, 2026-09-01T10:15:00+02:00",
    "%d/%m/%Y": "01/09/2026",
    "%d.%m.%Y": "01.09.2026",
    "%m/%d/%Y": "09/01/2026",
    "%Y%m%d": "20260901",
    "%d/%m/%Y %H:%M": "01/09/2026 10:15",
    "%d.%m.%Y %H:%M": "01.09.2026 10:15",
    "%m/%d/%Y %H:%M": "09/01/2026 10:15",
    "%Y-%m-%d %H:%M:%S": "2026-09-01 10:15:00",
}


class FileFormat(StrEnum):
    CSV = "csv"
    XML = "xml"


class StockMeaning(StrEnum):
    """What the quantities of a stock file say."""

    ABSOLUTE = "absolute"
    """What is on hand."""
    DELTA = "delta"
    """What came or went."""


class FileRefused(Refused):
    """A file that cannot be read as its feed's settings say: nothing of it is booked."""


@dataclass(frozen=True)
class FileLayout:
    format: str = FileFormat.CSV
    encoding: str = "utf-8"
    delimiter: str = ","
    decimal: str = "."
    dates: str = "iso"
    # CSV: whether the first row names the columns; without, they are called by their places, from "1".
    header: bool = True
    # CSV without header: what the first cell of heads and of lines says, e.g. "PH" and "PD"; "" where all rows are
    # alike. Other rows are passed over.
    head: str = ""
    line: str = ""
    # XML: the element of a record, and the way from it to its lines; "" where the record is the row.
    record: str = ""
    rows: str = ""
    # XML that goes out: the element around all records.
    root: str = ""
    # Files that go out: what always stands in a column, by the file's name of it.
    fixed: Mapping[str, str] = field(default_factory=dict)
    # Our columns, by their keys, to the file's.
    columns: Mapping[str, str] = field(default_factory=dict)

    def stored(self) -> dict[str, Any]:
        return asdict(self)


@dataclass(frozen=True)
class FeedOptions:
    # Of stock files.
    meaning: str = StockMeaning.ABSOLUTE
    # Of orders that go out: also those of which only some is in stock.
    partial: bool = False
    # Of stock files and orders that go out: the warehouse they are about, as `stock.warehouses` names places.
    place: int | None = None

    def stored(self) -> dict[str, Any]:
        return asdict(self)


def layout_of(stored: Mapping[str, Any]) -> FileLayout:
    """As `FileLayout.stored` gave it; what is not known any more is left out."""
    known = {each.name for each in fields(FileLayout)}
    return FileLayout(**{name: value for name, value in stored.items() if name in known})


def options_of(stored: Mapping[str, Any]) -> FeedOptions:
    known = {each.name for each in fields(FeedOptions)}
    return FeedOptions(**{name: value for name, value in stored.items() if name in known})
