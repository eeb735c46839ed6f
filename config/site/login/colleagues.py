"""The people of the open project's account, for its import admins."""

from __future__ import annotations

from typing import cast

from django.contrib import messages
from django.contrib.auth.models import User
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseNotAllowed, HttpResponseRedirect
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from integrations.access import access_log, people, sessions
from integrations.access.people import FactorMissingRefused
from integrations.access.tenancy import project_of
from integrations.models import Account

# Who may read who came in may also show people out.
PERMISSION = "integrations.view_accessevent"


def end_sessions_of(request: HttpRequest, user_id: int) -> HttpResponse:
    """End all sessions of a member of the account."""
    if request.method != "POST":
        return HttpResponseNotAllowed(["POST"])
    person = people.member_named(account_of(request).pk, user_id)
    if person is None:
        raise Http404
    kept = request.session.session_key if person.pk == request.user.pk else None
    why = f"by {request.user.get_username()}"
    count = sessions.end_all(person.pk, access_log.origin_of(request), but=kept, why=why)
    text = ngettext("%(number)s session of %(person)s is ended.", "%(number)s sessions of %(person)s are ended.", count)
    messages.success(request, text % {"number": count, "person": person})
    return HttpResponseRedirect(reverse("admin:colleagues"))


def demand_second_factor(request: HttpRequest) -> HttpResponse:
    """Ask every member for a second factor, or no more: `demand` is "yes" or "no"."""
    if request.method != "POST":
        return HttpResponseNotAllowed(["POST"])
    account, user = account_of(request), cast(User, request.user)
    demand = request.POST.get("demand") == "yes"
    try:
        people.demand_second_factor(account, user, demand, access_log.origin_of(request))
    except FactorMissingRefused as refusal:
        messages.error(request, refusal.sentence)
    else:
        told = _("Everybody is asked for a second factor now.") if demand else _("It is everybody's own choice now.")
        messages.success(request, told)
    return HttpResponseRedirect(reverse("admin:colleagues"))


def account_of(request: HttpRequest) -> Account:
    """The account of the open project. Raises PermissionDenied for those who may not read of its people."""
    project = project_of(request)
    if project is None or not request.user.has_perm(PERMISSION):
        raise PermissionDenied
    return project.account
