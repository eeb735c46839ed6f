"""Customers: their orders in a line, their segments and points."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from babel.numbers import get_currency_precision
from django import forms
from django.contrib import admin, messages
from django.db.models import Q, QuerySet
from django.db.models.functions import Lower
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.http.response import HttpResponseBase
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from config.kit.admin.change_lists import ChoiceFilter, options
from config.kit.admin.csv_files import Cell, csv_of_list
from config.kit.admin.guards import guarded
from config.kit.admin.markup import number
from config.kit.admin.model_admins import PageAdmin, Route
from config.kit.money import bare_amount, money
from integrations.access.tenancy import project_of
from orders.admin.customer_page import customer_page
from orders.filters import CUSTOMERS
from orders.models import Customer, Segment
from orders.points import movements
from orders.points.movements import AdjustedMeanwhile, PointsRefused
from orders.segments.summaries import summary_of

ADJUST = "orders.add_pointsmovement"
ERASE = "integrations.erase_person"
COLUMNS = (
    "customer", "e-mail", "source id", "phone", "country", "currency", "total spent", "orders", "average order",
    "last order", "points", "customer since",
)  # fmt: skip


class PointsForm(forms.Form):
    """Points given or taken by hand. `seen` is the last movement the person had before their eyes."""

    points = forms.IntegerField(
        label=gettext_lazy("Points more (or −less)"),
        min_value=-movements.MOST_POINTS,
        max_value=movements.MOST_POINTS,
        help_text=gettext_lazy("For example 50, or -50 to take them away."),
    )
    note = forms.CharField(label=gettext_lazy("Why"), max_length=300)
    seen = forms.IntegerField(widget=forms.HiddenInput, required=False)


class SegmentFilter(ChoiceFilter):
    title = gettext_lazy("segment")
    parameter_name = "segment"
    filters = CUSTOMERS

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        project = project_of(request)
        segments = Segment.objects.filter(project=project, deleted_at=None).order_by("name")
        return options(segments.values_list("pk", "name")) if project else []

    def has_output(self) -> bool:
        return bool(self.lookup_choices)


@admin.register(Customer)
class CustomerAdmin(PageAdmin[Customer]):
    list_display = ("named", "address", "name", "source_id", "spent", "orders_counted", "points", "since")
    list_filter = (SegmentFilter,)
    list_select_related = ("summary", "project")
    search_fields = ("email",)
    search_help_text = gettext_lazy("The beginning of an e-mail address, of a name, or a source id.")
    sorted_by_index = frozenset({"address"})
    ordering = (Lower("email"),)
    page_template = "admin/orders/customer/page.html"
    empty_sentence = gettext_lazy(
        "No customers here. They come with the first order of a buyer who left an e-mail address."
    )  # type: ignore[assignment]

    def routes(self) -> Sequence[Route]:
        return [("export/", self.export, "export"), ("<int:pk>/points/", self.adjust, "points")]

    def get_queryset(self, request: HttpRequest) -> QuerySet[Customer]:
        """Deleted ones are in no list."""
        return super().get_queryset(request).filter(deleted_at=None)

    def get_object(self, request: HttpRequest, object_id: str, from_field: str | None = None) -> Customer | None:
        """Deleted ones have a page nevertheless, because points lead there."""
        pk = int(object_id) if object_id.isascii() and object_id.isdecimal() and len(object_id) < 19 else 0
        return super().get_queryset(request).filter(pk=pk).first()

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[Customer], search_term: str
    ) -> tuple[QuerySet[Customer], bool]:
        term = search_term.strip()
        if term:
            queryset = queryset.alias(lowered=Lower("email")).filter(
                Q(lowered__startswith=term.lower()) | Q(name__istartswith=term) | Q(source_id=term)
            )
        return queryset, False

    @admin.display(description=gettext_lazy("customer"))
    def named(self, customer: Customer) -> str:
        return str(customer)

    @admin.display(description=gettext_lazy("e-mail"), ordering=Lower("email"))
    def address(self, customer: Customer) -> str:
        return customer.email

    @admin.display(description=gettext_lazy("total spent"))
    def spent(self, customer: Customer) -> str:
        return number(money(summary_of(customer).total_amount, customer.project.currency))

    @admin.display(description=gettext_lazy("orders"))
    def orders_counted(self, customer: Customer) -> str:
        return number(f"{summary_of(customer).total_count:,}")

    @admin.display(description=gettext_lazy("points"))
    def points(self, customer: Customer) -> str:
        return number(f"{summary_of(customer).points:,}")

    @admin.display(description=gettext_lazy("customer since"))
    def since(self, customer: Customer) -> Any:
        return customer.created_at

    def page_context(self, request: HttpRequest, obj: Customer) -> dict[str, Any]:
        may = obj.deleted_at is None and request.user.has_perm(ADJUST)
        form = PointsForm(initial={"seen": movements.last_movement(obj.pk)}, prefix="points") if may else None
        may_erase = obj.erased_at is None and obj.deleted_at is None and request.user.has_perm(ERASE)
        return {**customer_page(obj, summary_of(obj)), "points_form": form, "may_erase": may_erase}

    @guarded("orders.view_customer", methods=("GET",))
    def export(self, request: HttpRequest) -> HttpResponseBase:
        """Download what the list shows, all pages of it."""
        return csv_of_list(self, request, "customers", COLUMNS, _cells)

    @guarded(ADJUST)
    def adjust(self, request: HttpRequest, pk: int) -> HttpResponse:
        """Give or take points by hand."""
        customer = self.get_object(request, str(pk))
        if customer is None or customer.deleted_at is not None:
            raise Http404
        form = PointsForm(request.POST, prefix="points")
        if form.is_valid():
            values = form.cleaned_data
            try:
                movements.adjust(pk, values["points"], values["note"], seen=values["seen"], actor_id=request.user.pk)
            except AdjustedMeanwhile as refusal:
                messages.warning(request, str(refusal))
                return HttpResponseRedirect(self.url("change", pk))
            except PointsRefused as refusal:
                form.add_error(refusal.field, str(refusal))
            else:
                messages.success(request, _("The points are booked."))
                return HttpResponseRedirect(self.url("change", pk))
        return self.render_page(request, customer, status=422, points_form=form)


def _cells(customer: Customer) -> list[Cell]:
    summary, currency = summary_of(customer), customer.project.currency
    average = round(summary.average_amount, get_currency_precision(currency))
    return [
        str(customer), customer.email, customer.source_id, customer.phone, summary.country, currency,
        bare_amount(summary.total_amount, currency), str(summary.total_count), bare_amount(average, currency),
        summary.last_order_at,
        str(summary.points), customer.created_at,
    ]  # fmt: skip
