"""Customers and their orders."""

from __future__ import annotations

from typing import Any

from django.contrib import admin
from django.db.models import Q, QuerySet
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _

from orders.admin.tones import STATUS_TONES, TAB_TONES
from orders.models import Customer
from orders.money import money
from stock.admin.base import PageAdmin

ORDERS_SHOWN = 50


@admin.register(Customer)
class CustomerAdmin(PageAdmin[Customer]):
    list_display = ("named", "email", "name", "source_id", "phone", "since")
    search_fields = ("email",)
    search_help_text = _("The beginning of an e-mail address, of a name, or a source id.")
    sortable_by = ("email",)
    ordering = ("email",)
    page_template = "admin/orders/customer/page.html"
    empty_sentence = _("No customers here. They come with the first order of a buyer who left an e-mail address.")  # type: ignore[assignment]

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[Customer], search_term: str
    ) -> tuple[QuerySet[Customer], bool]:
        term = search_term.strip()
        if term:
            queryset = queryset.filter(
                Q(email__startswith=term.lower()) | Q(name__istartswith=term) | Q(source_id=term)
            )
        return queryset, False

    @admin.display(description=_("customer"))
    def named(self, customer: Customer) -> str:
        return str(customer)

    @admin.display(description=_("customer since"))
    def since(self, customer: Customer) -> Any:
        return customer.created_at

    def page_context(self, request: HttpRequest, obj: Customer) -> dict[str, Any]:
        orders = obj.orders.order_by("-placed_at", "-id")[:ORDERS_SHOWN]
        return {
            "address": [value for value in obj.address.values() if value],
            "metadata": sorted(obj.metadata.items()),
            "orders": [
                (order, money(order.total, order.currency), STATUS_TONES[order.status], TAB_TONES.get(order.tab, ""))
                for order in orders
            ],
        }
