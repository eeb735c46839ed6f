"""Lists as DRF makes them: pages as published and by cursor, the order, and filters of django-filter.

Each part names the parameters that it reads (`query_fields`); the view checks them all at once and keeps their values
in `view.query`.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any, ClassVar

from django.db.models import Q, QuerySet
from django_filters.rest_framework import DjangoFilterBackend
from rest_framework.filters import BaseFilterBackend
from rest_framework.pagination import BasePagination, Cursor, CursorPagination
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.serializers import Field

from config.kit.api.problems import bad_query
from config.kit.api.queries import FilledTextField, OneOfField, WholeNumberField
from config.kit.list_filters import BadFilter, narrowed
from config.kit.times import iso_time

Fields = dict[str, Field[Any, Any, Any, Any]]


def found_of(rows: Any, start: int, end: int, total: int) -> list[Any]:
    """The rows between these two of so many in all, as they were counted.

    A limit has the database walk all rows in their order, in the hope for some that are meant: where a page holds all
    of them, they are found by their index and sorted.
    """
    if start >= total:
        return []
    if start == 0 and total <= end:
        return list(rows)[:end]
    return list(rows[start:end])


class PublishedPages(BasePagination):
    """Voucherify's lists: `{"object": "list", "data_ref": "orders", "orders": [...], "total": 7}`.

    A subclass says what the list is called; the view may count otherwise than by `count(rows)`.
    """

    data_ref: ClassVar[str]
    page_size = 10
    max_page_size = 100
    last_page: ClassVar[int] = 100

    @classmethod
    def query_fields(cls, view: Any) -> Fields:
        return {
            "limit": WholeNumberField(1, cls.max_page_size, default=cls.page_size, help_text="How many at most."),
            "page": WholeNumberField(1, cls.last_page, default=1, help_text="Which page, from 1."),
        }

    def paginate_queryset(self, queryset: Any, request: Request, view: Any = None) -> list[Any]:
        limit, start = view.query["limit"], view.query["limit"] * (view.query["page"] - 1)
        self.total: int = view.count(queryset)
        return found_of(queryset, start, start + limit, self.total)

    def get_paginated_response(self, data: Any) -> Response:
        body = {"object": "list", "data_ref": self.data_ref, self.data_ref: data, "total": self.total}
        return Response(body)

    def get_schema_operation_parameters(self, view: Any) -> list[Any]:
        return []  # they are described as `query_fields`

    def get_paginated_response_schema(self, schema: dict[str, Any]) -> dict[str, Any]:
        return {
            "type": "object",
            "required": ["object", "data_ref", self.data_ref, "total"],
            "properties": {
                "object": {"type": "string", "const": "list"},
                "data_ref": {"type": "string", "const": self.data_ref},
                self.data_ref: schema,
                "total": {"type": "integer", "minimum": 0, "description": "How many there are in all."},
            },
        }


class DeepPages(PublishedPages):
    """Published lists that are read on beyond the last page by `after`; for lists in the order of a time.

    The cursor names the time and the public id of the last row, so that the list goes on there whatever became of it.
    """

    @classmethod
    def query_fields(cls, view: Any) -> Fields:
        says = "The `next` of the answer before: reads on beyond the last page, in the same order. In place of `page`."
        return super().query_fields(view) | {"after": FilledTextField(required=False, help_text=says)}

    def paginate_queryset(self, queryset: Any, request: Request, view: Any = None) -> list[Any]:
        limit, after = view.query["limit"], view.query.get("after")
        by = str(queryset.query.order_by[0])
        self.total = view.count(queryset)
        if after is not None:
            queryset = queryset.filter(self._beyond(view, by, after))
        start = 0 if after is not None else limit * (view.query["page"] - 1)
        found = list(queryset[start : start + limit + 1])
        last = found[limit - 1] if len(found) > limit else None
        self.next = None if last is None else self._cursor(view, getattr(last, by.lstrip("-")), last.pk)
        return found[:limit]

    @staticmethod
    def _cursor(view: Any, at: datetime, pk: int) -> str:
        return f"{at.astimezone(UTC).isoformat().replace('+00:00', 'Z')}~{view.ids.give(view.id_prefix, pk)}"

    @staticmethod
    def _beyond(view: Any, by: str, after: str) -> Q:
        text, _, public_id = after.partition("~")
        at, pk = iso_time(text), view.ids.take(view.id_prefix, public_id)
        if at is None or pk is None:
            raise bad_query("Property .after is no cursor of this list: take `next` of the answer before")
        side, column = ("lt" if by.startswith("-") else "gt"), by.lstrip("-")
        # The first condition alone can be looked up in an index.
        return Q(**{f"{column}__{side}e": at}) & (Q(**{f"{column}__{side}": at}) | Q(**{f"pk__{side}": pk}))

    def get_paginated_response(self, data: Any) -> Response:
        response = super().get_paginated_response(data)
        response.data["next"] = self.next
        return response

    def get_paginated_response_schema(self, schema: dict[str, Any]) -> dict[str, Any]:
        described = super().get_paginated_response_schema(schema)
        says = "Send it as `after` to read on; null: nothing comes after this."
        described["properties"]["next"] = {"type": ["string", "null"], "description": says}
        described["required"].append("next")
        return described


class OrderParameter(BaseFilterBackend):
    """`order`: one of the view's `ordering_fields`, with - the other way round; the first is the default.

    Rows that are equal in it stand in the order of their primary keys.
    """

    @classmethod
    def query_fields(cls, view: Any) -> Fields:
        says = "What the list is ordered by; with - the greatest or newest first."
        return {"order": OneOfField(tuple(view.ordering_fields), help_text=says)}

    def filter_queryset(self, request: Request, queryset: QuerySet[Any], view: Any) -> QuerySet[Any]:
        by = view.ordering_fields[view.query["order"]]
        return queryset.order_by(by, "-pk" if str(by).startswith("-") else "pk")


def both_ways(**columns: str) -> Mapping[str, str]:
    """`ordering_fields` with each name rising and falling, e.g. both_ways(created_at="placed_at")."""
    return {sign + name: f"{sign}{column}" for name, column in columns.items() for sign in ("", "-")}


class CursorPages(CursorPagination):
    """Lists of the back office, newest first: `{"object": "list", "data": [...], "next": cursor or null}`.

    The cursor is the public id of the last row: a primary key would tell how many there are. A view whose filters have
    their indexes in the order of a time names it as `listed_by`; rows of one time stand by their primary keys.
    """

    ordering = "-pk"
    page_size = 50
    max_page_size = 200
    cursor_query_param = "after"

    @classmethod
    def query_fields(cls, view: Any) -> Fields:
        says = "The `next` of the page before."
        return {
            "limit": WholeNumberField(1, cls.max_page_size, default=cls.page_size, help_text="How many at most."),
            cls.cursor_query_param: FilledTextField(required=False, help_text=says),
        }

    def paginate_queryset(self, queryset: Any, request: Request, view: Any = None) -> list[Any] | None:
        self.view = view
        by = getattr(view, "listed_by", "")
        if not by:
            return super().paginate_queryset(queryset, request, view)
        limit, cursor = self.get_page_size(request), self.decode_cursor(request)
        if cursor is not None:
            queryset = queryset.filter(self._older(view, by, int(cursor.position or 0)))
        found = list(queryset.order_by(f"-{by}", "-pk")[: limit + 1])
        self.following = view.ids.give(view.id_prefix, found[limit - 1].pk) if len(found) > limit else None
        return found[:limit]

    def _older(self, view: Any, by: str, pk: int) -> Q:
        """What stands below the row; the first condition alone can be looked up in an index."""
        # Whatever became of the row: the key is of this project, for nobody else's ids can be read.
        at = view.queryset.model._default_manager.order_by().filter(pk=pk).values_list(by, flat=True).first()
        if at is None:
            raise self._bad_cursor()
        return Q(**{f"{by}__lte": at}) & (Q(**{f"{by}__lt": at}) | Q(pk__lt=pk))

    def get_next_link(self) -> str | None:
        return self.following if getattr(self.view, "listed_by", "") else super().get_next_link()

    def get_page_size(self, request: Request) -> int:
        return int(self.view.query["limit"])

    def decode_cursor(self, request: Request) -> Cursor | None:
        text = self.view.query.get(self.cursor_query_param)
        if text is None:
            return None
        pk = self.view.ids.take(self.view.id_prefix, text)
        if pk is None:
            raise self._bad_cursor()
        return Cursor(0, False, pk)

    def _bad_cursor(self) -> Exception:
        name = self.cursor_query_param
        return bad_query(f"Property .{name} is no cursor of this list: take `next` of the page before")

    def encode_cursor(self, cursor: Cursor) -> str:
        found: str = self.view.ids.give(self.view.id_prefix, int(cursor.position or 0))
        return found

    def get_paginated_response(self, data: Any) -> Response:
        return Response({"data": data, "next": self.get_next_link(), "object": "list"})

    def get_schema_operation_parameters(self, view: Any) -> list[Any]:
        return []  # they are described as `query_fields`

    def get_paginated_response_schema(self, schema: dict[str, Any]) -> dict[str, Any]:
        says = f"Send it as `{self.cursor_query_param}` for the next page; null: this was the last."
        return {
            "type": "object",
            "required": ["data", "next", "object"],
            "properties": {
                "data": schema,
                "next": {"type": ["string", "null"], "description": says},
                "object": {"type": "string", "const": "list"},
            },
        }


class PublicFilters(DjangoFilterBackend):  # type: ignore[misc]  # has no types
    """The view's `filterset_class`, which finds other rows by their public ids."""

    @classmethod
    def query_fields(cls, view: Any) -> Fields:
        filters = getattr(view, "filterset_class", None)
        return {name: FilledTextField(required=False) for name in filters.base_filters} if filters else {}

    def filter_queryset(self, request: Request, queryset: QuerySet[Any], view: Any) -> QuerySet[Any]:
        """Raises 400 for a value that a filter does not know."""
        filters = self.get_filterset_class(view, queryset)
        if filters is None:
            return queryset
        typed = {name: view.query[name] for name in filters.base_filters if name in view.query}
        try:
            return narrowed(filters, typed, queryset, view.ids)
        except BadFilter as error:
            raise bad_query(f"Property .{error.field}: {error}") from error
