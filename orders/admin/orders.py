"""The orders list and the page of an order."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django.contrib import admin
from django.db.models import F, OuterRef, QuerySet, Subquery, Value
from django.db.models.functions import Coalesce
from django.http import HttpRequest, HttpResponse
from django.utils.translation import gettext_lazy as _

from config.kit.admin.change_lists import CappedPaginator, WalkedPaginator
from config.kit.admin.model_admins import Route
from integrations.admin.open_project import warehouses_of
from integrations.models import StatusRule
from orders.admin.filters import (
    InShopChoice,
    OrderTab,
    PlacedRange,
    PreparedChoice,
    RuleFilter,
    ShopFilter,
    StatusFilter,
    WarehouseFilter,
)
from orders.admin.loading import LoadOrders
from orders.admin.order_columns import OrderColumns
from orders.admin.order_page import order_page
from orders.admin.work.bulk import BulkSteps
from orders.admin.work.page import OrderSteps
from orders.in_shop import newest_status
from orders.models import Order, PreparedOrder
from orders.seldom_words import searched


@admin.register(Order)
class OrderAdmin(LoadOrders, OrderColumns, BulkSteps, OrderSteps):
    list_filter = (
        OrderTab, ShopFilter, WarehouseFilter, StatusFilter, InShopChoice, PreparedChoice, RuleFilter, PlacedRange,
    )  # fmt: skip
    search_fields = ("search",)  # shows the box; `get_search_results` asks the index of words
    search_help_text = _(
        "Number, e-mail, phone, name, city or SKU, an invoice, a shipment or a parcel; beginnings are enough."
    )
    sorted_by_index = frozenset({"placed"})
    ordering = ("-placed_at", "-id")
    actions = ("synchronize_chosen", *BulkSteps.bulk_actions)
    change_list_template = "admin/orders/order/change_list.html"
    page_template = "admin/orders/order/page.html"
    page_select_related = ("remote_order",)  # with what its shop sent
    empty_sentence = _("No orders here. Load new orders, choose another tab or clear the filters.")  # type: ignore[assignment]

    def routes(self) -> Sequence[Route]:
        return [
            *self.loading_routes(),
            *self.synchronize_routes(),
            *self.bulk_routes(),
            *self.step_routes(),
        ]

    def get_queryset(self, request: HttpRequest) -> QuerySet[Order]:
        rule = StatusRule.objects.filter(integration=OuterRef("integration"), status=OuterRef("shop_status"))
        waits = PreparedOrder.objects.filter(order=OuterRef("pk"), shipment=None)  # in one at most: a constraint
        found = super().get_queryset(request)
        found = found.annotate(shop_status=newest_status(), prepared_in=Subquery(waits.values("preparation")[:1]))
        here = warehouses_of(request)
        if here.several:
            found = found.annotate(place=Coalesce(F("warehouse__name"), Value(here.name(None))))
        return found.annotate(shop_title=F("integration__title"), remote_label=Subquery(rule.values("label")[:1]))

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[Order], search_term: str
    ) -> tuple[QuerySet[Order], bool]:
        found = searched(queryset, search_term)
        request.is_walked = found.walked  # type: ignore[attr-defined]  # for the paginator
        return found.orders, False

    def get_paginator(self, request: HttpRequest, *args: Any, **kwargs: Any) -> Any:
        walked = getattr(request, "is_walked", False)
        return (WalkedPaginator if walked else CappedPaginator)(*args, **kwargs)

    def changelist_view(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> HttpResponse:
        return super().changelist_view(request, {**self.loading_context(request), **(extra_context or {})})

    def page_context(self, request: HttpRequest, obj: Order) -> dict[str, Any]:
        return {
            **order_page(request, obj),
            **self.step_context(request, obj),
            **self.synchronize_context(request, obj),
        }
