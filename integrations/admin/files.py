"""Files exchanged with warehouses and marketplaces: what became of each, and of its rows."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest
from django.http.response import HttpResponseBase
from django.utils.html import format_html
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from config.kit.admin.change_lists import ChoiceFilter, DateRange, options
from config.kit.admin.csv_files import Cell, csv_of_list
from config.kit.admin.guards import guarded
from config.kit.admin.markup import badge
from config.kit.admin.model_admins import PageAdmin, Route
from integrations.admin.open_project import shops_of
from integrations.admin.tones import FILE_TONES
from integrations.choices import FILES_IN
from integrations.filters import FILES
from integrations.models import ExchangedFile, OrderInFile
from orders.models import Order

MOST_SHOWN = 200


class ShopFilter(ChoiceFilter):
    title = gettext_lazy("integration")
    parameter_name = "integration"
    filters = FILES

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        return options((shop.pk, shop.title) for shop in shops_of(request))


class KindFilter(ChoiceFilter):
    title = gettext_lazy("kind")
    parameter_name = "kind"
    filters = FILES


class StateFilter(ChoiceFilter):
    title = gettext_lazy("state")
    parameter_name = "state"
    filters = FILES


class SeenRange(DateRange):
    title = gettext_lazy("seen or made")
    filters, span = FILES, "seen"


@admin.register(ExchangedFile)
class FileAdmin(PageAdmin[ExchangedFile]):
    list_display = ("name", "shop", "kind", "state_shown", "rows", "booked", "unchanged", "failed", "seen_at")
    list_filter = (ShopFilter, KindFilter, StateFilter, SeenRange)
    ordering = ("-id",)
    page_template = "admin/integrations/exchangedfile/page.html"
    empty_sentence = gettext_lazy(
        "No file was exchanged yet. Connect a file server under Integrations, and switch its feeds on."
    )  # type: ignore[assignment]

    def routes(self) -> Sequence[Route]:
        return [("export/", self.export, "export")]

    def get_queryset(self, request: HttpRequest) -> QuerySet[ExchangedFile]:
        rows = super().get_queryset(request).select_related("feed__integration")
        return rows.defer("feed__integration__credentials")

    def page_context(self, request: HttpRequest, obj: ExchangedFile) -> dict[str, Any]:
        sent = OrderInFile.objects.filter(file=obj).order_by("pk").values_list("order_id", flat=True)
        orders = Order.objects.filter(project_id=obj.project_id, pk__in=list(sent[:MOST_SHOWN]))
        return {
            "tone": FILE_TONES[obj.state],
            "comes_in": obj.feed.kind in FILES_IN,
            "errors": list(obj.row_errors.all()[:MOST_SHOWN]),
            "orders": list(orders.only("number", "buyer").order_by("pk")),
            "sent": sent.count(),
            "digest": bytes(obj.digest).hex() if obj.digest else "",
        }

    @guarded("integrations.view_exchangedfile", methods=("GET",))
    def export(self, request: HttpRequest) -> HttpResponseBase:
        columns = (
            "file", "integration", "kind", "state", "reason", "rows", "booked", "unchanged", "with errors", "seen",
            "finished",
        )  # fmt: skip
        return csv_of_list(self, request, "files", columns, _cells)

    @admin.display(description=gettext_lazy("integration"))
    def shop(self, file: ExchangedFile) -> str:
        return file.feed.integration.title

    @admin.display(description=gettext_lazy("kind"))
    def kind(self, file: ExchangedFile) -> str:
        return str(file.feed.get_kind_display())

    @admin.display(description=gettext_lazy("state"))
    def state_shown(self, file: ExchangedFile) -> str:
        shown = badge(file.get_state_display(), FILE_TONES[file.state])
        stuck = badge(_("Not moved"), "warn") if file.problem else ""
        return format_html("{} {}", shown, stuck)


def _cells(file: ExchangedFile) -> Sequence[Cell]:
    return (
        file.name, file.feed.integration.title, str(file.feed.get_kind_display()), str(file.get_state_display()),
        file.reason, str(file.rows), str(file.booked), str(file.unchanged), str(file.failed), file.seen_at,
        file.finished_at,
    )  # fmt: skip
