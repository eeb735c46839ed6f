"""The page of a project's mail server."""

from __future__ import annotations

from typing import Any

from django import forms
from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from config.kit.admin.guards import guarded
from config.kit.admin.model_admins import PageAdmin
from integrations.access.tenancy import project_of
from integrations.choices import MailSecurity
from integrations.distributions import authoring as letters
from integrations.distributions.authoring import ServerSettings, SettingsRefused
from integrations.models import Distribution, MailServer


class MailServerForm(forms.Form):
    host = forms.CharField(
        label=gettext_lazy("Server"), max_length=253, help_text=gettext_lazy("E.g. smtp.example.com.")
    )
    port = forms.IntegerField(label=gettext_lazy("Port"), min_value=1, max_value=65535, initial=587)
    security = forms.ChoiceField(
        label=gettext_lazy("Encryption"), choices=MailSecurity.choices, initial=MailSecurity.STARTTLS
    )
    username = forms.CharField(label=gettext_lazy("User name"), max_length=200, required=False)
    password = forms.CharField(
        label=gettext_lazy("Password"),
        max_length=500,
        required=False,
        strip=False,
        widget=forms.PasswordInput(attrs={"autocomplete": "new-password"}),
        help_text=gettext_lazy("Leave it empty to keep the one that is there."),
    )
    from_name = forms.CharField(label=gettext_lazy("Sender’s name"), max_length=100, required=False)
    from_address = forms.CharField(
        label=gettext_lazy("Sender’s address"),
        max_length=254,
        help_text=gettext_lazy("One that the server may send from, e.g. shop@example.com."),
    )

    def settings(self) -> ServerSettings:
        values = {name: self.cleaned_data[name] for name in ServerSettings.__dataclass_fields__}
        return ServerSettings(**values | {"security": MailSecurity(values["security"])})


class MailServerPage(PageAdmin[Distribution]):
    """Part of the distributions' admin."""

    @guarded("integrations.change_mailserver", methods=("GET", "POST"))
    def mail_server(self, request: HttpRequest) -> HttpResponse:
        """Show and change it. The password goes in and never comes out."""
        project = project_of(request)
        if project is None:
            raise PermissionDenied
        server = MailServer.objects.filter(project=project).first()
        initial = {name: getattr(server, name) for name in ServerSettings.__dataclass_fields__} if server else {}
        form = MailServerForm(request.POST if request.method == "POST" else None, initial=initial)
        if form.is_valid():
            try:
                saved = letters.save_server(project.pk, form.settings(), form.cleaned_data["password"])
            except SettingsRefused as refusal:
                for field, sentences in refusal.problems.items():
                    form.add_error(field, sentences)
            else:
                self.log_mail_server(request, saved)
                messages.success(request, _("The mail server is saved. Send a test e-mail from a distribution."))
                return HttpResponseRedirect(self.url("changelist"))
        context: dict[str, Any] = {
            **self.admin_site.each_context(request),
            "opts": self.opts,
            "title": _("Mail server"),
            "media": self.media,
            "form": form,
            "server": server,
        }
        status = 422 if form.errors else 200
        return TemplateResponse(request, "admin/integrations/distribution/mail_server.html", context, status=status)

    def log_mail_server(self, request: HttpRequest, server: MailServer) -> None:
        self.log_change(request, server, "Saved.")  # type: ignore[arg-type]  # any row can be told of
