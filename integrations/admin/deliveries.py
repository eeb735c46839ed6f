"""Deliveries: what was sent to endpoints, what came of each try, and sending again."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

from django.contrib import admin, messages
from django.db.models import QuerySet
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.http.response import HttpResponseBase
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from config.kit.admin.change_lists import ChoiceFilter, DateRange, options
from config.kit.admin.csv_files import Cell, csv_of_list
from config.kit.admin.guards import guarded, guarded_action
from config.kit.admin.markup import badge
from config.kit.admin.model_admins import PageAdmin, Route
from config.kit.public_ids import PublicIds
from integrations.access.tenancy import project_of
from integrations.choices import DeliveryState
from integrations.filters import DELIVERIES
from integrations.models import WebhookDelivery, WebhookEndpoint
from integrations.webhooks import deliveries
from orders.models import Order

RESEND = "integrations.resend_webhookdelivery"
TONES = {DeliveryState.WAITING: "info", DeliveryState.DELIVERED: "good", DeliveryState.FAILED: "bad"}


class EndpointFilter(ChoiceFilter):
    title = gettext_lazy("endpoint")
    parameter_name = "webhook"
    filters = DELIVERIES

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        found = WebhookEndpoint.objects.filter(project=project_of(request)).order_by("url", "-pk")
        return options(found.values_list("pk", "url"))


class StateFilter(ChoiceFilter):
    title = gettext_lazy("state")
    parameter_name = "state"
    filters = DELIVERIES


class EventFilter(ChoiceFilter):
    title = gettext_lazy("event")
    parameter_name = "event"
    filters = DELIVERIES


class CreatedRange(DateRange):
    title = gettext_lazy("written")
    filters, span = DELIVERIES, "created"


@admin.register(WebhookDelivery)
class DeliveryAdmin(PageAdmin[WebhookDelivery]):
    list_display = ("told", "number", "address", "state_shown", "reason", "attempts_made", "created_at")
    list_filter = (EndpointFilter, StateFilter, EventFilter, CreatedRange)
    ordering = ("-id",)
    actions = ("resend_chosen",)
    page_template = "admin/integrations/webhookdelivery/page.html"
    empty_sentence = gettext_lazy(
        "Nothing was sent here. Live orders are told of as soon as there is an endpoint that wants to know."
    )  # type: ignore[assignment]

    def routes(self) -> Sequence[Route]:
        return [("export/", self.export, "export"), ("<int:pk>/resend/", self.resend, "resend")]

    def get_queryset(self, request: HttpRequest) -> QuerySet[WebhookDelivery]:
        return super().get_queryset(request).select_related("endpoint").defer("body", "endpoint__secrets")

    def page_context(self, request: HttpRequest, obj: WebhookDelivery) -> dict[str, Any]:
        project = project_of(request)
        pk = PublicIds(bytes(project.id_key)).take("ord", obj.subject) if project else None
        return {
            "tone": TONES[DeliveryState(obj.state)],
            "order": Order.objects.filter(project=project, pk=pk or 0).only("number").first(),
            "attempts": obj.attempts.order_by("number"),
            "body": _readable(obj.body),
            "why_not": deliveries.why_not(obj),
            "may_resend": request.user.has_perm(RESEND),
        }

    @guarded(RESEND)
    def resend(self, request: HttpRequest, pk: int) -> HttpResponse:
        if self.get_object(request, str(pk)) is None:
            raise Http404
        self._say(request, deliveries.send_again(WebhookDelivery.objects.filter(pk=pk)))
        return HttpResponseRedirect(self.url("change", pk))

    @guarded_action(RESEND, description=gettext_lazy("Send again"))
    def resend_chosen(self, request: HttpRequest, queryset: QuerySet[WebhookDelivery]) -> None:
        self._say(request, deliveries.send_again(queryset))

    def _say(self, request: HttpRequest, count: int) -> None:
        if count:
            text = ngettext("%(number)s delivery goes out again now.", "%(number)s deliveries go out again now.", count)
            messages.success(request, text % {"number": count})
        else:
            text = _("Nothing was sent again: the endpoint is disabled or deleted, or the body was cleared.")
            messages.info(request, text)

    @guarded("integrations.view_webhookdelivery", methods=("GET",))
    def export(self, request: HttpRequest) -> HttpResponseBase:
        columns = ("event", "order", "endpoint", "state", "reason", "tries", "written", "finished")
        return csv_of_list(self, request, "deliveries", columns, _cells)

    @admin.display(description=gettext_lazy("event"))
    def told(self, delivery: WebhookDelivery) -> str:
        return str(delivery.get_event_display())

    @admin.display(description=gettext_lazy("endpoint"))
    def address(self, delivery: WebhookDelivery) -> str:
        return delivery.endpoint.url

    @admin.display(description=gettext_lazy("state"))
    def state_shown(self, delivery: WebhookDelivery) -> str:
        return badge(delivery.get_state_display(), TONES[DeliveryState(delivery.state)])


def _readable(body: bytes | memoryview[int] | None) -> str:
    """The body with one field a line."""
    return "" if body is None else json.dumps(json.loads(bytes(body)), ensure_ascii=False, indent=2)


def _cells(delivery: WebhookDelivery) -> Sequence[Cell]:
    return (
        str(delivery.get_event_display()), delivery.number, delivery.endpoint.url, str(delivery.get_state_display()),
        delivery.reason, str(delivery.attempts_made), delivery.created_at, delivery.finished_at,
    )  # fmt: skip
