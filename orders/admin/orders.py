"""The orders list and the page of an order."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django.contrib import admin
from django.db.models import F, OuterRef, QuerySet, Subquery, Value
from django.db.models.functions import Coalesce
from django.http import HttpRequest, HttpResponse
from django.utils.html import format_html, format_html_join
from django.utils.translation import gettext_lazy as _

from config.kit.admin.markup import badge
from config.kit.admin.model_admins import Route
from config.kit.money import money
from integrations.admin.open_project import warehouses_of
from integrations.models import StatusRule
from orders.admin.export import ExportOrders
from orders.admin.filters import (
    InShopChoice,
    OrderTab,
    PlacedRange,
    RuleFilter,
    ShopFilter,
    StatusFilter,
    WarehouseFilter,
)
from orders.admin.loading import LoadOrders
from orders.admin.order_page import order_page
from orders.admin.synchronizing import SYNCHRONIZE, SynchronizeOrders
from orders.admin.tones import IN_SHOP_TONES, IN_SHOP_WORDS, STATUS_TONES, TAB_TONES
from orders.admin.work.bulk import BulkSteps
from orders.admin.work.page import OrderSteps
from orders.in_shop import marks_of, newest_status
from orders.models import Order
from orders.search import search

# Columns no list needs.
UNREAD = ("billing", "shipping", "metadata", "warnings", "note", "search")


@admin.register(Order)
class OrderAdmin(LoadOrders, ExportOrders, SynchronizeOrders, BulkSteps, OrderSteps):
    list_display = ("named", "placed", "shop", "bought_by", "amount", "state", "preparation", "remote")
    list_filter = (OrderTab, ShopFilter, WarehouseFilter, StatusFilter, InShopChoice, RuleFilter, PlacedRange)
    list_display_links = ("named",)
    search_fields = ("search",)  # shows the box; `get_search_results` asks the index of words
    search_help_text = _(
        "Number, e-mail, phone, name, city or SKU, an invoice, a shipment or a parcel; beginnings are enough."
    )
    sortable_by = ("placed",)
    ordering = ("-placed_at", "-id")
    actions = ("synchronize_chosen", *BulkSteps.bulk_actions)
    change_list_template = "admin/orders/order/change_list.html"
    page_template = "admin/orders/order/page.html"
    empty_sentence = _("No orders here. Load new orders, choose another tab or clear the filters.")  # type: ignore[assignment]

    def routes(self) -> Sequence[Route]:
        return [
            *self.loading_routes(),
            *self.export_routes(),
            *self.synchronize_routes(),
            *self.bulk_routes(),
            *self.step_routes(),
        ]

    def get_list_display(self, request: HttpRequest) -> list[Any]:
        columns = list(super().get_list_display(request))
        if warehouses_of(request).several:
            columns.insert(columns.index("remote"), "served_from")
        return [*columns, "synchronize_row"] if request.user.has_perm(SYNCHRONIZE) else columns

    def get_queryset(self, request: HttpRequest) -> QuerySet[Order]:
        rule = StatusRule.objects.filter(integration=OuterRef("integration"), status=OuterRef("shop_status"))
        found = super().get_queryset(request).annotate(shop_status=newest_status())
        here = warehouses_of(request)
        if here.several:
            found = found.annotate(place=Coalesce(F("warehouse__name"), Value(here.name(None))))
        return found.annotate(shop_title=F("integration__title"), remote_label=Subquery(rule.values("label")[:1]))

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[Order], search_term: str
    ) -> tuple[QuerySet[Order], bool]:
        return search(queryset, search_term).defer(*UNREAD), False

    def changelist_view(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> HttpResponse:
        return super().changelist_view(request, {**self.loading_context(request), **(extra_context or {})})

    def page_context(self, request: HttpRequest, obj: Order) -> dict[str, Any]:
        return {
            **order_page(request, obj),
            **self.step_context(request, obj),
            **self.synchronize_context(request, obj),
        }

    @admin.display(description=_("number"))
    def named(self, order: Order) -> str:
        return order.number or f"#{order.pk}"

    @admin.display(description=_("placed"), ordering="placed_at")
    def placed(self, order: Order) -> Any:
        return order.placed_at

    @admin.display(description=_("shop"))
    def shop(self, order: Order) -> str:
        title: str | None = order.shop_title  # type: ignore[attr-defined]
        return title or "–"

    @admin.display(description=_("buyer"))
    def bought_by(self, order: Order) -> str:
        return order.buyer or order.email or "–"

    @admin.display(description=format_html('<span class="number">{}</span>', _("total")))
    def amount(self, order: Order) -> str:
        return format_html('<span class="number">{}</span>', money(order.total, order.currency))

    @admin.display(description=_("status"))
    def state(self, order: Order) -> str:
        return badge(order.get_status_display(), STATUS_TONES[order.status])

    @admin.display(description=_("preparation"))
    def preparation(self, order: Order) -> str:
        return badge(order.get_tab_display(), TAB_TONES[order.tab]) if order.tab else "–"

    @admin.display(description=_("warehouse"))
    def served_from(self, order: Order) -> str:
        return str(order.place)  # type: ignore[attr-defined]

    @admin.display(description=_("in the shop"))
    def remote(self, order: Order) -> str:
        label: str | None = order.remote_label  # type: ignore[attr-defined]
        status = label or order.shop_status or "–"  # type: ignore[attr-defined]
        marks = [(badge(IN_SHOP_WORDS[mark], IN_SHOP_TONES[mark]),) for mark in marks_of(order)]
        return format_html_join(" ", "{}", [(status,), *marks])

    @admin.display(description=_("eshop"))
    def synchronize_row(self, order: Order) -> str:
        return self.synchronize_button(order)
