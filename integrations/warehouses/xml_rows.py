"""Rows of an XML file, by defusedxml: no DTD, no entity, nothing that is fetched. Elements are known by local names."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import BinaryIO
from xml.etree.ElementTree import Element, ParseError

from defusedxml import DefusedXmlException
from defusedxml.ElementTree import iterparse

from integrations.warehouses.file_layout import FileLayout, FileRefused
from integrations.warehouses.source_rows import MOST_ROWS, TOO_MANY, SourceRow

MOST_DEPTH = 64
MOST_ATTRIBUTES = 100


class _Nested(Exception):
    """A value that has elements in it."""


def rows(content: BinaryIO, layout: FileLayout, wanted: Sequence[str]) -> Iterator[SourceRow]:
    """The rows, with the values `wanted` of each. Raises FileRefused.

    A path leads from the row's element: `item/sku`, `@code`; with a slash before it from the record's: `/number`.
    """
    count = 0
    for record in _records(content, layout.record):
        for row in _each(record, layout.rows):
            count += 1
            if count > MOST_ROWS:
                raise FileRefused(TOO_MANY)
            yield _row(count, record, row, wanted)


def _row(number: int, record: Element, row: Element, wanted: Sequence[str]) -> SourceRow:
    values = []
    for path in wanted:
        try:
            values.append(_value(record if path.startswith("/") else row, path.strip("/")))
        except _Nested:
            return number, (), f"“{path[:60]}” holds other elements, where one value is expected."
    return number, tuple(values), ""


def headings(content: BinaryIO, layout: FileLayout) -> list[str]:
    """The paths of the values in the first record, those of the record with a slash before them. Raises FileRefused."""
    for record in _records(content, layout.record):
        found = [f"/{path}" for path in _paths(record)] if layout.rows else []
        lines = _each(record, layout.rows)
        return [*(_paths(lines[0]) if lines else []), *found]
    return []


def elements(content: BinaryIO) -> list[str]:
    """The names of the elements in a file, most often seen first: one of them is the record. Raises FileRefused."""
    counts: dict[str, int] = {}
    for _, element in _events(content):
        if len(element):
            counts[_local(element.tag)] = counts.get(_local(element.tag), 0) + 1
    return sorted(counts, key=lambda name: -counts[name])


def _records(content: BinaryIO, name: str) -> Iterator[Element]:
    found = False
    for parent, element in _events(content):
        if _local(element.tag) == name:
            found = True
            yield element
            element.clear()
            if parent is not None:
                parent.remove(element)
    if not found:
        raise FileRefused(f"There is no element “{name}” in the file.")


def _events(content: BinaryIO) -> Iterator[tuple[Element | None, Element]]:
    """Each element when it ends, with the one around it."""
    content.seek(0)
    if not content.read(1):
        raise FileRefused("The file is empty.")
    content.seek(0)
    around: list[Element] = []
    with _faults_told():
        for event, element in iterparse(content, ("start", "end"), forbid_dtd=True):
            if event == "start":
                around.append(element)
                if len(around) > MOST_DEPTH:
                    raise FileRefused(f"Elements are nested more than {MOST_DEPTH} deep.")
                if len(element.attrib) > MOST_ATTRIBUTES:
                    raise FileRefused(f"An element has more than {MOST_ATTRIBUTES} attributes.")
            else:
                around.pop()
                yield (around[-1] if around else None), element


@contextmanager
def _faults_told() -> Iterator[None]:
    try:
        yield
    except DefusedXmlException:
        raise FileRefused("The file has a document type or entities of its own, which are not read.") from None
    except ParseError as error:
        line, column = error.position
        raise FileRefused(f"The file is no XML: line {line}, column {column} is not well formed.") from None
    except (LookupError, UnicodeError, ValueError):
        raise FileRefused("The file names an encoding that is not read: save it as UTF-8.") from None


def _local(tag: str) -> str:
    """The name without its namespace."""
    return tag.rpartition("}")[2]


def _each(record: Element, path: str) -> list[Element]:
    found = [record]
    for name in filter(None, path.split("/")):
        found = [child for element in found for child in element if _local(child.tag) == name]
    return found


def _value(element: Element, path: str) -> str:
    way, _, attribute = path.partition("@")
    found = _each(element, way.strip("/"))
    if not found:
        return ""
    if attribute:
        named = {_local(name): value for name, value in found[0].attrib.items()}
        return named.get(attribute, "").strip()
    if len(found[0]):
        raise _Nested
    return (found[0].text or "").strip()


def _paths(element: Element, above: str = "") -> list[str]:
    paths = [f"{above}@{_local(name)}" for name in element.attrib]
    for child in element:
        path = f"{above}{_local(child.tag)}"
        paths += _paths(child, f"{path}/") if len(child) else [path]
    return list(dict.fromkeys(paths))
