"""Inviting people into an account, changing their roles, taking them out; and the page by which the invited come in."""

from __future__ import annotations

from typing import Any, cast

from django import forms
from django.contrib import messages
from django.contrib.admin import site
from django.contrib.auth.forms import SetPasswordForm
from django.contrib.auth.models import User
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseNotAllowed, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.urls import path, reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_post_parameters

from config.site.login.colleagues import account_of
from integrations.access import access_log, invitations, people, site_letters
from integrations.access.invitations import Invited, InviteRefused
from integrations.choices import Role
from integrations.models import Account, Membership

PERMISSION = "integrations.invite_people"


class InviteForm(forms.Form):
    email = forms.EmailField(label=gettext_lazy("E-mail"), max_length=150)
    role = forms.ChoiceField(label=gettext_lazy("Role"), choices=Role.choices, initial=Role.ORDER_STAFF)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.label_suffix = ""


def people_page(request: HttpRequest, context: dict[str, Any]) -> HttpResponse:
    """The members of the account, those who were invited, and the form for another one."""
    account, may = account_of(request), may_invite(request)
    members = list(people.members_of(account.pk).select_related("account"))
    context |= {
        "title": _("People of %(account)s") % {"account": account},
        "account": account,
        "members": [
            {"member": each, "waits": invitations.is_waiting(each), "link": link_of(request, each) if may else ""}
            for each in members
        ],
        "may_invite": may,
        "invite_form": InviteForm(),
        "roles": Role.choices,
        "letters": site_letters.available(),
    }
    return TemplateResponse(request, "admin/login/colleagues.html", context)


def may_invite(request: HttpRequest) -> bool:
    return request.user.has_perm(PERMISSION)


def link_of(request: HttpRequest, member: Membership) -> str:
    """The link to hand over; "" for those who have none, or whose link is theirs alone."""
    if not invitations.may_see_link(member, cast(User, request.user)):
        return ""
    return request.build_absolute_uri(invitations.path_for(member.user))


def invite(request: HttpRequest) -> HttpResponse:
    account, user = _account(request)
    form = InviteForm(request.POST)
    if not form.is_valid():
        for field, errors in form.errors.items():
            messages.error(request, f"{form.fields[field].label}: {errors[0]}")
        return _back()
    role = Role(form.cleaned_data["role"])
    try:
        done = invitations.invite(
            account, form.cleaned_data["email"], role, by=user, origin=access_log.origin_of(request)
        )
    except InviteRefused as refusal:
        messages.error(request, refusal.sentence)
    else:
        messages.success(request, _said(done, link_of(request, done.member)))
    return _back()


def _said(done: Invited, link: str) -> str:
    person = done.member.user
    if done.has_password:
        return _("Added %(person)s, who has an account here already.") % {"person": person}
    if done.wrote:
        return _("An e-mail is on its way to %(person)s.") % {"person": person}
    if not link:
        return _("Invited %(person)s, but the e-mail could not be sent: send it again in a while.") % {"person": person}
    return _("Invited %(person)s. No e-mail was sent: hand them the link below.") % {"person": person}


def invite_again(request: HttpRequest, user_id: int) -> HttpResponse:
    account, user = _account(request)
    member = _member(account, user_id)
    if not invitations.is_waiting(member):
        messages.info(request, _("%(person)s has come in already.") % {"person": member.user})
    elif invitations.write_again(member, by=user):
        messages.success(request, _("A new e-mail is on its way to %(person)s.") % {"person": member.user})
    elif link_of(request, member):
        messages.warning(request, _("No e-mail could be sent. There is a new link: the old one is closed."))
    elif site_letters.available():
        messages.warning(request, _("The e-mail could not be sent: send it again in a while."))
    else:
        text = _("%(person)s was invited by another account, too: ask whoever runs this installation for a link.")
        messages.warning(request, text % {"person": member.user})
    return _back()


def change_role(request: HttpRequest, user_id: int) -> HttpResponse:
    account, user = _account(request)
    member = _member(account, user_id)
    role = request.POST.get("role", "")
    if role not in Role.values:
        raise Http404
    was = member.get_role_display()
    try:
        invitations.change_role(member, Role(role), by=user, origin=access_log.origin_of(request))
    except InviteRefused as refusal:
        messages.error(request, refusal.sentence)
    else:
        text = _("%(person)s: %(new)s now, %(old)s before.")
        messages.success(request, text % {"person": member.user, "new": Role(role).label, "old": was})
    return _back()


def take_out(request: HttpRequest, user_id: int) -> HttpResponse:
    account, user = _account(request)
    member = _member(account, user_id)
    try:
        invitations.take_out(member, by=user, origin=access_log.origin_of(request))
    except InviteRefused as refusal:
        messages.error(request, refusal.sentence)
    else:
        text = _("%(person)s is no member of %(account)s any more. To undo it, invite them again.")
        messages.success(request, text % {"person": member.user, "account": account})
    return HttpResponseRedirect(reverse("admin:index")) if member.user_id == user.pk else _back()


def _account(request: HttpRequest) -> tuple[Account, User]:
    if not may_invite(request):
        raise PermissionDenied
    return account_of(request), cast(User, request.user)


def _member(account: Account, user_id: int) -> Membership:
    member = Membership.objects.filter(account=account, user=user_id).select_related("user", "account").first()
    if member is None:
        raise Http404
    return member


def _back() -> HttpResponse:
    return HttpResponseRedirect(reverse("admin:colleagues"))


@sensitive_post_parameters()
@never_cache
def invited(request: HttpRequest, token: str) -> HttpResponse:
    """GET: choose a password. POST: it is set, and the login page comes next."""
    if request.method not in {"GET", "HEAD", "POST"}:
        return HttpResponseNotAllowed(["GET", "POST"])
    person = invitations.behind(token)
    if person is None:
        return _welcome(request, None)
    form: SetPasswordForm[User] = SetPasswordForm(person, request.POST if request.method == "POST" else None)
    form.label_suffix = ""
    if request.method == "POST" and form.is_valid():
        if not invitations.accept(token, form.cleaned_data["new_password1"], access_log.origin_of(request)):
            return _welcome(request, None)
        text = _("Your password is set. Log in as %(name)s.")
        messages.success(request, text % {"name": person.get_username()})
        return HttpResponseRedirect(reverse("admin:login"))
    return _welcome(request, person, form=form)


def _welcome(request: HttpRequest, person: User | None, **shown: Any) -> HttpResponse:
    """404 where the link opens nothing."""
    title = _("Welcome to Countinghouse") if person else _("This link does not open anything")
    context = {**site.each_context(request), "title": title, "person": person, **shown}
    return TemplateResponse(request, "admin/login/invited.html", context, status=200 if person else 404)


urlpatterns = [path("invited/<str:token>/", invited, name="invited")]
