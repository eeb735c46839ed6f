"""Keys of the partner API: made and shown once, watched, revoked."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from typing import Any

from django import forms
from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from config.kit import true_time
from config.kit.admin.guards import guarded
from config.kit.admin.markup import badge
from config.kit.admin.model_admins import PageAdmin, Route
from integrations.access import api_keys
from integrations.access.tenancy import project_of
from integrations.admin.noting import note_key
from integrations.choices import AccessKind, ApiScope
from integrations.models import ApiKey

LONGEST_DAYS = 3650


class KeyForm(forms.Form):
    name = forms.CharField(label=gettext_lazy("Name"), max_length=100, help_text=gettext_lazy("Who will use it."))
    scopes = forms.MultipleChoiceField(
        label=gettext_lazy("May be used for"),
        choices=ApiScope.choices,
        initial=list(ApiScope.values),
        widget=forms.CheckboxSelectMultiple,
        error_messages={"required": gettext_lazy("Choose at least one: a key for nothing opens nothing.")},
    )
    days = forms.IntegerField(
        label=gettext_lazy("Days until it expires"),
        min_value=1,
        max_value=LONGEST_DAYS,
        required=False,
        help_text=gettext_lazy("Leave it empty for a key that does not expire."),
    )


@admin.register(ApiKey)
class ApiKeyAdmin(PageAdmin[ApiKey]):
    list_display = ("name", "begins_with", "scopes_shown", "made", "last_use", "state")
    ordering = ("-id",)
    page_template = "admin/integrations/apikey/page.html"
    empty_sentence = gettext_lazy("No keys here. Make one for each program that sends or reads orders.")  # type: ignore[assignment]

    def routes(self) -> Sequence[Route]:
        return [
            ("new/", self.new, "create"),
            ("<int:pk>/revoke/", self.revoke, "revoke"),
            ("<int:pk>/let-write/", self.let_write, "let_write"),
        ]

    def changelist_view(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> HttpResponse:
        may_add = request.user.has_perm("integrations.add_apikey")
        tools = [(_("New key"), self.url("create"))] if may_add else []
        return super().changelist_view(request, {"tools": tools, **(extra_context or {})})

    def page_context(self, request: HttpRequest, obj: ApiKey) -> dict[str, Any]:
        return {
            "state": self.state(obj),
            "scopes": self.scopes_shown(obj),
            "reading": [ApiScope(scope).label for scope in obj.reading if scope in obj.scopes],
            "may_let_write": obj.revoked_at is None and request.user.has_perm("integrations.add_apikey"),
            "may_revoke": obj.revoked_at is None and request.user.has_perm("integrations.revoke_apikey"),
        }

    @guarded("integrations.add_apikey", methods=("GET", "POST"))
    def new(self, request: HttpRequest) -> HttpResponse:
        """Make a key. Its token is part of this one answer, and of no page ever after."""
        project = project_of(request)
        if project is None:
            raise PermissionDenied
        form = KeyForm(request.POST if request.method == "POST" else None)
        context: dict[str, Any] = {
            **self.admin_site.each_context(request),
            "opts": self.opts,
            "title": _("New API key"),
            "media": self.media,
            "form": form,
        }
        status = 422 if form.errors else 200
        if form.is_valid():
            days = form.cleaned_data["days"]
            made = api_keys.make(
                project.pk,
                form.cleaned_data["name"],
                form.cleaned_data["scopes"],
                expires_at=true_time.now() + timedelta(days=days) if days else None,
                user_id=request.user.pk,
            )
            self.log_addition(request, made.key, "Made.")
            note_key(request, AccessKind.KEY_MADE, made.key)
            context |= {"made": made, "site": request.build_absolute_uri("/").rstrip("/")}
        response = TemplateResponse(request, "admin/integrations/apikey/new.html", context, status=status)
        response["Cache-Control"] = "no-store, private"
        return response

    @guarded("integrations.revoke_apikey")
    def revoke(self, request: HttpRequest, pk: int) -> HttpResponse:
        key = self.get_object(request, str(pk))
        if key is None:
            raise Http404
        if api_keys.revoke(key):
            self.log_change(request, key, "Revoked.")
            note_key(request, AccessKind.KEY_REVOKED, key)
            messages.success(request, _("%(key)s is revoked: it opens nothing from now on.") % {"key": key.name})
        else:
            messages.info(request, _("%(key)s was revoked before.") % {"key": key.name})
        return HttpResponseRedirect(self.url("change", pk))

    @guarded("integrations.add_apikey")
    def let_write(self, request: HttpRequest, pk: int) -> HttpResponse:
        """Confirm that a key may write by scopes that it was given to read."""
        key = self.get_object(request, str(pk))
        if key is None:
            raise Http404
        if request.POST.get("sure") != "on":
            messages.error(request, _("Nothing was changed: tick that you are sure first."))
        elif api_keys.let_write(key):
            self.log_change(request, key, "May write.")
            note_key(request, AccessKind.KEY_MAY_WRITE, key)
            messages.success(request, _("%(key)s may write from now on.") % {"key": key.name})
        else:
            messages.info(request, _("%(key)s may write already.") % {"key": key.name})
        return HttpResponseRedirect(self.url("change", pk))

    @admin.display(description=gettext_lazy("begins with"))
    def begins_with(self, key: ApiKey) -> str:
        return f"{key.prefix}…"

    @admin.display(description=gettext_lazy("may be used for"))
    def scopes_shown(self, key: ApiKey) -> str:
        return ", ".join(
            _("%(scope)s (to read)") % {"scope": ApiScope(scope).label}
            if scope in key.reading
            else str(ApiScope(scope).label)
            for scope in key.scopes
        )

    @admin.display(description=gettext_lazy("made"))
    def made(self, key: ApiKey) -> Any:
        return key.created_at

    @admin.display(description=gettext_lazy("last used"))
    def last_use(self, key: ApiKey) -> Any:
        return key.last_used_at

    @admin.display(description=gettext_lazy("state"))
    def state(self, key: ApiKey) -> str:
        if key.revoked_at is not None:
            return badge(_("Revoked"), "bad")
        if key.expires_at is not None and key.expires_at <= true_time.now():
            return badge(_("Expired"), "warn")
        return badge(_("In force"), "good")
