"""The rows of a file as a feed's settings read them."""

from __future__ import annotations

from collections.abc import Generator, Iterator
from typing import BinaryIO
from zoneinfo import ZoneInfo

from integrations.warehouses import csv_rows, xml_rows
from integrations.warehouses.columns import FileColumn, columns_of
from integrations.warehouses.file_layout import FileFormat, FileLayout, FileRefused
from integrations.warehouses.source_rows import SourceRow
from integrations.warehouses.typed_rows import TypedRow, typed


def mapped(kind: str, layout: FileLayout) -> list[tuple[FileColumn, str]]:
    """The columns that are read, each with its name in the file. Raises FileRefused where a needed one is not named."""
    known = columns_of(kind)
    missing = [column.label for key, column in known.items() if column.required and not layout.columns.get(key)]
    if missing:
        raise FileRefused(f"The feed's settings do not say where these stand in the file: {', '.join(missing)}.")
    return [(column, layout.columns[key]) for key, column in known.items() if layout.columns.get(key)]


def source_rows(content: BinaryIO, kind: str, layout: FileLayout) -> Iterator[SourceRow]:
    """Raises FileRefused, maybe only in the middle of the file."""
    names = [name for _, name in mapped(kind, layout)]
    read = xml_rows.rows if layout.format == FileFormat.XML else csv_rows.rows
    return read(content, layout, names)


def rows_of(content: BinaryIO, kind: str, layout: FileLayout, zone: ZoneInfo) -> Generator[TypedRow, None, None]:
    """As `source_rows`, with what the values mean."""
    columns = [column for column, _ in mapped(kind, layout)]
    return typed(source_rows(content, kind, layout), columns, layout, zone)


def headings(content: BinaryIO, layout: FileLayout) -> list[str]:
    """What the file calls its columns. Raises FileRefused."""
    read = xml_rows.headings if layout.format == FileFormat.XML else csv_rows.headings
    return read(content, layout)
