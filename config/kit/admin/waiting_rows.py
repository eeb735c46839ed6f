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
    """Let the rest wait, behind rows that wait for the same; where nothing is left of what waited, forget it."""
    if rest:
        before = [] if goes_on(request) else _waits_for_the_same(admin, request, action)
        new = [pk for pk in rest if pk not in set(before)]
        request.session[KEY] = {
            "list": list_name(admin), "project": _project_id(request), "action": action, "left": [*before, *new],
            "limit": limit, "more": _more(request), "where": str(admin.opts.verbose_name_plural),
            "title": _title(admin, action),
        }  # fmt: skip
        if before:
            text = ngettext(
                "They wait behind %(number)s row that was chosen before.",
                "They wait behind %(number)s rows that were chosen before.",
                len(before),
            )
            messages.info(request, text % {"number": f"{len(before):,}"})
    elif goes_on(request):
        request.session.pop(KEY, None)


def in_the_way(admin: Any, request: HttpRequest, action: str, rest: int) -> str:
    """Why no more rows can wait: others do, for something else or in another list; "" where nothing is in the way.

    One choice waits at a time: it is never given up for another without a word.
    """
    found: dict[str, Any] | None = request.session.get(KEY)
    if found is None or goes_on(request) or not rest:
        return ""
    same = _waits_for_the_same(admin, request, action)
    if same and len(same) + rest <= MOST_CHOSEN:
        return ""
    left = len(found["left"])
    where = found.get("where", "")
    if found["project"] != _project_id(request):
        where = _("%(list)s of another order book") % {"list": where}
    text = ngettext(
        "Nothing was done: %(number)s row chosen before still waits in the list of %(where)s, for “%(title)s”. Go on"
        " with it or leave it there, then choose these.",
        "Nothing was done: %(number)s rows chosen before still wait in the list of %(where)s, for “%(title)s”. Go on"
        " with them or leave them there, then choose these.",
        left,
    )
    return text % {"number": f"{left:,}", "where": where, "title": found.get("title", "")}


def _waits_for_the_same(admin: Any, request: HttpRequest, action: str) -> list[int]:
    """Rows of this list that wait for this action, with the same fields beside it."""
    found = waiting(admin, request)
    is_same = found is not None and (found["action"], found["more"]) == (action, _more(request))
    return list(found["left"]) if found is not None and is_same else []


def _more(request: HttpRequest) -> dict[str, Any]:
    """The fields of the bar of actions that go along with each portion."""
    return {name: value for name, value in request.POST.items() if name not in OURS}


def _title(admin: Any, action: str) -> str:
    return str(getattr(admin, action).short_description).removesuffix("…").strip()


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
    if found is None or not hasattr(admin, found["action"]):
        return None
    return WaitingRows(_title(admin, found["action"]), len(found["left"]), min(len(found["left"]), found["limit"]))


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
