"""The back office as resources: lists in cursor pages with filters, one row by its id, and tags to ask only for news.

A list is newest first: `{"object": "list", "data": [...], "next": cursor or null}`; `?after=cursor` goes on. Rows that
come meanwhile move nothing. Every answer has an ETag; the same one in `If-None-Match` is answered with 304.
"""

from __future__ import annotations

import hashlib
from abc import ABC, abstractmethod
from collections.abc import Sequence
from datetime import datetime
from typing import Annotated, Any, ClassVar, Generic, Literal, TypeVar

import django_filters
import msgspec
from django.db.models import QuerySet
from msgspec import Meta, Struct
from rest_framework.request import Request
from rest_framework.response import Response

from config.kit.api.declaring import Number, Operation, Text
from config.kit.api.problems import bad_query, not_found
from config.kit.api.views import KeyedView
from config.kit.list_filters import BadFilter, TimeFilter, narrowed
from config.kit.public_ids import PublicIds
from config.kit.times import iso

T = TypeVar("T")
LIMIT = Number("limit", "How many at most.", 50, 1, 200)
AFTER = Text("after", "The `next` of the page before.")


class Page(Struct, Generic[T]):
    """A page of a list, newest first."""

    data: list[T]
    next: Annotated[str | None, Meta(description="Send it as `after` for the next page; null: this was the last.")]
    object: Literal["list"] = "list"


class Resource(KeyedView, ABC):
    """One kind of row that the key may see."""

    kind: ClassVar[str]
    """How its ids begin."""
    name: ClassVar[str]
    """What it is called in sentences."""
    shape: ClassVar[type[Struct]]
    """What its documents are."""

    @classmethod
    def id_says(cls) -> str:
        return f"The id of the {cls.name}, `{cls.kind}_…`."

    @property
    @abstractmethod
    def ids(self) -> PublicIds:
        """The public ids that the key may know."""

    @abstractmethod
    def rows(self) -> QuerySet[Any]:
        """The rows the key may see; nothing else is ever looked at."""

    @abstractmethod
    def documents(self, rows: Sequence[Any]) -> list[Any]:
        """The rows in their `shape`; amounts as text, times in UTC."""

    def find(self, public_id: str) -> Any:
        """One row. Raises 404, the same for what there is not and for what belongs to somebody else."""
        pk = self.ids.take(self.kind, public_id)
        row = self.rows().filter(pk=pk).first() if pk is not None else None
        if row is None:
            raise not_found(self.name, public_id)
        return row

    def tagged(self, request: Request, body: Any) -> Response:
        """The body with its tag, or 304 when the caller has it already."""
        tag = f'"{hashlib.blake2b(msgspec.json.encode(body), digest_size=12).hexdigest()}"'
        known = {each.strip().removeprefix("W/") for each in request.headers.get("If-None-Match", "").split(",")}
        response = Response(status=304) if tag in known else Response(body)
        response.headers["ETag"] = tag
        return response

    def finalize_response(self, request: Any, response: Any, *args: Any, **kwargs: Any) -> Any:
        finished = super().finalize_response(request, response, *args, **kwargs)
        if "ETag" in finished.headers:
            finished.headers["Cache-Control"] = "private, no-cache"
        return finished


class ResourceList(Resource):
    """GET: the rows that the filters let through, newest first."""

    filters: ClassVar[type[django_filters.FilterSet]]

    @classmethod
    def operation(cls, method: str) -> Operation | None:
        if method != "GET":
            return super().operation(method)
        query = (LIMIT, AFTER, *parameters_of(cls.filters))
        return Operation(f"List {cls.name}s", Page[cls.shape], query=query, tagged=True)  # type: ignore[name-defined]

    def get(self, request: Request) -> Response:
        limit, after = LIMIT.read(self.query), AFTER.read(self.query)
        typed = {each.name: each.read(self.query) for each in parameters_of(self.filters)}
        rows = self._filtered({name: text for name, text in typed.items() if text is not None})
        if after is not None:
            pk = self.ids.take(self.kind, after)
            if pk is None:
                raise bad_query("Property .after is no cursor of this list: take `next` of the page before")
            rows = rows.filter(pk__lt=pk)
        found = list(rows.order_by("-pk")[: limit + 1])
        page = found[:limit]
        following = self.ids.give(self.kind, page[-1].pk) if len(found) > limit else None
        return self.tagged(request, Page(self.documents(page), following))

    def _filtered(self, typed: dict[str, str]) -> QuerySet[Any]:
        try:
            return narrowed(self.filters, typed, self.rows(), self.ids)
        except BadFilter as error:
            raise bad_query(f"Property .{error.field}: {error}") from error


class ResourceOne(Resource):
    """GET: one row by its id."""

    @classmethod
    def operation(cls, method: str) -> Operation | None:
        if method != "GET":
            return super().operation(method)
        return Operation(f"Read one {cls.name}", cls.shape, tagged=True)

    def get(self, request: Request, public_id: str) -> Response:
        return self.tagged(request, self.document(self.find(public_id)))

    def document(self, row: Any) -> Any:
        """The row as it is read alone, which may tell more than a list."""
        return self.documents([row])[0]


def parameters_of(filters: type[django_filters.FilterSet]) -> list[Text]:
    """The parameters that these filters read."""
    return [Text(name, _says(each), _shape(each)) for name, each in filters.base_filters.items()]


def _says(each: django_filters.Filter) -> str:
    if isinstance(each, TimeFilter):
        edge = "at or after" if each.lookup_expr == "gte" else "before"
        return f"Only those {edge} this time; a day is its beginning in UTC."
    return str(each.extra.get("help_text") or "Only those with this value.")


def _shape(each: django_filters.Filter) -> dict[str, Any]:
    if isinstance(each, django_filters.ChoiceFilter):
        return {"enum": [str(value) for value, _label in each.extra["choices"]]}
    return {"format": "date-time"} if isinstance(each, TimeFilter) else {}


def when(at: datetime | None) -> str | None:
    """ISO 8601 in UTC, or null."""
    return None if at is None else iso(at)
