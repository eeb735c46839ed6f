"""What a file shall hold, as a partner asks for it: checked, and read from the rows a portion at a time."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from typing import Any

from django.db.models import F, Func, Q, QuerySet

from config.kit import replica
from config.kit.isolating import guarded
from orders.exported.describing import BookReader, Exported, Telling
from orders.exported.selection import BadSelection, conditions

PARAMETERS = ("order", "fields", "filters")
MOST_FIELDS = 100
MOST_FILTERS = 50
LONGEST_FIELD = 200
# Keys of free values that get a column each; where there are more, all of them stand in one.
MOST_KEYS = 100
# Values of a row beside those of its cells.
BESIDE = 3


class BadFields(BadSelection):
    """The fields are what is wrong."""


@dataclass(frozen=True)
class FileWish:
    """The rows and fields of a file. Made by `wish_of` and `checked`."""

    exported: Exported
    reader: BookReader
    order: str
    fields: Sequence[str]
    filters: Mapping[str, Any]

    @property
    def sorted_by(self) -> str:
        """The column."""
        return self.exported.sortable[self.order.lstrip("-")]

    def rows(self, columns: Sequence[str] = ()) -> QuerySet[Any]:
        """The rows asked for, in no order, with what these columns of the file are read from."""
        chosen, used = conditions(self.exported, self.filters, self.reader)
        used |= {self.sorted_by, *(column for name in columns for column in self._columns_of(name))}
        computed = self.exported.computed(self.reader.digits)
        needed = {name: expression for name, expression in computed.items() if name in used}
        found: QuerySet[Any] = self.exported.rows(self.reader.project_id).annotate(**needed).filter(chosen)
        return found

    def columns(self) -> list[str]:
        """The fields, each free one as the fields of its keys."""
        return [column for name in self.fields for column in self._expanded(name)]

    def _columns_of(self, name: str) -> tuple[str, ...]:
        field = self.exported.field(name)
        return () if field is None else field.columns

    def _expanded(self, name: str) -> list[str]:
        if name not in self.exported.expanded:
            return [name]
        keys = self.rows([name]).annotate(found_key=Func(F(name), function="jsonb_object_keys")).order_by()
        found = sorted(keys.values_list("found_key", flat=True).distinct()[: MOST_KEYS + 1])
        return [f"{name}.{key}" for key in found] if 0 < len(found) <= MOST_KEYS else [name]


class FileRows:
    """The rows of a file: read in its order a portion at a time, and told in its columns."""

    def __init__(self, wish: FileWish, columns: Sequence[str]) -> None:
        self._wish, self._columns = wish, columns
        self._read: list[str] = []
        self._tells: list[tuple[Telling, int, int]] = []
        for field in filter(None, map(wish.exported.field, columns)):
            start = BESIDE + len(self._read)
            self._read += field.columns
            self._tells.append((field.tell, start, BESIDE + len(self._read)))

    def beyond(self, place: Sequence[Any] | None) -> QuerySet[Any, Any]:
        """(primary key, name, what it is sorted by, what the cells are told of) of the rows after a place."""
        wish, column = self._wish, self._wish.sorted_by
        sign, way = ("-", "lt") if wish.order.startswith("-") else ("", "gt")
        found = wish.rows(self._columns).using(replica.fresh())
        if place is not None:
            value, pk = _of_json(column, place[0]), place[1]
            # The first is for the index, the second settles what is equal.
            found = found.filter(**{f"{column}__{way}e": value})
            found = found.filter(Q(**{f"{column}__{way}": value}) | Q(**{column: value, f"pk__{way}": pk}))
        return found.order_by(sign + column, f"{sign}pk").values_list("pk", wish.exported.named, column, *self._read)

    @staticmethod
    def place(row: Sequence[Any]) -> list[Any]:
        """Where a row stands, as JSON keeps it."""
        return [row[2].isoformat() if isinstance(row[2], datetime) else row[2], row[0]]

    def told(self, row: Sequence[Any]) -> tuple[list[Any], Exception | None]:
        """What a row says in each column; where some of it cannot be told, it says nothing, and why comes with it."""
        reader = self._wish.reader
        failed: list[Exception] = []

        def one_by_one(_error: Exception) -> list[Any]:
            return [guarded(partial(tell, reader, *row[start:end]), failed.append) for tell, start, end in self._tells]

        told = guarded(lambda: [tell(reader, *row[start:end]) for tell, start, end in self._tells], one_by_one)
        return told, failed[0] if failed else None


def _of_json(column: str, kept: Any) -> Any:
    return datetime.fromisoformat(kept) if column.endswith("_at") else kept


def wish_of(exported: Exported, parameters: Mapping[str, Any], reader: BookReader) -> FileWish:
    """The wish of parameters that were checked, with what was left out filled in."""
    return FileWish(
        exported,
        reader,
        parameters.get("order") or exported.order,
        parameters.get("fields") or exported.default,
        parameters.get("filters") or {},
    )


def checked(exported: Exported, parameters: Mapping[str, Any], reader: BookReader) -> dict[str, Any]:
    """The parameters as sent, the junction in lower case. Raises BadSelection, and BadFields for fields."""
    # SDKs send null for what they leave out, also for parameters of other kinds of exports.
    echoed = {name: value for name, value in parameters.items() if value is not None}
    unknown = sorted(set(echoed) - set(PARAMETERS))
    if unknown:
        known = ", ".join(PARAMETERS)
        raise BadSelection(f"Property .parameters.{unknown[0][:50]} is not known; these are: {known}")
    if echoed.get("order", exported.order) not in exported.orders:
        raise BadSelection(f"Property .parameters.order must be one of {', '.join(exported.orders)}")
    _check_fields(exported, echoed.get("fields", []))
    filters = echoed.get("filters", {})
    filters = {} if filters == [] else filters  # PHP writes an empty object as []
    if not isinstance(filters, dict) or len(filters) > MOST_FILTERS:
        raise BadSelection(f"Property .parameters.filters must be an object of at most {MOST_FILTERS} fields")
    conditions(exported, filters, reader)
    if "junction" in filters:
        filters = {**filters, "junction": filters["junction"].lower()}
    return echoed | ({"filters": filters} if "filters" in echoed else {})


def _check_fields(exported: Exported, fields: Any) -> None:
    if not isinstance(fields, list) or len(fields) > MOST_FIELDS:
        raise BadFields(f"Property .parameters.fields must be a list of at most {MOST_FIELDS} fields")
    for name in fields:
        if not isinstance(name, str) or len(name) >= LONGEST_FIELD or exported.field(name) is None:
            allowed = ", ".join([*exported.fields, *(f"{column}.X" for column in exported.free)])
            raise BadFields(f"Property .parameters.fields must hold only {allowed}")
