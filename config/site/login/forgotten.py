"""A new password by letter: asking for it, and choosing it by the link. Django's views, with our letters and log."""

from __future__ import annotations

from typing import Any

from django.contrib.admin import site
from django.contrib.auth import views
from django.http import Http404, HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.urls import path, reverse_lazy
from django.utils.translation import gettext_lazy as _

from integrations.access import access_log, password_links, site_letters
from integrations.access.password_links import TooOftenRefused


class _Outside:
    """A page for people who are not logged in, in the admin's frame."""

    title: Any
    request: HttpRequest

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        shown: dict[str, Any] = super().get_context_data(**kwargs)  # type: ignore[misc]
        return {**site.each_context(self.request), **shown}


class ForgottenPassword(_Outside, views.PasswordResetView):
    """The answer is the same whether anybody has the address or not."""

    template_name = "admin/login/forgotten.html"
    success_url = reverse_lazy("admin_password_reset_sent")
    title = _("Forgotten your password?")

    def dispatch(self, *args: Any, **kwargs: Any) -> HttpResponseBase:
        if not site_letters.available():
            raise Http404
        return super().dispatch(*args, **kwargs)

    def form_valid(self, form: Any) -> HttpResponse:
        try:
            password_links.ask(form.cleaned_data["email"], access_log.origin_of(self.request))
        except TooOftenRefused as refusal:
            form.add_error("email", refusal.sentence)
            return self.render_to_response(self.get_context_data(form=form), status=429)
        return super(views.PasswordResetView, self).form_valid(form)


class LetterSent(_Outside, views.PasswordResetDoneView):
    template_name = "admin/login/sent.html"
    title = _("Look into your mail")


class NewPassword(_Outside, views.PasswordResetConfirmView):
    template_name = "admin/login/new_password.html"
    success_url = reverse_lazy("admin_password_reset_complete")
    title = _("Choose a new password")

    def form_valid(self, form: Any) -> HttpResponse:
        response = super().form_valid(form)
        password_links.password_set(form.user, access_log.origin_of(self.request))
        return response


class PasswordIsSet(_Outside, views.PasswordResetCompleteView):
    template_name = "admin/login/set.html"
    title = _("Your new password is set")


urlpatterns = [
    path("password_reset/", ForgottenPassword.as_view(), name="admin_password_reset"),
    path("password_reset/sent/", LetterSent.as_view(), name="admin_password_reset_sent"),
    path("password_reset/done/", PasswordIsSet.as_view(), name="admin_password_reset_complete"),
    path("password_reset/<uidb64>/<token>/", NewPassword.as_view(), name="admin_password_reset_confirm"),
]
