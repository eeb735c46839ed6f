"""Rows of models read by statements that are written once, for what every call of the API begins or ends with.

To build a queryset costs several times what the database takes to find a row by its key.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Sequence
from functools import cached_property
from typing import Any, Generic, TypeVar

import msgspec
from django.db import DEFAULT_DB_ALIAS, connections, models, router
from django.db.models import JSONField
from django.db.models.base import ModelState

from config.kit.round_trips import Question

M = TypeVar("M", bound=models.Model)


class Columns(Generic[M]):
    """The columns of a model under an alias, as a statement names them; rows become what a queryset would make of them.

    `without`: fields that are left out, and read once somebody asks for them.
    """

    def __init__(self, model: type[M], alias: str, *, without: Collection[str] = ()) -> None:
        self._model, self._alias, self._without = model, alias, without

    def __str__(self) -> str:
        return ", ".join(f'{self._alias}."{self._fields[place].column}"' for place in self._places)

    def __len__(self) -> int:
        return len(self._places)

    @cached_property
    def _fields(self) -> list[models.Field[Any, Any]]:
        return list(self._model._meta.concrete_fields)

    @cached_property
    def _places(self) -> list[int]:
        return [place for place, field in enumerate(self._fields) if field.name not in self._without]

    @cached_property
    def _names(self) -> list[str]:
        """The attributes that the values are of, in their order."""
        return [self._fields[place].attname for place in self._places]

    @cached_property
    def _converters(self) -> list[tuple[str, Callable[[Any], Any]]]:
        """By attribute, what turns a value of the database's into one of the field's; few need it."""
        found: list[tuple[str, Callable[[Any], Any]]] = []
        connection = connections[router.db_for_read(self._model)]
        for place in self._places:
            field = self._fields[place]
            column = field.get_col(self._alias)
            for convert in (*connection.ops.get_db_converters(column), *column.get_db_converters(connection)):
                found.append((field.attname, _bound(convert, column, connection)))
        return found

    def row(self, values: Sequence[Any], using: str) -> M:
        """An instance of the first values of a row that was read from `using`; others may follow them."""
        # As `from_db` leaves it: that one gives fields their values one by one, which takes five times as long.
        row = self._model.__new__(self._model)
        row._state = ModelState()
        row._state.adding, row._state.db = False, using
        own = vars(row)
        own.update(zip(self._names, values, strict=False))
        for name, convert in self._converters:
            own[name] = convert(own[name])
        return row

    @cached_property
    def _defaults(self) -> dict[str, Callable[[], Any]]:
        return {field.attname: field.get_default for field in self._fields}

    def new(self, **values: Any) -> M:
        """An instance for the table, as the model makes it: by attribute, the others have their defaults."""
        row = self._model.__new__(self._model)
        row._state = ModelState()
        own = vars(row)
        for name, default in self._defaults.items():
            own[name] = values[name] if name in values else default()
        return row

    def read(self, statement: str, params: Sequence[Any]) -> Iterable[tuple[M, tuple[Any, ...]]]:
        """Rows of a statement that begins with these columns, each with what follows them; from the replica in lists.

        Raises what Django raises.
        """
        using, found = self._ask(statement, params)
        return [(self.row(values, using), values[len(self) :]) for values in found]

    def rows(self, statement: str, params: Sequence[Any]) -> list[M]:
        """As `read`, where nothing follows the columns."""
        using, found = self._ask(statement, params)
        return [self.row(values, using) for values in found]

    def asked(self, statement: str, params: Sequence[Any]) -> Question[list[M]]:
        """As `rows`, in one trip with other questions; never from a replica."""
        return Question(statement, params, lambda found: [self.row(values, DEFAULT_DB_ALIAS) for values in found])

    def _ask(self, statement: str, params: Sequence[Any]) -> tuple[str, list[tuple[Any, ...]]]:
        using = router.db_for_read(self._model)
        with connections[using].cursor() as cursor:
            cursor.execute(statement, params)
            return using, cursor.fetchall()


def _bound(convert: Callable[..., Any], column: Any, connection: Any) -> Callable[[Any], Any]:
    def converted(value: Any) -> Any:
        return convert(value, column, connection)

    def document(value: Any) -> Any:
        if value == "{}":  # most are empty
            return {}
        try:
            return msgspec.json.decode(value)
        except (TypeError, msgspec.DecodeError):  # None; a number that no float can be, which is infinite to json
            return converted(value)

    field = column.target
    return document if isinstance(field, JSONField) and field.decoder is None else converted
