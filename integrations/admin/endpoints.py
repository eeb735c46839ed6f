"""Webhook endpoints: entered, tried, switched off and on, given a new secret, deleted."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django import forms
from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.db.models import QuerySet
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from config.kit.admin.change_lists import capped
from config.kit.admin.guards import guarded
from config.kit.admin.markup import badge
from config.kit.admin.model_admins import PageAdmin, Route
from config.kit.admin.undo import Undo, say_done
from config.kit.counts_together import counts_of
from integrations.access.tenancy import project_of
from integrations.choices import SUBSCRIBABLE, DeliveryState, WebhookEvent
from integrations.models import WebhookDelivery, WebhookEndpoint
from integrations.webhooks import endpoints, sender
from integrations.webhooks.endpoints import EndpointRefused, Shown

ADD, CHANGE = "integrations.add_webhookendpoint", "integrations.change_webhookendpoint"
MOST_COUNTED = 999


class EndpointForm(forms.Form):
    url = forms.CharField(
        label=gettext_lazy("Address"),
        max_length=2048,
        help_text=gettext_lazy("A public https address. It has 10 seconds to answer with 2xx."),
    )
    events = forms.MultipleChoiceField(
        label=gettext_lazy("Tell it of"),
        choices=[(event.value, event.label) for event in SUBSCRIBABLE],
        initial=[event.value for event in SUBSCRIBABLE],
        widget=forms.CheckboxSelectMultiple,
        error_messages={"required": gettext_lazy("Choose at least one event.")},
    )


@admin.register(WebhookEndpoint)
class EndpointAdmin(PageAdmin[WebhookEndpoint]):
    list_display = ("url", "events_shown", "state", "last_success")
    ordering = ("-id",)
    page_template = "admin/integrations/webhookendpoint/page.html"
    empty_sentence = gettext_lazy("Nobody is told of orders yet. Enter the address of a program that wants to know.")  # type: ignore[assignment]

    def routes(self) -> Sequence[Route]:
        return [
            ("new/", self.new, "create"),
            ("<int:pk>/edit/", self.edit, "edit"),
            ("<int:pk>/secret/", self.secret, "secret"),
            ("<int:pk>/test/", self.test, "test"),
            ("<int:pk>/enable/", self.enable, "enable"),
            ("<int:pk>/disable/", self.disable, "disable"),
            ("<int:pk>/remove/", self.remove, "remove"),
        ]

    def get_queryset(self, request: HttpRequest) -> QuerySet[WebhookEndpoint]:
        return super().get_queryset(request).filter(deleted_at=None).select_related("created_by").defer("secrets")

    def changelist_view(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> HttpResponse:
        tools = [(_("New endpoint"), self.url("create"))] if request.user.has_perm(ADD) else []
        return super().changelist_view(request, {"tools": tools, **(extra_context or {})})

    def page_context(self, request: HttpRequest, obj: WebhookEndpoint) -> dict[str, Any]:
        listed = reverse("admin:integrations_webhookdelivery_changelist")
        found = [WebhookDelivery.objects.filter(endpoint=obj, state=state) for state in DeliveryState]
        counts = zip(DeliveryState, counts_of(found, MOST_COUNTED + 1), strict=True)
        return {
            "state": self.state(obj),
            "events": self.events_shown(obj),
            "counts": [
                (state.label, capped(count), f"{listed}?webhook={obj.pk}&state={state}") for state, count in counts
            ],
            "deliveries": f"{listed}?webhook={obj.pk}",
            "may_change": request.user.has_perm(CHANGE),
        }

    @guarded(ADD, methods=("GET", "POST"))
    def new(self, request: HttpRequest) -> HttpResponse:
        """Enter an endpoint. Its secret is part of this one answer, and of no page ever after."""
        project = project_of(request)
        if project is None:
            raise PermissionDenied
        form = EndpointForm(request.POST if request.method == "POST" else None)
        if form.is_valid():
            try:
                made = endpoints.create(
                    project, form.cleaned_data["url"], form.cleaned_data["events"], user_id=request.user.pk
                )
            except EndpointRefused as refusal:
                form.add_error(refusal.field, str(refusal))
            else:
                self.log_addition(request, made.endpoint, "Entered.")
                return self._show_secret(request, made)
        return self._form_page(request, form, _("New webhook endpoint"))

    @guarded(CHANGE, methods=("GET", "POST"))
    def edit(self, request: HttpRequest, pk: int) -> HttpResponse:
        endpoint = self._row(request, pk)
        initial = {"url": endpoint.url, "events": endpoint.events}
        form = EndpointForm(request.POST if request.method == "POST" else None, initial=initial)
        if form.is_valid():
            try:
                endpoints.change(endpoint, **form.cleaned_data)
            except EndpointRefused as refusal:
                form.add_error(refusal.field, str(refusal))
            else:
                self.log_change(request, endpoint, "Changed.")
                messages.success(request, _("Saved. What waits goes to this address."))
                return HttpResponseRedirect(self.url("change", pk))
        return self._form_page(request, form, _("Change the endpoint"))

    @guarded(CHANGE, methods=("GET", "POST"))
    def secret(self, request: HttpRequest, pk: int) -> HttpResponse:
        """Ask, then make another secret and show it this once."""
        endpoint = self._row(request, pk)
        if request.method == "POST":
            self.log_change(request, endpoint, "New secret.")
            return self._show_secret(request, endpoints.new_secret(endpoint))
        text = _("The old secret stops at once: enter the new one where deliveries are checked, or they are refused.")
        return self._ask(request, endpoint, _("Make a new secret?"), text, _("Make a new secret"))

    @guarded(CHANGE)
    def test(self, request: HttpRequest, pk: int) -> HttpResponse:
        sent = sender.send_test(self._row(request, pk))
        if sent.state == DeliveryState.DELIVERED:
            messages.success(request, _("The receiver has taken the test."))
        else:
            messages.warning(request, _("The test did not arrive. %(reason)s") % {"reason": sent.reason})
        return HttpResponseRedirect(self.url("change", pk))

    @guarded(CHANGE)
    def enable(self, request: HttpRequest, pk: int) -> HttpResponse:
        endpoint = self._row(request, pk)
        if endpoints.enable(endpoint):
            self.log_change(request, endpoint, "Enabled.")
            text = _("The endpoint is enabled: what waits is sent now, oldest first.")
            say_done(request, text, Undo(self.url("disable", pk), {}))
        return HttpResponseRedirect(self.url("change", pk))

    @guarded(CHANGE, methods=("GET", "POST"))
    def disable(self, request: HttpRequest, pk: int) -> HttpResponse:
        endpoint = self._row(request, pk)
        if request.method == "POST":
            if endpoints.disable(endpoint):
                self.log_change(request, endpoint, "Disabled.")
                text = _("The endpoint is disabled: nothing is sent until you enable it.")
                say_done(request, text, Undo(self.url("enable", pk), {}))
            return HttpResponseRedirect(self.url("change", pk))
        text = _("Events are kept meanwhile, and sent when you enable it again.")
        return self._ask(request, endpoint, _("Disable this endpoint?"), text, _("Disable"))

    @guarded(CHANGE, methods=("GET", "POST"))
    def remove(self, request: HttpRequest, pk: int) -> HttpResponse:
        endpoint = self._row(request, pk)
        if request.method == "POST":
            self.log_change(request, endpoint, "Deleted.")
            endpoints.delete(endpoint)
            messages.success(request, _("The endpoint is deleted. Its deliveries stay on record."))
            return HttpResponseRedirect(self.url("changelist"))
        text = _("What waits is given up. This cannot be undone; what was delivered stays on record.")
        return self._ask(request, endpoint, _("Delete this endpoint?"), text, _("Delete"))

    def _row(self, request: HttpRequest, pk: int) -> WebhookEndpoint:
        found = self.get_object(request, str(pk))
        if found is None:
            raise Http404
        return found

    def _page(self, request: HttpRequest, name: str, title: str, status: int = 200, **extra: Any) -> HttpResponse:
        context = {
            **self.admin_site.each_context(request),
            "opts": self.opts,
            "title": title,
            "media": self.media,
            **extra,
        }
        template = f"admin/integrations/webhookendpoint/{name}.html"
        response = TemplateResponse(request, template, context, status=status)
        response["Cache-Control"] = "no-store, private"
        return response

    def _form_page(self, request: HttpRequest, form: EndpointForm, title: str) -> HttpResponse:
        return self._page(request, "edit", title, 422 if form.errors else 200, form=form)

    def _show_secret(self, request: HttpRequest, shown: Shown) -> HttpResponse:
        return self._page(request, "secret", _("The secret of the endpoint"), shown=shown)

    def _ask(
        self, request: HttpRequest, endpoint: WebhookEndpoint, question: str, text: str, button: str
    ) -> HttpResponse:
        return self._page(request, "ask", question, object=endpoint, text=text, button=button)

    @admin.display(description=gettext_lazy("told of"))
    def events_shown(self, endpoint: WebhookEndpoint) -> str:
        return ", ".join(str(WebhookEvent(event).label) for event in endpoint.events)

    @admin.display(description=gettext_lazy("state"))
    def state(self, endpoint: WebhookEndpoint) -> str:
        if not endpoint.enabled:
            return badge(_("Disabled"), "bad" if endpoint.reason else "plain")
        return badge(_("Failing"), "warn") if endpoint.failures else badge(_("Enabled"), "good")

    @admin.display(description=gettext_lazy("last delivered"))
    def last_success(self, endpoint: WebhookEndpoint) -> Any:
        return endpoint.last_success_at
