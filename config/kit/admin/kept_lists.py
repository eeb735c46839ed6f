"""What people keep of lists: the columns they want to see, and views under a name. `keep_on` says where it is kept.

A view is an address (filters, search, sorting) with columns. Sorting is kept by the names of columns, not by their
places as in Django's addresses, so that it means the same once other columns are shown.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any, Protocol

from django.contrib.admin.views.main import ERROR_FLAG, ORDER_VAR, PAGE_VAR
from django.http import HttpRequest, QueryDict
from django.utils.http import urlencode

from config.kit.refusals import Refused

# Under this name an address says which view is open.
VIEW = "view"
# How many rows a page has is kept for all lists of a session.
ROWS = "rows"
UNKEPT = {VIEW, ROWS, PAGE_VAR, ERROR_FLAG}

# Of an address: values by name.
Parameters = Mapping[str, Sequence[str]]


class ViewRefused(Refused):
    """The view is not kept so; the sentence says why."""


@dataclass(frozen=True)
class NamedView:
    """A view of one list."""

    pk: int
    name: str
    parameters: Parameters
    columns: Sequence[str]
    is_shared: bool
    """Everybody in the project has it."""
    may_change: bool


@dataclass(frozen=True)
class Kept:
    """What a person keeps of one list."""

    columns: Sequence[str] = ()
    """None: those the list has of itself."""
    views: Sequence[NamedView] = ()
    may_share: bool = False

    def view(self, text: str | None) -> NamedView | None:
        return next((view for view in self.views if str(view.pk) == text), None)


@dataclass(frozen=True)
class ViewWish:
    """A view as somebody wants to keep it."""

    name: str
    shared: bool = False
    parameters: Parameters = field(default_factory=dict)
    columns: Sequence[str] = ()


class Shelf(Protocol):
    """Where it is kept; `list_name` as in "orders_order". All of it of the open project."""

    def read(self, request: HttpRequest, list_name: str) -> Kept: ...

    def keep_columns(self, request: HttpRequest, list_name: str, columns: Sequence[str]) -> None: ...

    def add(self, request: HttpRequest, list_name: str, wish: ViewWish) -> int:
        """The new view's id. Raises ViewRefused."""

    def rename(self, request: HttpRequest, view: NamedView, name: str) -> None:
        """Raises ViewRefused."""

    def update(self, request: HttpRequest, view: NamedView, wish: ViewWish) -> None:
        """Its parameters and columns; the name stays."""

    def delete(self, request: HttpRequest, view: NamedView) -> None: ...


_shelves: list[Shelf] = []


def keep_on(shelf: Shelf) -> None:
    """Called once, when the site starts."""
    _shelves[:] = [shelf]


def shelf() -> Shelf:
    return _shelves[0]


def list_name(admin: Any) -> str:
    return f"{admin.opts.app_label}_{admin.opts.model_name}"


@contextmanager
def as_asked(request: HttpRequest, parameters: Parameters) -> Iterator[None]:
    """As if the request asked for the list with these parameters: which columns it offers may depend on its tab."""
    asked = request.GET
    request.GET = QueryDict(urlencode(parameters, doseq=True))
    try:
        yield
    finally:
        request.GET = asked


def kept(admin: Any, request: HttpRequest, name: str = "") -> Kept:
    """What the person keeps of the list of this admin, or under a name of its own, read once per request."""
    known: dict[str, Kept] = request.__dict__.setdefault("_kept_lists", {})
    name = name or list_name(admin)
    if name not in known:
        known[name] = shelf().read(request, name) if _shelves else Kept()
    return known[name]


def open_view(admin: Any, request: HttpRequest) -> NamedView | None:
    """The view that the address names, where it is there and this person's to see."""
    return kept(admin, request).view(request.GET.get(VIEW))


def shown_columns(admin: Any, request: HttpRequest) -> list[str]:
    """The columns of the list: those of the open view, else those the person has chosen, else its own."""
    view = open_view(admin, request)
    return columns_of(admin, request, view.columns if view else own_columns(admin, request))


def own_columns(admin: Any, request: HttpRequest) -> Sequence[str]:
    """Those the person has chosen for the list as it is asked for, where no view is open."""
    return kept(admin, request, admin.columns_kept_as(request)).columns


def columns_of(admin: Any, request: HttpRequest, wanted: Collection[str]) -> list[str]:
    """The wanted ones of those that are offered, and those that lead to the row's page."""
    offered = admin.offered_columns(request)
    hidden = set(admin.hidden_columns(request))
    if not hidden:
        return list(offered)
    chosen = set(wanted) & set(offered) or set(offered) - hidden
    return [name for name in offered if name in chosen or name in leading(admin, offered)]


def leading(admin: Any, offered: Sequence[str]) -> Collection[str]:
    """The columns that lead to a row's page; nobody can leave them out."""
    return set(admin.list_display_links or ()) or set(offered[:1])


def named_sorting(parameters: Parameters, columns: Sequence[str]) -> dict[str, list[str]]:
    """Parameters of an address as they are kept: without the page, and sorted by names of columns."""
    found = {name: list(values) for name, values in parameters.items() if name not in UNKEPT}
    sorting = found.pop(ORDER_VAR, [""])[-1]
    names = []
    for part in filter(None, sorting.split(".")):
        place = part.removeprefix("-")
        if place.isdecimal() and len(place) < 3 and int(place) < len(columns):
            names.append(f"{'-' * part.startswith('-')}{columns[int(place)]}")
    return found | ({ORDER_VAR: [".".join(names)]} if names else {})


def address(parameters: Parameters, columns: Sequence[str], view: NamedView | None = None) -> str:
    """The query string of what `named_sorting` has made, for a list that shows these columns, the checkbox's too."""
    found = {name: list(values) for name, values in parameters.items()}
    names = found.pop(ORDER_VAR, [""])[-1].split(".")
    places = [
        f"{'-' * name.startswith('-')}{columns.index(name.removeprefix('-'))}"
        for name in names
        if name.removeprefix("-") in columns
    ]
    if places:
        found[ORDER_VAR] = [".".join(places)]
    if view is not None:
        found[VIEW] = [str(view.pk)]
    return f"?{urlencode(sorted(found.items()), doseq=True)}"


def with_checkbox(admin: Any, request: HttpRequest, columns: Sequence[str]) -> list[str]:
    """The columns as a change list has them, the checkbox of the actions first."""
    return ["action_checkbox", *columns] if admin.get_actions(request) else list(columns)
