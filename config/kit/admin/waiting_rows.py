"""Actions on more rows than they take at once: the first portion is done, the rest waits until somebody goes on.

The rows that wait are the ones that were chosen, by id and in the order of the list, and lie in the session: what a
list shows may have changed since. A refused portion waits as well.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from django.contrib import messages
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponseRedirect
from django.http.response import HttpResponseBase
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from config.kit.admin.kept_lists import list_name
from config.kit.refusals import Refused

KEY = "portion"
# So many ids fit well into a session.
MOST_CHOSEN = 5_000
# Fields of the bar of actions that say what is done to which rows; the others go along with each portion.
OURS = {"action", "select_across", "index", "_selected_action", "csrfmiddlewaretoken"}


class ActionRefused(Refused):
    """An action does nothing at all; the chosen rows stay chosen."""


@dataclass(frozen=True)
class WaitingRows:
    """What waits above a list."""

    title: str
    left: int
    next: int


def chosen(request: HttpRequest, rows: QuerySet[Any]) -> list[int]:
    """The ids that were chosen, in the order of the list; one more than MOST_CHOSEN of too many."""
    waiting: list[int] | None = getattr(request, "_portion", None)
    if waiting is None:
        return list(rows.values_list("pk", flat=True)[: MOST_CHOSEN + 1])
    here = set(rows.values_list("pk", flat=True))
    return [pk for pk in waiting if pk in here]


def keep(admin: Any, request: HttpRequest, action: str, rest: Sequence[int], limit: int) -> None:
    """Let the rest wait; where nothing is left of what waited, forget it."""
    if rest:
        more = {name: value for name, value in request.POST.items() if name not in OURS}
        request.session[KEY] = {
            "list": list_name(admin), "project": _project_id(request), "action": action, "left": list(rest),
            "limit": limit, "more": more,
        }  # fmt: skip
    elif goes_on(request):
        request.session.pop(KEY, None)


def goes_on(request: HttpRequest) -> bool:
    """Whether an action is called for a portion of what was chosen before."""
    return hasattr(request, "_portion")


def waiting(admin: Any, request: HttpRequest) -> dict[str, Any] | None:
    """What waits in this list of the open project."""
    found: dict[str, Any] | None = request.session.get(KEY)
    here = (list_name(admin), _project_id(request))
    return found if found and (found["list"], found["project"]) == here else None


def _project_id(request: HttpRequest) -> int | None:
    return getattr(getattr(request, "project", None), "pk", None)


def tell(request: HttpRequest, taken: int, rest: int) -> None:
    text = ngettext(
        "This was the first of %(all)s chosen rows. %(rest)s wait above the list.",
        "These were the first %(taken)s of %(all)s chosen rows. %(rest)s wait above the list.",
        taken,
    )
    numbers = {"taken": taken, "all": taken + rest, "rest": rest}
    messages.info(request, text % {name: f"{number:,}" for name, number in numbers.items()})


def shown(admin: Any, request: HttpRequest) -> WaitingRows | None:
    """What waits of this list, for a person who may still do it."""
    found = waiting(admin, request)
    action = getattr(admin, found["action"], None) if found else None
    if found is None or action is None:
        return None
    title = str(action.short_description).removesuffix("…").strip()
    return WaitingRows(title, len(found["left"]), min(len(found["left"]), found["limit"]))


def go_on(admin: Any, request: HttpRequest) -> HttpResponseBase:
    """Do the next portion, or leave it."""
    back = HttpResponseRedirect(f"{admin.url('changelist')}?{request.GET.urlencode()}")
    found = waiting(admin, request)
    if found is None:
        messages.info(request, _("Nothing waits here any more."))
        return back
    if request.POST.get("do") != "go":
        del request.session[KEY]
        messages.success(request, _("The other rows are left as they are."))
        return back
    entry = admin.get_actions(request).get(found["action"])
    if entry is None:
        messages.warning(request, _("This cannot be done in the tab that is open: open the tab the rows were in."))
        return back
    request.POST = request.POST.copy()  # type: ignore[assignment]
    request.POST.update(found["more"])
    request._portion = found["left"]  # type: ignore[attr-defined]
    answer: HttpResponseBase | None = entry[0](admin, request, admin.get_queryset(request).filter(pk__in=found["left"]))
    return answer or back
