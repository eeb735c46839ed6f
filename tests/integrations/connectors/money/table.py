"""The table of `MONEY.md`: a row for each amount of a platform's orders, read into what or not read."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import msgspec
from msgspec import inspect

from integrations import connectors
from integrations.connectors import shop_connectors

FILE = Path(connectors.__file__).with_name("MONEY.md")
ROW = re.compile(r"\| `(?P<path>[^`]+)`(?: \((?P<when>[^)]+)\))? \|(?P<read>[^|]*)\|(?P<note>[^|]*)\|")
NUMBER = {inspect.StrType, inspect.IntType, inspect.FloatType, inspect.NoneType}


@dataclass(frozen=True)
class Row:
    """`when`: the orders in which the amount counts. `read`: attributes of IncomingOrder; none where it is not read."""

    platform: str
    path: str
    when: str
    read: frozenset[str]
    note: str

    def __str__(self) -> str:
        return f"{self.platform}: {self.path} {self.when}".strip()


def rows(text: str | None = None) -> list[Row]:
    """Every row of the file, in its order. ValueError for a line of a table that is none."""
    keys = {each.label: each.key for each in shop_connectors()}
    platform, found = "", []
    for written in (FILE.read_text() if text is None else text).splitlines():
        if written.startswith("## "):
            platform = keys.get(written.removeprefix("## "), "")
        elif platform and written.startswith("| `"):
            matched = ROW.fullmatch(written)
            if matched is None:
                raise ValueError(f"not a row: {written}")
            read = frozenset(re.findall(r"`([^`]+)`", matched["read"]))
            found.append(Row(platform, matched["path"], matched["when"] or "", read, matched["note"].strip()))
    return found


# --- where an amount is in a document ---


def moved(document: Any, path: str, change: Callable[[Any], Any]) -> Iterator[Any]:
    """The document with one amount changed; once for each that the path names (`[]`: the first of a list, `*`: any)."""
    first, _, rest = path.partition(".")
    name = first.removesuffix("[]")
    for key in [key for key in document if re.fullmatch(name.replace("*", ".*"), key)]:
        value = document[key]
        if first.endswith("[]"):
            inner = moved(value[0], rest, change) if rest else [change(value[0])]
            yield from ({**document, key: [each, *value[1:]]} for each in inner)
        elif rest:
            yield from ({**document, key: each} for each in moved(value, rest, change))
        elif isinstance(value, dict) or (not isinstance(value, list | bool) and value not in (None, "")):
            yield {**document, key: change(value)}


# --- amounts of the shapes that connectors read ---


def amounts(roots: tuple[type[msgspec.Struct], ...]) -> set[tuple[str, str]]:
    """(structure, field) of every amount that a platform's shapes hold."""
    found: set[tuple[str, str]] = set()
    for structure in _structures([inspect.type_info(root) for root in roots]):
        for field in structure.fields:
            if field.encode_name == "id":
                continue  # numbers and texts as well
            if _is_number(field.type) or any(_is_money(each) for each in _within(field.type)):
                found.add((structure.cls.__name__, field.encode_name))
    return found


def place(path: str, roots: tuple[type[msgspec.Struct], ...]) -> set[tuple[str, str]]:
    """The amounts of the shapes that a path names; none where they do not hold it."""
    found = set()
    for root in roots:
        here: list[inspect.StructType] = [t for t in [inspect.type_info(root)] if isinstance(t, inspect.StructType)]
        for segment in path.split("."):
            name = segment.removesuffix("[]")
            if any(_is_money(each) for each in here):
                break
            fields = [(each, field) for each in here for field in each.fields if field.encode_name == name]
            last = {(each.cls.__name__, field.encode_name) for each, field in fields}
            here = [inner for _, field in fields for inner in _within(field.type)]
        found |= last
    return found


def _is_number(kind: inspect.Type) -> bool:
    return isinstance(kind, inspect.UnionType) and {type(each) for each in kind.types} == NUMBER


def _is_money(structure: inspect.StructType) -> bool:
    """An amount that names its currency: a number beside a code, or Shopify's two of these."""
    names = {field.encode_name for field in structure.fields}
    if names & {"currency", "currency_code", "currencyCode"}:
        return len(names) <= 4 and any(_is_number(field.type) for field in structure.fields)
    return names == {"shopMoney", "presentmentMoney"}


def _within(kind: inspect.Type) -> list[inspect.StructType]:
    """The structures that a field holds, alone, in a list, or as one of several kinds."""
    if isinstance(kind, inspect.StructType):
        return [kind]
    if isinstance(kind, inspect.UnionType):
        return [each for part in kind.types for each in _within(part)]
    if isinstance(kind, inspect.ListType | inspect.VarTupleType | inspect.CollectionType):
        return _within(kind.item_type)
    return _within(kind.value_type) if isinstance(kind, inspect.DictType) else []


def _structures(kinds: list[inspect.Type]) -> list[inspect.StructType]:
    found: dict[str, inspect.StructType] = {}
    waiting = [each for kind in kinds for each in _within(kind)]
    while waiting:
        each = waiting.pop()
        if repr(each.cls) not in found and not _is_money(each):
            found[repr(each.cls)] = each
            waiting += [inner for field in each.fields for inner in _within(field.type)]
    return list(found.values())
