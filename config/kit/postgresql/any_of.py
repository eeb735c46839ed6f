"""Whether a value is one of many: told to PostgreSQL as one array, where `__in` makes a parameter of each."""

from __future__ import annotations

from collections.abc import Collection
from typing import TYPE_CHECKING, Any

from django.db.models import F, Lookup
from django.db.models.expressions import Expression

if TYPE_CHECKING:
    DjangoLookup = Lookup[bool]
else:
    DjangoLookup = Lookup  # takes no type argument when it runs


class AnyOf(DjangoLookup):
    """A condition for `filter`: the field is one of these values. Thousands of them are no longer a long statement."""

    lookup_name = "any_of"
    prepare_rhs = False

    def __init__(self, field: str | Expression, values: Collection[Any]) -> None:
        super().__init__(F(field) if isinstance(field, str) else field, list(values))

    def as_sql(self, compiler: Any, connection: Any) -> tuple[str, tuple[Any, ...]]:
        column, params = self.process_lhs(compiler, connection)
        return f"{column} = ANY(%s)", (*params, self.rhs)
