"""Rows of CSV files, strictly: an unclosed quote, a NUL or an endless field refuses a file, a wrong width its row."""

from __future__ import annotations

import csv
import io
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from itertools import islice
from operator import itemgetter
from typing import Any, BinaryIO, cast

from integrations.warehouses.file_layout import FileLayout, FileRefused
from integrations.warehouses.source_rows import MOST_ROWS, TOO_MANY, SourceRow

NUL = "The file holds a NUL character. Is it a text file in this encoding?"
# Encodings of which every other byte is one.
WIDE = ("utf-16",)
CHUNK = 1024 * 1024
Cells = list[str]
Pick = Callable[[Cells], Iterable[str]]


def rows(content: BinaryIO, layout: FileLayout, wanted: Sequence[str]) -> Iterator[SourceRow]:
    """The rows, with the columns `wanted` of the file's. Raises FileRefused."""
    with _reader(content, layout) as reader:
        if layout.head or layout.line:
            yield from _records(reader, layout, wanted)
            return
        first = next(reader, None)
        if first is None:
            raise FileRefused("The file is empty.")
        places = _places(first if layout.header else [str(place) for place, _ in enumerate(first, 1)], wanted)
        if not layout.header:
            yield _row(1, first, _picking(places))
        yield from _alike(reader, len(first), _picking(places))


def _alike(reader: Any, width: int, pick: Pick) -> Iterator[SourceRow]:
    """Kept short, because large files spend their time here. Blank rows are no rows."""
    before, count, strip = reader.line_num, 0, str.strip
    for cells in reader:
        number, before = before + 1, reader.line_num
        if len(cells) == width:
            values = tuple(map(strip, pick(cells)))
            if not any(values) and not any(cells):
                continue
            row = (number, values, "")
        elif cells:
            row = (number, (), f"The row has {len(cells)} columns, and the first one has {width}.")
        else:
            continue
        count += 1
        if count > MOST_ROWS:
            raise FileRefused(TOO_MANY)
        yield row


def _row(number: int, cells: Cells, pick: Pick) -> SourceRow:
    return number, tuple(map(str.strip, pick(cells))), ""


def _records(reader: Any, layout: FileLayout, wanted: Sequence[str]) -> Iterator[SourceRow]:
    """Lines with the head before them; `/7` is the seventh cell of the head."""
    head: Cells | None = None
    before = reader.line_num
    count = 0
    for cells in reader:
        number, before = before + 1, reader.line_num
        kind = cells[0].strip() if cells else ""
        if kind == layout.head:
            head = cells
        elif kind == layout.line:
            count += 1
            if count > MOST_ROWS:
                raise FileRefused(TOO_MANY)
            yield _joined(number, head, cells, wanted)


def _joined(number: int, head: Cells | None, cells: Cells, wanted: Sequence[str]) -> SourceRow:
    if head is None:
        return number, (), "There is no head before this line."
    values = []
    for name in wanted:
        source, place = (head, name[1:]) if name.startswith("/") else (cells, name)
        if not place.isdecimal() or not 0 < int(place) <= len(source):
            which = "head" if name.startswith("/") else "line"
            return number, (), f"The {which} has {len(source)} columns; there is no column {place[:20]}."
        values.append(source[int(place) - 1].strip())
    return number, tuple(values), ""


def headings(content: BinaryIO, layout: FileLayout) -> list[str]:
    """What the columns are called: by the first row, or by their places. Raises FileRefused."""
    with _reader(content, layout) as reader:
        some = list(islice(reader, 50))
    if layout.head or layout.line:
        return [*_of_kind(some, layout.line, ""), *_of_kind(some, layout.head, "/")]
    if not some:
        return []
    return [cell.strip() for cell in some[0]] if layout.header else [str(place) for place, _ in enumerate(some[0], 1)]


def _of_kind(some: Sequence[Cells], kind: str, slash: str) -> list[str]:
    first: Cells = next((cells for cells in some if cells and cells[0].strip() == kind), [])
    return [f"{slash}{place}" for place, _ in enumerate(first, 1)]


def _places(names: Cells, wanted: Sequence[str]) -> list[int]:
    folded = [name.strip().casefold() for name in names]
    places = []
    for name in wanted:
        found = [place for place, each in enumerate(folded) if each == name.strip().casefold()]
        if not found:
            hint = " It has only one: is the delimiter right?" if len(names) == 1 else ""
            raise FileRefused(f"The file has no column “{name}”.{hint}")
        if len(found) > 1:
            raise FileRefused(f"The file has the column “{name}” {len(found)} times: nobody can say which is meant.")
        places.append(found[0])
    return places


def _picking(places: Sequence[int]) -> Pick:
    if len(places) == 1:
        [only] = places
        return lambda cells: (cells[only],)
    return cast("Pick", itemgetter(*places))


@contextmanager
def _reader(content: BinaryIO, layout: FileLayout) -> Iterator[Any]:
    encoding = "utf-8-sig" if layout.encoding == "utf-8" else layout.encoding
    if encoding not in WIDE:
        _refuse_nul(content)
    content.seek(0)
    text = io.TextIOWrapper(cast("Any", content), encoding, newline="")
    reader = csv.reader(_lines(text) if encoding in WIDE else text, delimiter=layout.delimiter, strict=True)
    try:
        yield reader
    except csv.Error as error:
        raise FileRefused(f"Line {reader.line_num} is no CSV: {_in_words(error)}") from None
    except UnicodeError:
        text_ = f"The file is not in {layout.encoding.upper()} (near line {reader.line_num + 1}): choose its encoding."
        raise FileRefused(text_) from None
    finally:
        text.detach()  # or the file would be closed with it


def _refuse_nul(content: BinaryIO) -> None:
    """Looked for in all of the file at once, which is quicker than line by line."""
    content.seek(0)
    while piece := content.read(CHUNK):
        if b"\0" in piece:
            raise FileRefused(NUL)


def _lines(text: io.TextIOWrapper) -> Iterator[str]:
    for line in text:
        if "\0" in line:
            raise FileRefused(NUL)
        yield line


def _in_words(error: csv.Error) -> str:
    said = str(error)
    if "unexpected end of data" in said:
        return "a quote is opened and never closed."
    if "field larger" in said:
        return "a field has more than 131,072 characters; a quote may be missing."
    if "expected after" in said:
        return "something follows a closing quote; a quote inside of a text is doubled."
    return "its quotes or line ends are not as they should be."
