"""Rows read in portions, each by a statement of its own: nothing is held open between two of them.

A cursor of the server would keep a transaction, or one connection of a pool, for as long as somebody downloads; behind
a pooler that lends connections by the transaction it is gone at the next portion. So nothing is read by one, and
`DISABLE_SERVER_SIDE_CURSORS` is set for what is not ours.
"""

from __future__ import annotations

from array import array
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any, TypeVar

from django.core.exceptions import FieldDoesNotExist
from django.db.models import F, Field, Model, OrderBy, Q, QuerySet, Sum
from django.db.models.functions import Length

from config.kit.refusals import Refused

Row = TypeVar("Row", bound=Model)

# Rows of a portion where nothing else is said.
ROWS_AT_ONCE = 2_000
_PLACE = "portion_key_{}"


class PartsGone(Refused):
    """A file that lies in parts was deleted while somebody fetched it."""


@dataclass(frozen=True)
class SortKey:
    """A column that rows are sorted by."""

    name: str
    down: bool
    nulls_first: bool | None = None
    """Where rows without a value come; None where every row has one."""

    @property
    def order(self) -> OrderBy | str:
        if self.nulls_first in {None, self.down}:
            return f"-{self.name}" if self.down else self.name  # PostgreSQL's own way, which its indexes have
        if self.nulls_first:
            return OrderBy(F(self.name), descending=self.down, nulls_first=True)
        return OrderBy(F(self.name), descending=self.down, nulls_last=True)

    def same(self, value: Any) -> Q:
        return Q(**{f"{self.name}__isnull": True}) if value is None else Q(**{self.name: value})

    def after(self, value: Any) -> Q | None:
        """What comes later by this column alone; None for nothing."""
        if value is None:
            return Q(**{f"{self.name}__isnull": False}) if self.nulls_first else None
        further = Q(**{f"{self.name}__{'lt' if self.down else 'gt'}": value})
        return further | Q(**{f"{self.name}__isnull": True}) if self.nulls_first is False else further

    def not_before(self, value: Any) -> Q:
        """What an index on this column alone can leave out."""
        if value is None or self.nulls_first is False:
            return Q()
        return Q(**{f"{self.name}__{'lte' if self.down else 'gte'}": value})


def in_portions(rows: QuerySet[Row], size: int = ROWS_AT_ONCE) -> Iterator[list[Row]]:
    """The rows in their order, `size` at once; the primary key decides between equals.

    1. Where the order is one of columns, each portion begins beyond the last row of the one before: memory is flat.
       A row whose sorting columns change meanwhile may come twice or not at all, as on the pages of a list.
    2. Where it is computed, the keys of all rows are read first, 8 bytes each, and then the rows of each portion.
    """
    keys = sort_keys(rows)
    return _by_place(rows, keys, size) if keys else _by_ids(rows, size)


def sort_keys(rows: QuerySet[Any]) -> list[SortKey]:
    """What the rows are sorted by, the primary key at last; [] where something of it is computed."""
    found: list[SortKey] = []
    for part in (*(rows.query.order_by or rows.model._meta.ordering or ()), "pk"):
        key = _key(rows, part)
        if key is None:
            return []
        if key.name not in {each.name for each in found}:
            found.append(key)
        if key.name in {"pk", rows.model._meta.pk.name}:
            break
    return found


def _key(rows: QuerySet[Any], part: Any) -> SortKey | None:
    if isinstance(part, str):
        name, down, first = part.removeprefix("-"), part.startswith("-"), part.startswith("-")
    elif isinstance(part, OrderBy) and isinstance(part.expression, F):
        name, down = part.expression.name, bool(part.descending)  # type: ignore[attr-defined]
        first = bool(part.nulls_first) or (down and not part.nulls_last)
    else:
        return None
    if name in rows.query.annotations:
        return None
    path = _columns(rows.model, name)
    if not path or (path[-1].is_relation and not name.endswith(path[-1].attname)):
        return None  # a relation is sorted by the order of its rows
    return SortKey(name, down, first if any(column.null for column in path) else None)


def _columns(model: type[Model], name: str) -> list[Field[Any, Any]]:
    """The columns of a path as `integration__title`; [] where part of it is none."""
    found: list[Field[Any, Any]] = []
    for part in name.split("__"):
        meta = found[-1].related_model._meta if found and found[-1].related_model else model._meta
        try:
            field = meta.pk if part == "pk" else meta.get_field(part)
        except FieldDoesNotExist:
            field = None
        if not isinstance(field, Field) or (found and not found[-1].is_relation):
            return []
        found.append(field)
    return found


def _by_place(rows: QuerySet[Row], keys: list[SortKey], size: int) -> Iterator[list[Row]]:
    told = {_PLACE.format(place): F(key.name) for place, key in enumerate(keys)}
    ordered = rows.annotate(**told).order_by(*(key.order for key in keys))
    found = list(ordered[:size])
    while found:
        yield found
        if len(found) < size:
            return
        last = [getattr(found[-1], name) for name in told]
        found = list(ordered.filter(beyond(keys, last))[:size])


def beyond(keys: Sequence[SortKey], values: Sequence[Any]) -> Q:
    """What comes after these values; the first column is narrowed by itself as well, for its index."""
    wanted, same = Q(pk__in=[]), Q()
    for key, value in zip(keys, values, strict=True):
        after = key.after(value)
        if after is not None:
            wanted |= same & after
        same &= key.same(value)
    return wanted & keys[0].not_before(values[0])


def contents_of(parts: QuerySet[Any]) -> Iterator[bytes]:
    """The bytes in `content` of these rows, one row in memory at a time. Raises PartsGone where rows go meanwhile."""
    expected = parts.count()
    for [part] in in_portions(parts, 1):
        expected -= 1
        yield bytes(part.content)
    if expected > 0:
        raise PartsGone("This file was deleted while it was being read. Ask for it again.")


def size_of(parts: QuerySet[Any]) -> int:
    """How many bytes they are together, asked of the database alone."""
    return int(parts.aggregate(size=Sum(Length("content"), default=0))["size"])


def _by_ids(rows: QuerySet[Row], size: int) -> Iterator[list[Row]]:
    ids = array("q", rows.values_list("pk", flat=True))
    for start in range(0, len(ids), size):
        wanted = ids[start : start + size]
        found = rows.order_by().in_bulk(list(wanted))
        yield [found[pk] for pk in wanted if pk in found]
