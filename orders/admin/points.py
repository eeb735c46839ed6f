"""The ledger of points: what came, what went, and why. Read only; points are adjusted on the customer's page."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django.contrib import admin
from django.db.models import Q, QuerySet
from django.http import HttpRequest, HttpResponse, HttpResponseNotAllowed, HttpResponseRedirect
from django.http.response import HttpResponseBase
from django.utils.translation import gettext_lazy as _

from config.kit.admin.change_lists import ChoiceFilter, DateRange
from config.kit.admin.csv_files import Cell, csv_of_list
from config.kit.admin.guards import guarded
from config.kit.admin.markup import badge, link, number
from config.kit.admin.model_admins import PageAdmin, Route
from config.kit.postgresql.any_of import AnyOf
from integrations.access.tenancy import project_of
from orders.choices import PointsReason
from orders.filters import POINTS
from orders.models import Customer, PointsMovement
from orders.models.orders import EMAIL_KEY

TONES = {PointsReason.EARNED: "good", PointsReason.TAKEN_BACK: "warn", PointsReason.ADJUSTED: "info"}
COLUMNS = ("when", "customer", "e-mail", "points", "reason", "rule", "order", "note", "who")


class ReasonFilter(ChoiceFilter):
    title = _("reason")
    parameter_name = "reason"
    filters = POINTS


class BookedRange(DateRange):
    title = _("day")
    filters, span = POINTS, "booked"


@admin.register(PointsMovement)
class PointsMovementAdmin(PageAdmin[PointsMovement]):
    list_display = ("when", "of_customer", "moved", "why", "rule", "of_order", "note", "actor")
    list_display_links = None
    list_filter = (ReasonFilter, BookedRange)
    list_select_related = ("customer", "rule", "order", "actor")
    search_fields = ("customer",)
    search_help_text = _("An e-mail address or a source id, in full.")
    ordering = ("-id",)
    page_template = ""
    empty_sentence = _("No points here. Earning rules give them, or people on the page of a customer.")  # type: ignore[assignment]

    def routes(self) -> Sequence[Route]:
        return [("export/", self.export, "export")]

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[PointsMovement], search_term: str
    ) -> tuple[QuerySet[PointsMovement], bool]:
        term = search_term.strip()
        if term:
            customers = Customer.objects.filter(project=project_of(request)).alias(lowered=EMAIL_KEY)
            # Told by their keys: asked of the ledger's own rows, it is read from end to end.
            theirs = customers.filter(Q(lowered=term.lower()) | Q(source_id=term)).values_list("pk", flat=True)
            queryset = queryset.filter(AnyOf("customer", list(theirs)))
        return queryset, False

    def changelist_view(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> HttpResponse:
        return super().changelist_view(request, {"title": _("Points"), **(extra_context or {})})

    def change_view(
        self, request: HttpRequest, object_id: str, form_url: str = "", extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        """A movement has no page of its own: its customer's page shows it in context."""
        if request.method not in {"GET", "HEAD"}:
            return HttpResponseNotAllowed(["GET", "HEAD"])
        movement = self.get_object(request, object_id)
        if movement is None:
            return self.missing(request, object_id)
        customers = self.admin_site.get_model_admin(Customer)
        return HttpResponseRedirect(customers.url("change", movement.customer_id) + "#points")  # type: ignore[attr-defined]

    @guarded("orders.view_pointsmovement", methods=("GET",))
    def export(self, request: HttpRequest) -> HttpResponseBase:
        """Download what the list shows, all pages of it."""
        return csv_of_list(self, request, "points", COLUMNS, _cells)

    @admin.display(description=_("when"))
    def when(self, movement: PointsMovement) -> Any:
        return movement.at

    @admin.display(description=_("customer"))
    def of_customer(self, movement: PointsMovement) -> str:
        return link("orders_customer", movement.customer_id, movement.customer)

    @admin.display(description=_("points"))
    def moved(self, movement: PointsMovement) -> str:
        return number(f"{movement.points:+,}")

    @admin.display(description=_("reason"))
    def why(self, movement: PointsMovement) -> str:
        reason = PointsReason(movement.reason)
        return badge(reason.label, TONES[reason])

    @admin.display(description=_("order"))
    def of_order(self, movement: PointsMovement) -> str:
        return link("orders_order", movement.order_id, movement.order) if movement.order_id else "–"


def _cells(movement: PointsMovement) -> list[Cell]:
    return [
        movement.at, str(movement.customer), movement.customer.email, str(movement.points),
        movement.get_reason_display(), str(movement.rule or ""), str(movement.order or ""), movement.note,
        str(movement.actor or ""),
    ]  # fmt: skip
