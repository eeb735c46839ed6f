"""Runs: what was asked for, how far it is, how it ended."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django.contrib import admin, messages
from django.db.models import F, QuerySet
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.http.response import HttpResponseBase
from django.urls import reverse
from django.utils.html import format_html
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from config.kit.admin.change_lists import ChoiceFilter, DateRange, TabFilter, options
from config.kit.admin.guards import guarded
from config.kit.admin.markup import badge
from config.kit.admin.model_admins import PageAdmin, Route
from integrations.admin.bulk_imports import OF_PARTNERS, failures_file, import_context
from integrations.admin.open_project import shops_of
from integrations.admin.tones import RUN_TONES
from integrations.choices import RunKind, RunState
from integrations.filters import RUNS
from integrations.models import Run
from integrations.runs import control
from orders.admin.order_page import pretty

COUNTERS = ("fetched", "created", "updated", "unchanged", "pending", "ignored", "failed")
OPEN = "open"
# Runs that read what webhooks told of: so many that the others would not be found among them.
TOLD = "told"
OUTCOME_TONES = {"changed": "good", "same": "plain", "stale": "info", "warned": "warn", "refused": "bad"}
# Where a cancel came from, and is answered.
BACK = {
    "orders": ("admin:orders_order_changelist", ""),
    "transactions": ("admin:integrations_remoteorder_changelist", "?tab=pending"),
}


class RunTab(TabFilter):
    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        tabs = [(OPEN, _("Open")), ("trouble", _("In trouble")), (TOLD, _("Told by webhook")), ("all", _("All others"))]
        return options(tabs)

    def queryset(self, request: HttpRequest, queryset: QuerySet[Run]) -> QuerySet[Run]:
        self.checked(self.value())
        if self.selected == OPEN:
            return queryset.filter(state__in=[RunState.WAITING, RunState.RUNNING])
        if self.selected == "trouble":
            return queryset.filter(state__in=[RunState.FAILED, RunState.ERRORED])
        if self.selected == TOLD:
            return queryset.filter(kind=RunKind.WEBHOOK_ORDERS)
        if request.GET.get("kind") == RunKind.WEBHOOK_ORDERS:
            return queryset
        return queryset.exclude(kind=RunKind.WEBHOOK_ORDERS)


class KindFilter(ChoiceFilter):
    title = gettext_lazy("kind")
    parameter_name = "kind"
    filters = RUNS


class RunShopFilter(ChoiceFilter):
    title = gettext_lazy("shop")
    parameter_name = "integration"
    filters = RUNS

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        return options((shop.pk, shop.title) for shop in shops_of(request))


class AskedRange(DateRange):
    title = gettext_lazy("asked")
    filters, span = RUNS, "created"


@admin.register(Run)
class RunAdmin(PageAdmin[Run]):
    list_display = ("named", "shop", "state_shown", "asked", "asked_by", "progress", "created", "ignored", "failed")
    list_filter = (RunTab, RunShopFilter, KindFilter, AskedRange)
    ordering = ("-id",)
    page_template = "admin/integrations/run/page.html"
    empty_sentence = gettext_lazy("No runs here. Every load, retry and product import is listed once it is asked for.")  # type: ignore[assignment]

    def routes(self) -> Sequence[Route]:
        return [
            ("<int:pk>/cancel/", self.cancel, "cancel"),
            ("<int:pk>/failed-rows/", self.failed_rows, "failed_rows"),
        ]

    def get_queryset(self, request: HttpRequest) -> QuerySet[Run]:
        titled = {"shop_title": F("integration__title"), "person": F("requested_by__username")}
        return super().get_queryset(request).annotate(**titled)

    def page_context(self, request: HttpRequest, obj: Run) -> dict[str, Any]:
        return {
            "tone": RUN_TONES[obj.state],
            "counters": [(_(name).capitalize(), getattr(obj, name)) for name in COUNTERS],
            "cursor": pretty(obj.cursor),
            "results": [(result, OUTCOME_TONES.get(result["outcome"], "plain")) for result in obj.results],
            "may_cancel": obj.is_open and request.user.has_perm("integrations.cancel_run"),
            **import_context(obj),
            "failed_orders": obj.remote_orders.filter(state="failed").order_by("-id")[:20],
        }

    @guarded("integrations.cancel_run")
    def cancel(self, request: HttpRequest, pk: int) -> HttpResponse:
        run = self.get_object(request, str(pk))
        if run is None:
            raise Http404
        if control.cancel(run):
            messages.success(request, _("%(run)s stops after the page it is at. What was loaded stays.") % {"run": run})
        else:
            messages.info(request, _("%(run)s was over or being cancelled already.") % {"run": run})
        back = BACK.get(request.POST.get("back", ""))
        if back:
            return HttpResponseRedirect(reverse(back[0]) + back[1])
        return HttpResponseRedirect(self.url("change", pk))

    @guarded("integrations.view_run", methods=("GET",))
    def failed_rows(self, request: HttpRequest, pk: int) -> HttpResponseBase:
        """Download the rows of a partner's import that failed."""
        run = self.get_object(request, str(pk))
        if run is None or run.kind != RunKind.BULK_BY_API:
            raise Http404
        return failures_file(run)

    @admin.display(description=gettext_lazy("run"))
    def named(self, run: Run) -> str:
        return str(run)

    @admin.display(description=gettext_lazy("shop"))
    def shop(self, run: Run) -> str:
        title: str | None = run.shop_title  # type: ignore[attr-defined]
        return title or "–"

    @admin.display(description=gettext_lazy("state"))
    def state_shown(self, run: Run) -> str:
        if run.reason and run.state != RunState.SUCCEEDED:
            shown = badge(run.get_state_display(), RUN_TONES[run.state])
            return format_html('{} <span class="quiet clip" title="{}">{}</span>', shown, run.reason, run.reason)
        return badge(run.get_state_display(), RUN_TONES[run.state])

    @admin.display(description=gettext_lazy("asked"))
    def asked(self, run: Run) -> Any:
        return run.created_at

    @admin.display(description=gettext_lazy("by"))
    def asked_by(self, run: Run) -> str:
        person: str | None = run.person  # type: ignore[attr-defined]
        if person is None and run.kind in OF_PARTNERS:
            return _("API")
        return person or (_("webhook") if run.kind == RunKind.WEBHOOK_ORDERS else _("feed"))

    @admin.display(description=gettext_lazy("read"))
    def progress(self, run: Run) -> str:
        if run.total and run.is_open:
            return f"{run.fetched:,} of {run.total:,}"
        return f"{run.fetched:,}"
