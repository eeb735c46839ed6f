"""The ledger of movements: what came, what left, and why. Read only."""

from __future__ import annotations

from typing import Any

from django.contrib import admin
from django.contrib.admin import ModelAdmin
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse, HttpResponseNotAllowed, HttpResponseRedirect
from django.utils.html import format_html
from django.utils.translation import gettext_lazy as _

from config.kit.admin.change_lists import ChoiceFilter, DateRange, options
from config.kit.admin.markup import badge, number
from config.kit.admin.model_admins import PageAdmin
from integrations.admin.open_project import warehouses_of
from stock.choices import MovementReason
from stock.filters import MOVEMENTS
from stock.models import Product, StockMovement

# Of a movement itself; the row of the list is called by some of them.
COLUMNS = ("project", "at", "quantity", "reason", "note", "reference", "level__product", "level__warehouse")
TONES: dict[str, str] = {
    MovementReason.RECEIPT: "good",
    MovementReason.SHIPMENT: "info",
    MovementReason.ADJUSTMENT: "warn",
    MovementReason.TAKE_OVER: "warn",
    MovementReason.TRANSFER_OUT: "info",
    MovementReason.TRANSFER_IN: "good",
    MovementReason.RETURN: "good",
}


class ReasonFilter(ChoiceFilter):
    title = _("reason")
    parameter_name = "reason"
    filters = MOVEMENTS


class PlaceFilter(ChoiceFilter):
    title = _("warehouse")
    parameter_name = "warehouse"
    filters = MOVEMENTS

    def lookups(self, request: HttpRequest, model_admin: ModelAdmin[Any]) -> list[tuple[str, str]]:
        return options((row.pk, row.name) for row in warehouses_of(request).rows)

    def has_output(self) -> bool:
        return len(self.lookup_choices) > 1


class MovedRange(DateRange):
    title = _("day")
    filters, span = MOVEMENTS, "booked"


@admin.register(StockMovement)
class MovementAdmin(PageAdmin[StockMovement]):
    project_path = "project"
    list_display = ("when", "product", "units", "why", "note", "who")
    list_display_links = None
    list_filter = (ReasonFilter, PlaceFilter, MovedRange)
    search_fields = ("sku",)
    search_help_text = _("A SKU, in full.")
    ordering = ("-at", "-id")
    page_template = ""
    empty_sentence = _("No movements here. Receive stock on a product's page, and it is written down here.")  # type: ignore[assignment]

    def get_queryset(self, request: HttpRequest) -> QuerySet[StockMovement]:
        # Named only where rows are shown: a count joins nothing.
        shown = ("level__product__sku", "level__warehouse__name", "actor__username", *COLUMNS)
        rows = super().get_queryset(request).select_related("level__product", "level__warehouse", "actor")
        return rows.only(*shown)

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[StockMovement], search_term: str
    ) -> tuple[QuerySet[StockMovement], bool]:
        term = search_term.strip()
        return (queryset.filter(level__product__sku=term) if term else queryset), False

    def change_view(
        self, request: HttpRequest, object_id: str, form_url: str = "", extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        """A movement has no page of its own: its product's page shows it in context."""
        if request.method not in {"GET", "HEAD"}:
            return HttpResponseNotAllowed(["GET", "HEAD"])
        movement = self.get_object(request, object_id)
        if movement is None:
            return self.missing(request, object_id)
        products = self.admin_site.get_model_admin(Product)
        return HttpResponseRedirect(products.url("change", movement.level.product_id))  # type: ignore[attr-defined]

    @admin.display(description=_("when"))
    def when(self, movement: StockMovement) -> Any:
        return movement.at

    @admin.display(description=_("product"))
    def product(self, movement: StockMovement) -> str:
        products = self.admin_site.get_model_admin(Product)
        address = products.url("change", movement.level.product_id)  # type: ignore[attr-defined]
        return format_html('<a href="{}">{}</a>', address, movement.level.product.sku)

    def offered_columns(self, request: HttpRequest) -> list[str]:
        columns = super().offered_columns(request)
        return [*columns[:2], "warehouse", *columns[2:]] if warehouses_of(request).several else columns

    @admin.display(description=_("warehouse"))
    def warehouse(self, movement: StockMovement) -> str:
        return movement.level.warehouse.name

    @admin.display(description=_("units"))
    def units(self, movement: StockMovement) -> str:
        return number(f"{movement.quantity:+,}")

    @admin.display(description=_("reason"))
    def why(self, movement: StockMovement) -> str:
        return badge(movement.get_reason_display(), TONES[movement.reason])

    @admin.display(description=_("who"))
    def who(self, movement: StockMovement) -> str:
        return movement.actor.get_username() if movement.actor else "–"
