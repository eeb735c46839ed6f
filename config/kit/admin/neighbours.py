"""The rows before and after one, in the order and filter of the list that somebody came from, else in its own.

They are looked for by the sorting keys of the row itself, one row each way: nothing is counted, and a row that does
not match the list any more still has its place in it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import parse_qs, urlsplit

from django.contrib.admin.options import IncorrectLookupParameters
from django.db.models import CharField, F, Model, OrderBy, QuerySet, Value
from django.http import HttpRequest, QueryDict
from django.utils.http import urlencode

from config.kit.row_portions import SortKey, beyond

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
    """The neighbours of a row in the list that its page was opened from, on the page of a refused form too.

    Where nothing says which list that was, they are those of the list as it is of itself, and None for a row that is
    not in it or alone there.
    """
    query = _came_from(admin, request, row)
    changelist = _list_of(admin, request, UNFILTERED if query is None else query)
    if changelist is None:
        return None
    rows: QuerySet[Any] = changelist.queryset
    keys, computed = _keys(rows)
    values = _values(admin, request, row, keys, computed, changelist.list_display)
    if None in values:
        return None  # the place of what has no value is not known by it
    told = _told(rows.annotate(**computed), row, keys, values)
    if query is None and ("here" not in told or len(told) == 1):
        return None
    query = UNFILTERED if query is None else query
    return Neighbours(
        previous=_page(admin, told.get("before"), query),
        next=_page(admin, told.get("after"), query),
        back=f"{admin.url('changelist')}?{query}",
        is_in_list="here" in told,
    )


def _came_from(admin: Any, request: HttpRequest, row: Model) -> str | None:
    """The address of the list from its "?" on, as the page carries it, else as the browser says; None: unknown."""
    carried = request.GET.get(CAME_FROM)
    was = urlsplit(request.headers.get("Referer", ""))
    if carried is not None or was.netloc != request.get_host():
        return carried
    if was.path == admin.url("change", row.pk):  # a form of the page was refused, or saved
        return parse_qs(was.query, keep_blank_values=True).get(CAME_FROM, [None])[-1]
    return (was.query or UNFILTERED) if was.path == admin.url("changelist") else None


def _list_of(admin: Any, request: HttpRequest, query: str) -> Any:
    """The change list of an address, of which no page is read; None for an address that is not understood."""
    asked = request.GET
    request.GET = QueryDict(query)
    request.is_unread = True  # type: ignore[attr-defined]  # see `PersonalChangeList`
    try:
        return admin.get_changelist_instance(request)
    except (IncorrectLookupParameters, ValueError):
        return None
    finally:
        request.GET = asked
        del request.is_unread  # type: ignore[attr-defined]


def _keys(rows: QuerySet[Any]) -> tuple[list[SortKey], dict[str, Any]]:
    """What the rows are sorted by; what of it has no name gets one, under which it is to be annotated."""
    keys, computed = [], {}
    for number, part in enumerate(rows.query.order_by):
        if isinstance(part, str):
            keys.append(SortKey(part.removeprefix("-"), part.startswith("-")))
            continue
        expression, down = (part.expression, part.descending) if isinstance(part, OrderBy) else (part, False)
        name = f"sorted_by_{number}"
        if isinstance(expression, F):
            name = expression.name  # type: ignore[attr-defined]
        else:
            computed[name] = expression
        keys.append(SortKey(name, down))
    return keys, computed


def _values(
    admin: Any, request: HttpRequest, row: Model, keys: Sequence[SortKey], computed: Any, columns: Sequence[str]
) -> tuple[Any, ...]:
    """What the row is sorted by; asked for where that is more than columns of its table."""
    own = {field.attname for field in row._meta.concrete_fields} | {"pk"}
    if all(key.name in own for key in keys):
        return tuple(getattr(row, key.name) for key in keys)
    found = admin.with_columns(admin.get_queryset(request), set(columns)).annotate(**computed)
    return found.filter(pk=row.pk).values_list(*(key.name for key in keys)).first() or (None,)


def _told(rows: QuerySet[Any], row: Model, keys: Sequence[SortKey], values: tuple[Any, ...]) -> dict[str, int]:
    """Ids of the rows "before" and "after", as far as there are any, and "here" of the row itself: one statement."""
    turned = [SortKey(key.name, not key.down) for key in keys]
    wanted = {
        "before": rows.filter(beyond(turned, values)).reverse(),
        "after": rows.filter(beyond(keys, values)),
        "here": rows.filter(pk=row.pk),
    }
    first, *others = (some.values_list(Value(word, CharField()), "pk")[:1] for word, some in wanted.items())
    return dict(first.union(*others, all=True))


def _page(admin: Any, pk: int | None, query: str) -> str:
    if pk is None:
        return ""
    return f"{admin.url('change', pk)}?{urlencode({CAME_FROM: query})}"
