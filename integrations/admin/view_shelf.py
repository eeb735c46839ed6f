"""Where views and columns of lists are kept: a person's own, and those of the project."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django.db.models import Q, QuerySet
from django.http import HttpRequest
from django.utils.translation import gettext as _

from config.kit.admin.kept_lists import Kept, NamedView, ViewRefused, ViewWish
from integrations.access import kept_views
from integrations.access.tenancy import project_of
from integrations.models import SavedView

SHARE = "integrations.share_savedview"
# So many fit below the tabs of a list: a person's own and the project's.
MOST_VIEWS = 40


class ViewShelf:
    def read(self, request: HttpRequest, list_name: str) -> Kept:
        may_share = request.user.has_perm(SHARE)
        rows = _rows(request, list_name)
        own: list[str] = next((row.columns for row in rows if not row.name), [])
        return Kept(own, [_named(row, may_share) for row in rows if row.name], may_share)

    def keep_columns(self, request: HttpRequest, list_name: str, columns: Sequence[str]) -> None:
        project = project_of(request)
        if project is not None:
            SavedView.objects.update_or_create(
                project=project,
                person_id=request.user.pk,
                list_name=list_name,
                name="",
                defaults={"columns": list(columns)},
            )

    def add(self, request: HttpRequest, list_name: str, wish: ViewWish) -> int:
        if wish.shared and not request.user.has_perm(SHARE):
            raise ViewRefused(_("Only import admins share views: save it for yourself."), "shared")
        project = project_of(request)
        if project is None:
            raise ViewRefused(_("Open a project first."))
        if len(_rows(request, list_name)) > MOST_VIEWS:
            sentence = _("This list has %(most)s views: delete one that is not needed, then save this one.")
            raise ViewRefused(sentence % {"most": MOST_VIEWS})
        row = SavedView(
            project=project,
            person_id=None if wish.shared else request.user.pk,
            list_name=list_name,
            name=wish.name,
            parameters=dict(wish.parameters),
            columns=list(wish.columns),
        )
        _store(row)
        return row.pk

    def rename(self, request: HttpRequest, view: NamedView, name: str) -> None:
        row = _own(request, view).first()
        if row is not None:
            row.name = name
            _store(row)

    def update(self, request: HttpRequest, view: NamedView, wish: ViewWish) -> None:
        _own(request, view).update(parameters=dict(wish.parameters), columns=list(wish.columns))

    def delete(self, request: HttpRequest, view: NamedView) -> None:
        _own(request, view).delete()


def _rows(request: HttpRequest, list_name: str) -> list[SavedView]:
    """Of the open project: the person's own, and the shared ones."""
    project = project_of(request)
    return kept_views.read(project.views_told, list_name) if project else []  # type: ignore[attr-defined]


def _own(request: HttpRequest, view: NamedView) -> QuerySet[SavedView]:
    """The row of a view that this person may change."""
    rows = SavedView.objects.filter(project=project_of(request), pk=view.pk)
    mine = Q(person_id=request.user.pk)
    return rows.filter(mine | Q(person=None) if request.user.has_perm(SHARE) else mine)


def _named(row: SavedView, may_share: bool) -> NamedView:
    shared = row.person_id is None
    parameters: dict[str, Any] = row.parameters
    return NamedView(row.pk, row.name, parameters, row.columns, shared, may_change=may_share or not shared)


def _store(row: SavedView) -> None:
    if not kept_views.store(row):
        sentence = _("There is a view called “%(name)s” already: choose another name, or update that one.")
        raise ViewRefused(sentence % {"name": row.name}, "name")
