"""One's own page: where one is logged in, and how that ends."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseNotAllowed, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from integrations.access import access_log, sessions
from integrations.access.devices import device
from integrations.admin.tones import ACCESS_TONES
from integrations.models import AccessEvent

# How many of one's own events are shown.
MOST_EVENTS = 15


def profile(request: HttpRequest, context: dict[str, Any]) -> HttpResponse:
    open_sessions = sessions.of_person(_pk(request), request.session.session_key)
    events = AccessEvent.objects.filter(user=request.user.pk).order_by("-id")[:MOST_EVENTS]
    context |= {
        "title": _("Your profile"),
        "sessions_open": open_sessions,
        "others": len(open_sessions) > 1,
        "events": [
            {"row": event, "device": device(event.agent), "tone": ACCESS_TONES.get(event.kind, "plain")}
            for event in events
        ],
    }
    return TemplateResponse(request, "admin/login/profile.html", context)


def end_session(request: HttpRequest, handle: str) -> HttpResponse:
    if request.method != "POST":
        return HttpResponseNotAllowed(["POST"])
    if not sessions.end(_pk(request), handle, access_log.origin_of(request)):
        raise Http404
    messages.success(request, _("That session is ended."))
    return HttpResponseRedirect(reverse("admin:profile"))


def end_other_sessions(request: HttpRequest) -> HttpResponse:
    if request.method != "POST":
        return HttpResponseNotAllowed(["POST"])
    count = sessions.end_all(_pk(request), access_log.origin_of(request), but=request.session.session_key)
    text = ngettext("%(number)s other session is ended.", "%(number)s other sessions are ended.", count)
    messages.success(request, text % {"number": count})
    return HttpResponseRedirect(reverse("admin:profile"))


def _pk(request: HttpRequest) -> int:
    return request.user.pk or 0
