"""Coming in: the password first, then, for those who have one, the code of their second factor.

Until the code is right nobody is logged in: the session only says, for ten minutes, whose password was right. A session
that was logged in before its owner switched a second factor on is asked for the code, too.
"""

from __future__ import annotations

from typing import Any
from urllib.parse import urlencode

from django import forms
from django.contrib.admin import AdminSite, site
from django.contrib.auth import login as log_in
from django.contrib.auth.forms import AuthenticationForm
from django.contrib.auth.models import User
from django.contrib.auth.views import LoginView, RedirectURLMixin
from django.core.exceptions import ValidationError
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.http.response import HttpResponseBase
from django.urls import reverse
from django.utils.crypto import constant_time_compare
from django.utils.decorators import method_decorator
from django.utils.translation import gettext_lazy as _
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_post_parameters
from django.views.generic import FormView

from config.kit import true_time
from config.site.login.refusing import busy
from integrations.access import access_log, first_run, second_factor, site_letters
from integrations.access.hashing_room import TooBusyRefused
from integrations.access.second_factor import CodeRefused
from integrations.choices import FactorState

# Under this key a session says whose password was right, until the code is there.
HALF_IN = "half_in"
SECONDS_FOR_THE_CODE = 600


class PasswordForm(AuthenticationForm):
    """People of an account come in; being “staff” in Django's sense is not asked."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.label_suffix = ""

    def confirm_login_allowed(self, user: Any) -> None:
        super().confirm_login_allowed(user)
        if not belongs_here(user):
            raise ValidationError(_("You belong to no account yet. Ask whoever invited you to add you to theirs."))


class CodeForm(forms.Form):
    code = forms.CharField(
        label=_("Code"),
        max_length=40,
        help_text=_("The six digits your app shows now. Your phone is lost? Enter one of your recovery codes."),
        widget=forms.TextInput(attrs={"autocomplete": "one-time-code", "autofocus": True, "spellcheck": "false"}),
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.label_suffix = ""


def belongs_here(user: Any) -> bool:
    """Whether a role of theirs is in force or waits for its first project, or they operate the installation."""
    if not user.is_active:
        return False
    return bool(user.is_superuser or getattr(user, "role_in_force", None) or user.memberships.exists())


class PasswordStep(LoginView):
    template_name = "admin/login/login.html"
    authentication_form = PasswordForm

    def form_valid(self, form: AuthenticationForm) -> HttpResponse:
        user: Any = form.get_user()
        if second_factor.authenticator_of(user) is None:
            return super().form_valid(form)
        self.request.session.flush()  # what was half in before, and whoever was logged in here, is not any more
        self.request.session[HALF_IN] = {
            "user": user.pk,
            "backend": user.backend,
            "at": true_time.now().timestamp(),
            "hash": user.get_session_auth_hash(),
        }
        return HttpResponseRedirect(_with_next(reverse("admin:login_code"), self.get_redirect_url()))


@method_decorator([never_cache, sensitive_post_parameters()], name="dispatch")
class CodeStep(RedirectURLMixin, FormView):  # type: ignore[type-arg]
    template_name = "admin/login/code.html"
    form_class = CodeForm
    next_page = "admin:index"

    def dispatch(self, request: Any, *args: Any, **kwargs: Any) -> HttpResponseBase:
        self.person = _half_in(request)
        if self.person is None:
            return HttpResponseRedirect(_with_next(reverse("admin:login"), self.get_redirect_url()))
        return super().dispatch(request, *args, **kwargs)

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        shown = {"title": _("Your second factor"), "next": self.get_redirect_url(), "person": self.person}
        return {**site.each_context(self.request), **super().get_context_data(**kwargs), **shown}

    def form_valid(self, form: CodeForm) -> HttpResponse:
        user: Any = self.person
        try:
            device = second_factor.check(user, form.cleaned_data["code"], access_log.origin_of(self.request))
        except CodeRefused as refusal:
            form.add_error("code", refusal.sentence)
            return self.form_invalid(form)
        self.request.session.pop(HALF_IN, None)
        user.otp_device = device  # django-otp keeps it with the session
        log_in(self.request, user, backend=user.backend)
        return HttpResponseRedirect(self.get_success_url())


def login(admin: AdminSite, request: HttpRequest, extra_context: dict[str, Any]) -> HttpResponse:
    """The login page; whoever is in already, or lacks one step alone, is led there instead."""
    user: Any = request.user
    wanted = request.GET.get("next", "")
    if request.method == "GET" and belongs_here(user):
        ways = {FactorState.ENOUGH: "index", FactorState.CODE_MISSING: "login_code"}
        way = ways.get(second_factor.state_of(user), "second_factor")
        return HttpResponseRedirect(_with_next(reverse(f"admin:{way}"), wanted if way == "login_code" else ""))
    context = {
        **admin.each_context(request),
        "title": _("Log in"),
        "subtitle": None,
        "username": user.get_username(),
        "nobody_yet": first_run.is_due(),
        "letters": site_letters.available(),
        **extra_context,
    }
    try:
        answer: Any = PasswordStep.as_view(extra_context=context)(request)
    except TooBusyRefused:
        return busy(request)
    return answer  # type: ignore[no-any-return]


def _half_in(request: HttpRequest) -> User | None:
    """Whose code is waited for; None when there is nobody, or it took them too long."""
    user: Any = request.user
    if user.is_authenticated:
        missing = belongs_here(user) and second_factor.state_of(user) == FactorState.CODE_MISSING
        if not missing:
            return None
        person: Any = User.objects.get(pk=user.pk)
        person.backend = request.session["_auth_user_backend"]
        return person  # type: ignore[no-any-return]
    kept = request.session.get(HALF_IN)
    if not kept or true_time.now().timestamp() - kept["at"] > SECONDS_FOR_THE_CODE:
        return None
    found: Any = User.objects.filter(pk=kept["user"], is_active=True).first()
    if found is None or not constant_time_compare(found.get_session_auth_hash(), kept["hash"]):
        return None
    found.backend = kept["backend"]
    return found  # type: ignore[no-any-return]


def _with_next(address: str, wanted: str) -> str:
    return f"{address}?{urlencode({'next': wanted}, safe='/')}" if wanted else address
