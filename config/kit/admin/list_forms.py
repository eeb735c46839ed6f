"""What the forms of a list send: columns that somebody has ticked, and views to save, rename, update or delete."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django.contrib import messages
from django.contrib.admin.options import IncorrectLookupParameters
from django.contrib.admin.views.main import ERROR_FLAG
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect, QueryDict
from django.utils.http import urlencode
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from config.kit.admin.kept_lists import (
    UNKEPT,
    VIEW,
    NamedView,
    Parameters,
    ViewRefused,
    ViewWish,
    address,
    as_asked,
    columns_of,
    kept,
    list_name,
    open_view,
    own_columns,
    shelf,
    shown_columns,
    with_checkbox,
)

LONGEST_NAME = 60
# No list has more parameters than that, and none is longer.
MOST_PARAMETERS = 30
LONGEST_VALUE = 500
GONE = gettext_lazy("That view is not here any more, or it is not yours to change. The list is shown without it.")


def take_columns(admin: Any, request: HttpRequest) -> HttpResponse:
    """Keep which columns somebody has ticked: with the view that is open where it is theirs, else for the list."""
    sent = _sent(request)
    with as_asked(request, sent):
        return _take_columns(admin, request, sent)


def _take_columns(admin: Any, request: HttpRequest, sent: dict[str, list[str]]) -> HttpResponse:
    offered = admin.offered_columns(request)
    wanted = [name for name in offered if name in request.POST.getlist("column")]
    columns = columns_of(admin, request, () if "first" in request.POST else wanted)
    standard = columns == columns_of(admin, request, ())
    view = kept(admin, request).view(request.POST.get(VIEW))
    if view is not None and view.may_change:
        shelf().update(request, view, ViewWish(view.name, parameters=view.parameters, columns=columns))
    else:
        view = None
        shelf().keep_columns(request, admin.columns_kept_as(request), () if standard else columns)
    return _to_list(admin, request, sent, columns, view)


def take_view(admin: Any, request: HttpRequest) -> HttpResponse:
    """Save, rename, update or delete a view, as the button says; a refusal is told and nothing is changed."""
    sent = _sent(request)
    with as_asked(request, sent):
        return _take_view(admin, request, sent)


def _take_view(admin: Any, request: HttpRequest, sent: dict[str, list[str]]) -> HttpResponse:
    view = kept(admin, request).view(request.POST.get(VIEW))
    do = request.POST.get("do", "")
    if do != "save" and (view is None or not view.may_change):
        messages.warning(request, str(GONE))
        return _to_list(admin, request, sent, shown_columns(admin, request), None)
    try:
        return _done(admin, request, do, view, sent)
    except ViewRefused as refusal:
        messages.error(request, str(refusal))
    return _to_list(admin, request, sent, _columns_sent(admin, request), view)


def _done(
    admin: Any, request: HttpRequest, do: str, view: NamedView | None, sent: dict[str, list[str]]
) -> HttpResponse:
    name = " ".join(request.POST.get("name", "").replace("\x00", "").split())
    columns = _columns_sent(admin, request)
    wish = ViewWish(name, "shared" in request.POST, sent, columns)
    if do == "save" or view is None:
        pk = shelf().add(request, list_name(admin), _named(wish))
        view = NamedView(pk, name, sent, columns, wish.shared, may_change=True)
        messages.success(request, _("The view “%(name)s” is saved.") % {"name": name})
    elif do == "delete":
        shelf().delete(request, view)
        messages.success(request, _("The view “%(name)s” is deleted.") % {"name": view.name})
        return _to_list(admin, request, sent, columns_of(admin, request, own_columns(admin, request)), None)
    elif do == "update":
        shelf().update(request, view, wish)
        messages.success(request, _("The view “%(name)s” is updated.") % {"name": view.name})
    else:
        shelf().rename(request, view, _named(wish).name)
        messages.success(request, _("The view is called “%(name)s” now.") % {"name": name})
        columns = columns_of(admin, request, view.columns)
    return _to_list(admin, request, sent, columns, view)


def _named(wish: ViewWish) -> ViewWish:
    if not wish.name:
        raise ViewRefused(_("Give the view a name."), "name")
    if len(wish.name) > LONGEST_NAME:
        raise ViewRefused(_("The name is longer than %(most)s characters.") % {"most": LONGEST_NAME}, "name")
    return wish


def _columns_sent(admin: Any, request: HttpRequest) -> list[str]:
    """The columns that the page showed."""
    return columns_of(admin, request, request.POST.get("columns", "").split())


def _sent(request: HttpRequest) -> dict[str, list[str]]:
    """The parameters that the page showed, as `named_sorting` has written them."""
    text = request.POST.get("query", "").removeprefix("?").replace("\x00", "")
    try:
        found = QueryDict(text[: MOST_PARAMETERS * LONGEST_VALUE])
    except ValueError:  # more fields than a form may have
        return {}
    pairs = ((name, values) for name, values in found.lists() if name not in UNKEPT)
    return {
        name: [value.replace("\x00", "")[:LONGEST_VALUE] for value in map(str, values)]
        for name, values in list(pairs)[:MOST_PARAMETERS]
    }


def _to_list(
    admin: Any, request: HttpRequest, parameters: Parameters, columns: Sequence[str], view: NamedView | None
) -> HttpResponse:
    query = address(parameters, with_checkbox(admin, request, columns), view)
    return HttpResponseRedirect(admin.url("changelist") + query)


def tell(admin: Any, request: HttpRequest, response: HttpResponse) -> HttpResponse:
    """Say that the view of an address is gone, or that what it asks for is; then the list shows everything."""
    if request.method != "GET" or VIEW not in request.GET:
        return response
    view = open_view(admin, request)
    if view is None:
        messages.warning(request, str(GONE))
        query = request.GET.copy()
        del query[VIEW]
        return HttpResponseRedirect(f"{request.path}?{query.urlencode()}")
    if isinstance(response, HttpResponseRedirect) and response.url.endswith(f"?{ERROR_FLAG}=1"):
        text = _(
            "The view “%(name)s” asks for something that is not here any more%(what)s. The list shows everything:"
            " choose again and update the view, or delete it."
        )
        what = getattr(request, "_lookup_error", "")
        messages.warning(request, text % {"name": view.name, "what": f" ({what})" if what else ""})
        return HttpResponseRedirect(f"{request.path}?{urlencode({VIEW: view.pk})}")
    return response


def remember_error(request: HttpRequest, error: IncorrectLookupParameters) -> None:
    """Keep which filter an address was refused for, for `tell`."""
    request._lookup_error = getattr(error, "filter_title", "")  # type: ignore[attr-defined]
