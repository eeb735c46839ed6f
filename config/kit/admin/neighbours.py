"""The rows before and after one, in the order and filter of the list that somebody came from.

They are looked for by the sorting keys of the row itself, one row each way: nothing is counted, and a row that does
not match the list any more still has its place in it.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

from django.contrib.admin.options import IncorrectLookupParameters
from django.core.exceptions import FieldError
from django.db.models import F, Model, OrderBy, Q, QuerySet
from django.http import HttpRequest, QueryDict
from django.utils.http import urlencode

# The parameter by which Django's links from a list carry its filters along.
CAME_FROM = "_changelist_filters"
# A list without filters, of which Django's links carry nothing along.
UNFILTERED = "p=1"


@dataclass(frozen=True)
class Neighbours:
    """Addresses of the pages beside one, "" at an end of the list, and of the list itself."""

    previous: str
    next: str
    back: str
    is_in_list: bool


def beside(admin: Any, request: HttpRequest, row: Model) -> Neighbours | None:
    """The neighbours of a row whose page was opened from a list; None where it was not, or not from one of ours."""
    query = request.GET.get(CAME_FROM)
    if query is None and _is_from_list(admin, request):
        query = UNFILTERED
    if query is None or request.method != "GET":
        return None
    found = rows_of(admin, request, query)
    if found is None:
        return None
    keys = [key for part in found.query.order_by if (key := _key(part))]
    values = _values(row, [name for name, _down in keys])
    if None in values:
        return None  # the place of what has no value is not known by it
    after = found.filter(_beyond(keys, values)).values_list("pk", flat=True).first()
    before = found.filter(_beyond([(name, not down) for name, down in keys], values)).reverse()
    return Neighbours(
        previous=_page(admin, before.values_list("pk", flat=True).first(), query),
        next=_page(admin, after, query),
        back=f"{admin.url('changelist')}?{query}",
        is_in_list=found.filter(pk=row.pk).exists(),
    )


def _is_from_list(admin: Any, request: HttpRequest) -> bool:
    was = urlsplit(request.headers.get("Referer", ""))
    return was.netloc == request.get_host() and was.path == admin.url("changelist") and not was.query


def rows_of(admin: Any, request: HttpRequest, query: str) -> QuerySet[Any] | None:
    """The rows of a list as its address shows them; None for an address that is not understood."""
    asked = request.GET
    request.GET = QueryDict(query)
    request.is_unread = True  # type: ignore[attr-defined]  # no page of it is read, see `PersonalChangeList`
    try:
        changelist = admin.get_changelist_instance(request)
    except (IncorrectLookupParameters, ValueError):
        return None
    finally:
        request.GET = asked
        del request.is_unread  # type: ignore[attr-defined]
    rows: QuerySet[Any] = changelist.queryset
    return rows if all(map(_key, rows.query.order_by)) else None


def _values(row: Model, names: list[str]) -> tuple[Any, ...]:
    try:
        return type(row)._default_manager.filter(pk=row.pk).values_list(*names).first() or (None,)
    except FieldError:  # sorted by what the list computes
        return (None,)


def _key(part: Any) -> tuple[str, bool] | None:
    """The column of a part of an order and whether it goes down; None for what is computed."""
    if isinstance(part, str):
        return part.removeprefix("-"), part.startswith("-")
    column = part.expression if isinstance(part, OrderBy) else None
    return (column.name, part.descending) if isinstance(column, F) else None  # type: ignore[attr-defined]


def _beyond(keys: list[tuple[str, bool]], values: tuple[Any, ...]) -> Q:
    """What comes after these values; the first column is narrowed by itself as well, for its index."""
    wanted, same = Q(), Q()
    for (name, down), value in zip(keys, values, strict=True):
        wanted |= same & Q(**{f"{name}__{'lt' if down else 'gt'}": value})
        same &= Q(**{name: value})
    name, down = keys[0]
    return wanted & Q(**{f"{name}__{'lte' if down else 'gte'}": values[0]})


def _page(admin: Any, pk: int | None, query: str) -> str:
    if pk is None:
        return ""
    return f"{admin.url('change', pk)}?{urlencode({CAME_FROM: query})}"
