"""One's own second factor: set up, recovery codes anew, switched off.

These pages are open to those whose account demands a second factor and who have none yet: all they can do is this.
"""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Callable
from functools import wraps
from typing import Any

import django_otp
from django import forms
from django.contrib import messages
from django.contrib.admin import site
from django.contrib.auth.views import redirect_to_login
from django.http import HttpRequest, HttpResponse, HttpResponseNotAllowed, HttpResponseRedirect
from django.http.response import HttpResponseBase
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.cache import never_cache
from django.views.decorators.csrf import csrf_protect

from config.site.login.entering import CodeForm, belongs_here
from config.site.login.qr_code import qr_code
from config.site.login.refusing import busy
from integrations.access import access_log, hashing_room, second_factor
from integrations.access.hashing_room import TooBusyRefused
from integrations.access.second_factor import CodeRefused
from integrations.choices import FactorState

View = Callable[[HttpRequest], HttpResponseBase]


class OffForm(CodeForm):
    """Whoever finds an open browser must not switch it off."""

    password = forms.CharField(
        label=gettext_lazy("Password"),
        strip=False,
        widget=forms.PasswordInput(attrs={"autocomplete": "current-password"}),
    )
    field_order = ("password", "code")


def own(view: View) -> View:
    """For people who are in, or lack nothing but a second factor; all others are led to the login."""

    @wraps(view)
    def inner(request: HttpRequest) -> HttpResponseBase:
        user: Any = request.user
        if not belongs_here(user) or second_factor.state_of(user) == FactorState.CODE_MISSING:
            return redirect_to_login(request.get_full_path(), reverse("admin:login"))
        return view(request)

    return never_cache(csrf_protect(inner))


@own
def second_factor_page(request: HttpRequest) -> HttpResponse:
    return _page(request)


@own
def switch_on(request: HttpRequest) -> HttpResponse:
    if request.method != "POST":
        return HttpResponseNotAllowed(["POST"])
    user: Any = request.user
    form = CodeForm(request.POST)
    if form.is_valid():
        try:
            device, codes = second_factor.confirm(user, _typed(form), access_log.origin_of(request))
        except CodeRefused as refusal:
            form.add_error("code", refusal.sentence)
        else:
            django_otp.login(request, device)
            return _codes(request, codes)
    return _page(request, on_form=form)


@own
def renew_codes(request: HttpRequest) -> HttpResponse:
    if request.method != "POST":
        return HttpResponseNotAllowed(["POST"])
    user: Any = request.user
    form = CodeForm(request.POST, prefix="renew")
    if form.is_valid():
        try:
            return _codes(request, second_factor.renew_codes(user, _typed(form), access_log.origin_of(request)))
        except CodeRefused as refusal:
            form.add_error("code", refusal.sentence)
    return _page(request, renew_form=form)


@own
def switch_off(request: HttpRequest) -> HttpResponse:
    if request.method != "POST":
        return HttpResponseNotAllowed(["POST"])
    user: Any = request.user
    form = OffForm(request.POST, prefix="off")
    if form.is_valid():
        origin = access_log.origin_of(request)
        try:
            second_factor.check(user, _typed(form), origin)  # first: it is slowed down after wrong ones
            with hashing_room.place():
                right = user.check_password(form.cleaned_data["password"])
        except CodeRefused as refusal:
            form.add_error("code", refusal.sentence)
        except TooBusyRefused:
            return busy(request)
        else:
            if right:
                second_factor.switch_off(user, origin)
                messages.success(request, _("Your second factor is switched off."))
                return HttpResponseRedirect(reverse("admin:second_factor"))
            form.add_error("password", _("This is not your password. The code is used up: enter the next one, too."))
    return _page(request, off_form=form)


def _page(request: HttpRequest, **forms_shown: forms.Form) -> HttpResponse:
    user: Any = request.user
    device = second_factor.authenticator_of(user)
    context: dict[str, Any] = {
        **site.each_context(request),
        "title": _("Second factor"),
        "device": device,
        "demanded": second_factor.is_demanded_of(user),
    }
    if device is None:
        pending = second_factor.begin(user)
        context |= {"picture": qr_code(second_factor.uri(pending)), "key": second_factor.typed_key(pending)}
        context["on_form"] = forms_shown.get("on_form") or CodeForm()
        context["on_form"].fields["code"].help_text = _("The six digits your app shows now.")
    else:
        context["left"] = second_factor.codes_left(user)
        context["renew_form"] = forms_shown.get("renew_form") or CodeForm(prefix="renew")
        context["off_form"] = forms_shown.get("off_form") or OffForm(prefix="off")
        for form in (context["renew_form"], context["off_form"]):
            form.fields["code"].widget.attrs.pop("autofocus", None)
    status = 422 if any(form.errors for form in forms_shown.values()) else 200
    return TemplateResponse(request, "admin/login/second_factor.html", context, status=status)


def _codes(request: HttpRequest, codes: list[str]) -> HttpResponse:
    """The recovery codes: part of this one answer, and of no page ever after."""
    words = _("Recovery codes of %(name)s for Countinghouse. Each opens once.") % {"name": request.user}
    file = b64encode("\r\n".join([words, "", *codes, ""]).encode()).decode()
    context = {
        **site.each_context(request),
        "title": _("Your recovery codes"),
        "codes": codes,
        "file": f"data:text/plain;base64,{file}",
    }
    return TemplateResponse(request, "admin/login/recovery_codes.html", context)


def _typed(form: forms.Form) -> str:
    return "".join(str(form.cleaned_data["code"]).split())
