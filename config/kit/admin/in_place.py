"""Where a button leads: back to its place in the list, or to the row's page with the list that row is from."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Any
from urllib.parse import parse_qs, urlsplit

from django.http import HttpRequest, HttpResponseRedirect
from django.http.response import HttpResponseBase
from django.utils.http import urlencode

from config.kit.admin.neighbours import CAME_FROM


def in_place(admin: Any, view: Callable[..., HttpResponseBase]) -> Callable[..., HttpResponseBase]:
    """A view of a `TenantAdmin` that leads back to where its button was; what the browser says of that is enough.

    Without it (some people switch it off) the view's own answer stands.
    """

    @wraps(view)
    def inner(request: HttpRequest, *args: Any, **named: Any) -> HttpResponseBase:
        answer = view(request, *args, **named)
        if request.method != "POST" or not isinstance(answer, HttpResponseRedirect):
            return answer
        place = _place(admin, request, answer.url, named.get("pk"))
        return HttpResponseRedirect(place) if place else answer

    return inner


def _place(admin: Any, request: HttpRequest, target: str, pk: object) -> str:
    """Where to instead of `target`; "" for there. Only the query of where the button was is taken over."""
    was, to = urlsplit(request.headers.get("Referer", "")), urlsplit(target)
    here = was.netloc == request.get_host() and not to.netloc
    listed = admin.url("changelist")
    page = admin.url("change", pk) if pk is not None else None
    if not here or "e=1" in to.query:
        return ""
    if was.path == listed and to.path in {listed, page}:
        return f"{listed}?{was.query}" if was.query else listed
    if was.path == page == to.path and not to.query:
        carried = parse_qs(was.query).get(CAME_FROM)
        end = f"#{to.fragment}" if to.fragment else ""
        return f"{page}?{urlencode({CAME_FROM: carried[-1]})}{end}" if carried else ""
    return ""
