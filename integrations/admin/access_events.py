"""The access log: who came in, who did not, and what they changed about how people come in."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django.contrib import admin
from django.db.models import Q, QuerySet
from django.http import HttpRequest
from django.http.response import HttpResponseBase
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from config.kit.admin.change_lists import ChoiceFilter, DateRange, options
from config.kit.admin.csv_files import Cell, csv_of_list
from config.kit.admin.guards import guarded
from config.kit.admin.markup import badge
from config.kit.admin.model_admins import PageAdmin, Route
from integrations.access import access_log
from integrations.access.devices import device
from integrations.access.tenancy import project_of
from integrations.admin.tones import ACCESS_TONES
from integrations.choices import AccessKind
from integrations.models import AccessEvent

VIEW = "integrations.view_accessevent"


class KindFilter(ChoiceFilter):
    title = gettext_lazy("event")
    parameter_name = "kind"
    field = "kind"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        return options(AccessKind.choices)


class WhenRange(DateRange):
    title = gettext_lazy("when")
    field, ordered = "at", True


@admin.register(AccessEvent)
class AccessEventAdmin(PageAdmin[AccessEvent]):
    """Import admins read of the people of their account; operators read everything, with names that nobody has."""

    list_display = ("when", "event", "person", "detail", "address", "browser")
    list_filter = (KindFilter, WhenRange)
    search_fields = ("name", "address")
    search_help_text = gettext_lazy("The beginning of a name, or an address.")
    ordering = ("-id",)
    page_template = "admin/integrations/accessevent/page.html"
    empty_sentence = gettext_lazy("Nobody came in here yet.")  # type: ignore[assignment]

    def routes(self) -> Sequence[Route]:
        return [("export/", self.export, "export")]

    def get_queryset(self, request: HttpRequest) -> QuerySet[AccessEvent]:
        if request.user.is_superuser:
            return AccessEvent.objects.order_by("-id")
        project = project_of(request)
        return access_log.of_account(project.account_id).order_by("-id") if project else AccessEvent.objects.none()

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[AccessEvent], search_term: str
    ) -> tuple[QuerySet[AccessEvent], bool]:
        term = search_term.strip()
        found = Q(name__istartswith=term) | Q(address__startswith=term)
        return (queryset.filter(found) if term else queryset), False

    def changelist_view(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> Any:
        return super().changelist_view(request, {"title": _("Access log"), **(extra_context or {})})

    def page_context(self, request: HttpRequest, obj: AccessEvent) -> dict[str, Any]:
        return {"event": self.event(obj), "browser": self.browser(obj)}

    @guarded(VIEW, methods=("GET",))
    def export(self, request: HttpRequest) -> HttpResponseBase:
        return csv_of_list(self, request, "access", ("when", "event", "name", "detail", "address", "browser"), _cells)

    @admin.display(description=gettext_lazy("when"))
    def when(self, event: AccessEvent) -> Any:
        return event.at

    @admin.display(description=gettext_lazy("event"))
    def event(self, event: AccessEvent) -> str:
        return badge(event.get_kind_display(), ACCESS_TONES.get(event.kind, "plain"))

    @admin.display(description=gettext_lazy("name"))
    def person(self, event: AccessEvent) -> str:
        return event.name if event.user_id else _("%(name)s (nobody has this name)") % {"name": event.name}

    @admin.display(description=gettext_lazy("browser"))
    def browser(self, event: AccessEvent) -> str:
        return device(event.agent)


def _cells(event: AccessEvent) -> Sequence[Cell]:
    return event.at, str(event.get_kind_display()), event.name, event.detail, event.address or "", event.agent
