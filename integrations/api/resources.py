"""The back office as resources: lists in cursor pages with filters, one row by its id, and tags to ask only for news.

A list is newest first: `{"object": "list", "data": [...], "next": cursor or null}`; `?after=cursor` goes on. Rows that
come meanwhile move nothing. Every answer has an ETag; the same one in `If-None-Match` is answered with 304.
"""

from __future__ import annotations

import hashlib
from abc import ABC, abstractmethod
from collections.abc import Sequence
from datetime import datetime
from typing import Any, ClassVar

import django_filters
import msgspec
from django.db.models import Model, QuerySet
from rest_framework.request import Request
from rest_framework.response import Response

from integrations.api.bodies import Query, iso_time
from integrations.api.errors import bad_query, not_found
from integrations.api.views import PartnerView
from integrations.choices import ApiScope
from orders.public_ids import PublicIds
from orders.publishing import time

DEFAULT_PAGE, LARGEST_PAGE = 50, 200


class Resource(PartnerView, ABC):
    """One kind of row of the key's project."""

    scope = ApiScope.BACK_OFFICE
    kind: ClassVar[str]
    """How its ids begin."""
    name: ClassVar[str]
    """What it is called in sentences."""

    @abstractmethod
    def rows(self) -> QuerySet[Any]:
        """The rows of the project; nothing else is ever looked at."""

    @abstractmethod
    def documents(self, rows: Sequence[Any]) -> list[dict[str, Any]]:
        """The rows as JSON values; amounts as text, times in UTC."""

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

    def get(self, request: Request) -> Response:
        query = Query(request)
        limit = query.number("limit", DEFAULT_PAGE, 1, LARGEST_PAGE)
        after = query.text("after")
        typed = {name: query.text(name) for name in self.filters.base_filters}
        query.done()
        rows = self._filtered({name: text for name, text in typed.items() if text is not None})
        if after is not None:
            pk = self.ids.take(self.kind, after)
            if pk is None:
                raise bad_query("Property .after is no cursor of this list: take `next` of the page before")
            rows = rows.filter(pk__lt=pk)
        found = list(rows.order_by("-pk")[: limit + 1])
        page = found[:limit]
        following = self.ids.give(self.kind, page[-1].pk) if len(found) > limit else None
        return self.tagged(request, {"object": "list", "data": self.documents(page), "next": following})

    def _filtered(self, typed: dict[str, str]) -> QuerySet[Any]:
        chosen = self.filters(data=typed, queryset=self.rows())
        chosen.ids = self.ids
        if not chosen.is_valid():
            name, errors = next(iter(chosen.errors.items()))
            raise bad_query(f"Property .{name}: {' '.join(errors)}")
        rows: QuerySet[Any] = chosen.qs
        return rows


class ResourceOne(Resource):
    """GET: one row by its id."""

    def get(self, request: Request, public_id: str) -> Response:
        Query(request).done()
        return self.tagged(request, self.documents([self.find(public_id)])[0])


class IdFilter(django_filters.CharFilter):  # type: ignore[misc]  # has no types
    """Rows that belong to another resource, by its public id; an id of another project finds nothing."""

    def __init__(self, kind: str, **options: Any) -> None:
        super().__init__(**options)
        self.kind = kind

    def filter(self, rows: QuerySet[Any], text: str) -> QuerySet[Any]:
        if not text:
            return rows
        ids: PublicIds = self.parent.ids
        pk = ids.take(self.kind, text)
        return rows.none() if pk is None else rows.filter(**{self.field_name: pk})


class TimeFilter(django_filters.CharFilter):  # type: ignore[misc]
    """An ISO 8601 time; without a zone UTC, a day is its beginning."""

    def filter(self, rows: QuerySet[Any], text: str) -> QuerySet[Any]:
        if not text:
            return rows
        at = iso_time(text, lambda problem: bad_query(f"Property .{self.label} {problem}"))
        return rows.filter(**{f"{self.field_name}__{self.lookup_expr}": at})


def span(field: str, name: str) -> dict[str, TimeFilter]:
    """The filters `<name>_from` (included) and `<name>_before` (excluded)."""
    return {
        f"{name}_from": TimeFilter(field_name=field, lookup_expr="gte", label=f"{name}_from"),
        f"{name}_before": TimeFilter(field_name=field, lookup_expr="lt", label=f"{name}_before"),
    }


def filters_of(model: type[Model], **named: django_filters.Filter) -> type[django_filters.FilterSet]:
    """A FilterSet with exactly these filters."""
    meta = type("Meta", (), {"model": model, "fields": []})
    return type(f"{model.__name__}Filters", (django_filters.FilterSet,), {"Meta": meta, **named})


def when(at: datetime | None) -> str | None:
    """ISO 8601 in UTC, or null."""
    return None if at is None else time(at)
