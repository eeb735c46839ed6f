"""The bytes of a file that goes out. Cells of CSV that a spreadsheet would calculate with are neutralised."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from decimal import Decimal
from typing import Any
from xml.etree.ElementTree import Element, SubElement, tostring

from config.kit.spreadsheets import plain
from integrations.choices import RunKind
from integrations.warehouses.columns import columns_of
from integrations.warehouses.file_layout import FileFormat, FileLayout

# What no XML 1.0 may hold.
NO_XML = re.compile("[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
# An order: what is said once, and of each of its lines; both by the keys of columns.
Written = tuple[Mapping[str, Any], Sequence[Mapping[str, Any]]]


def written(orders: Iterable[Written], layout: FileLayout) -> tuple[bytes, int]:
    """The file, and how many characters its encoding does not have: these went out as question marks.

    Columns stand in the order of `columns.COLUMNS`.
    """
    known = list(columns_of(RunKind.ORDERS_OUT))
    columns = {key: layout.columns[key] for key in known if layout.columns.get(key)}
    layout = replace(layout, columns=columns, fixed=dict(sorted(layout.fixed.items())))
    if layout.format == FileFormat.XML:
        return _xml(orders, layout), 0
    text = _records(orders, layout) if layout.head else _rows(orders, layout)
    data = text.encode(layout.encoding, "replace")
    return data, data.decode(layout.encoding).count("?") - text.count("?")


def _rows(orders: Iterable[Written], layout: FileLayout) -> str:
    """One row a line of an order, what is said once repeated."""
    out = io.StringIO()
    writer = csv.writer(out, delimiter=layout.delimiter)
    places = _places(layout) if not layout.header else []
    names = [*layout.columns.values(), *layout.fixed]
    if layout.header:
        writer.writerow(names)
    for head, lines in orders:
        for line in lines:
            values = {**head, **line}
            cells = [_cell(values.get(key), layout) for key in layout.columns]
            cells += [plain(text) for text in layout.fixed.values()]
            writer.writerow(_at(places, names, cells) if places else cells)
    return out.getvalue()


def _places(layout: FileLayout) -> list[int]:
    return [int(name) for name in [*layout.columns.values(), *layout.fixed]]


def _at(places: Sequence[int], names: Sequence[str], cells: Sequence[str]) -> list[str]:
    row = [""] * max(places)
    for place, cell in zip(places, cells, strict=True):
        row[place - 1] = cell
    return row


def _records(orders: Iterable[Written], layout: FileLayout) -> str:
    """A head, then its lines, every cell quoted."""
    out = io.StringIO()
    writer = csv.writer(out, delimiter=layout.delimiter, quoting=csv.QUOTE_ALL)
    heads = {key: int(name[1:]) for key, name in layout.columns.items() if name.startswith("/")}
    bodies = {key: int(name) for key, name in layout.columns.items() if not name.startswith("/")}
    fixed_head = {int(name[1:]): text for name, text in layout.fixed.items() if name.startswith("/")}
    fixed_line = {int(name): text for name, text in layout.fixed.items() if not name.startswith("/")}
    for head, lines in orders:
        writer.writerow(_record(layout.head, head, heads, fixed_head, layout))
        for line in lines:
            writer.writerow(_record(layout.line, {**head, **line}, bodies, fixed_line, layout))
    return out.getvalue()


def _record(
    kind: str, values: Mapping[str, Any], places: Mapping[str, int], fixed: Mapping[int, str], layout: FileLayout
) -> list[str]:
    row = [""] * max(1, *places.values(), *fixed)
    for place, text in fixed.items():
        row[place - 1] = plain(text)
    for key, place in places.items():
        row[place - 1] = _cell(values.get(key), layout)
    row[0] = kind
    return row


def _xml(orders: Iterable[Written], layout: FileLayout) -> bytes:
    root = Element(layout.root or f"{layout.record}s")
    for head, lines in orders:
        record = SubElement(root, layout.record)
        for key, path in layout.columns.items():
            if path.startswith("/") or not layout.rows:
                _set(record, path.strip("/"), _text(head.get(key), layout))
        for name, text in layout.fixed.items():
            _set(record, name.strip("/"), text)
        for line in lines if layout.rows else ():
            *above, last = layout.rows.split("/")
            row = SubElement(_down(record, above), last)
            for key, path in layout.columns.items():
                if not path.startswith("/"):
                    _set(row, path, _text({**head, **line}.get(key), layout))
    data: bytes = tostring(root, encoding="utf-8", xml_declaration=True)
    return data


def _down(element: Element, names: Iterable[str]) -> Element:
    for name in names:
        found = element.find(name)
        element = SubElement(element, name) if found is None else found
    return element


def _set(element: Element, path: str, text: str) -> None:
    way, _, attribute = path.partition("@")
    place = _down(element, filter(None, way.split("/")))
    if attribute:
        place.set(attribute, NO_XML.sub("", text))
    else:
        place.text = NO_XML.sub("", text)


def _cell(value: Any, layout: FileLayout) -> str:
    text = _text(value, layout)
    return plain(text) if isinstance(value, str) else text


def _text(value: Any, layout: FileLayout) -> str:
    if value is None:
        return ""
    if isinstance(value, datetime):
        return value.isoformat() if layout.dates == "iso" else value.strftime(layout.dates)
    if isinstance(value, Decimal):
        return _number(value).replace(".", layout.decimal)
    return str(value)


def _number(value: Decimal) -> str:
    """With two decimals at least, and no more than say something."""
    bare = value.normalize()
    return f"{bare:.2f}" if -bare.as_tuple().exponent < 2 else f"{bare:f}"  # type: ignore[operator]
