"""Customers: their orders in a line, their segments and points."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal
from typing import Any

from babel.numbers import get_currency_precision
from django import forms
from django.contrib import admin, messages
from django.db.models import QuerySet
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from config.kit.admin.change_lists import MOST_FIRST, CappedPaginator, ChoiceFilter, LookedUpPaginator, options
from config.kit.admin.csv_files import in_csv
from config.kit.admin.guards import guarded
from config.kit.admin.markup import number
from config.kit.admin.model_admins import PageAdmin, Route
from config.kit.money import bare_amount, money
from config.kit.postgresql.any_of import AnyOf
from integrations.access.tenancy import project_of
from orders.admin.customer_page import customer_page
from orders.customers.customer_search import first_found
from orders.filters import CUSTOMERS
from orders.models import Customer, Segment
from orders.models.orders import EMAIL_KEY
from orders.points import movements
from orders.points.movements import AdjustedMeanwhile, PointsRefused
from orders.segments.summaries import summary_of

ADJUST = "orders.add_pointsmovement"
ERASE = "integrations.erase_person"


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
    list_display = (
        "named", "mail", "source_id", "phone", "country", "spent", "orders_counted", "average", "last_order", "points",
        "since",
    )  # fmt: skip
    hidden_at_first = frozenset({"source_id", "phone", "country", "average"})
    list_filter = (SegmentFilter,)
    list_select_related = ("summary", "project")
    search_fields = ("email",)
    search_help_text = gettext_lazy("The beginning of an e-mail address, of a name, or a source id.")
    sorted_by_index = frozenset({"mail"})
    ordering = (EMAIL_KEY,)
    page_template = "admin/orders/customer/page.html"
    empty_sentence = gettext_lazy(
        "No customers here. They come with the first order of a buyer who left an e-mail address."
    )  # type: ignore[assignment]

    def routes(self) -> Sequence[Route]:
        return [("<int:pk>/points/", self.adjust, "points")]

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
        term, project = search_term.strip(), project_of(request)
        if term and project is not None:
            queryset = queryset.filter(AnyOf("pk", first_found(project.pk, term, MOST_FIRST)))
            request.is_searched = True  # type: ignore[attr-defined]  # for the paginator
        return queryset, False

    def get_paginator(self, request: HttpRequest, *args: Any, **kwargs: Any) -> Any:
        searched = getattr(request, "is_searched", False)
        return (LookedUpPaginator if searched else CappedPaginator)(*args, **kwargs)

    @admin.display(description=gettext_lazy("customer"))
    def named(self, customer: Customer) -> str:
        return str(customer)

    @admin.display(description=gettext_lazy("e-mail"), ordering=EMAIL_KEY)
    def mail(self, customer: Customer) -> str:
        """Not called as a field is: Django would sort by that."""
        return customer.email or "–"

    @admin.display(description=gettext_lazy("country"), ordering="summary__country")
    def country(self, customer: Customer) -> str:
        return summary_of(customer).country or "–"

    @in_csv({"currency": lambda customer: customer.project.currency, "total spent": lambda customer: _spent(customer)})
    @admin.display(description=number(gettext_lazy("total spent")), ordering="summary__total_amount")
    def spent(self, customer: Customer) -> str:
        return number(money(summary_of(customer).total_amount, customer.project.currency))

    @in_csv({"orders": lambda customer: str(summary_of(customer).total_count)})
    @admin.display(description=number(gettext_lazy("orders")), ordering="summary__total_count")
    def orders_counted(self, customer: Customer) -> str:
        return number(f"{summary_of(customer).total_count:,}")

    @in_csv({"average order": lambda customer: bare_amount(_average(customer), customer.project.currency)})
    @admin.display(description=number(gettext_lazy("average order")), ordering="summary__average_amount")
    def average(self, customer: Customer) -> str:
        return number(money(_average(customer), customer.project.currency))

    @admin.display(description=gettext_lazy("last order"), ordering="summary__last_order_at")
    def last_order(self, customer: Customer) -> Any:
        return summary_of(customer).last_order_at

    @in_csv({"points": lambda customer: str(summary_of(customer).points)})
    @admin.display(description=number(gettext_lazy("points")), ordering="summary__points")
    def points(self, customer: Customer) -> str:
        return number(f"{summary_of(customer).points:,}")

    @admin.display(description=gettext_lazy("customer since"), ordering="created_at")
    def since(self, customer: Customer) -> Any:
        return customer.created_at

    def page_context(self, request: HttpRequest, obj: Customer) -> dict[str, Any]:
        may = obj.deleted_at is None and request.user.has_perm(ADJUST)
        form = PointsForm(initial={"seen": movements.last_movement(obj.pk)}, prefix="points") if may else None
        may_erase = obj.erased_at is None and obj.deleted_at is None and request.user.has_perm(ERASE)
        return {**customer_page(obj, summary_of(obj)), "points_form": form, "may_erase": may_erase}

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


def _spent(customer: Customer) -> str:
    return bare_amount(summary_of(customer).total_amount, customer.project.currency)


def _average(customer: Customer) -> Decimal:
    average: Decimal = summary_of(customer).average_amount
    return round(average, get_currency_precision(customer.project.currency))
