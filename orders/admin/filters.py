"""Tabs and filters of the orders list; each has its index."""

from __future__ import annotations

from typing import Any

from django.contrib.admin import ModelAdmin
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _

from config.kit.admin.change_lists import ChoiceFilter, DateRange, TabFilter, capped, options, shown
from integrations.access.tenancy import project_of
from integrations.admin.open_project import shops_of, warehouses_of
from integrations.choices import ImportAction
from orders import counting
from orders.admin.tones import IN_SHOP_WORDS
from orders.choices import InShop, OrderStatus, Tab
from orders.filters import ORDERS

ALL = "all"


class OrderTab(TabFilter):
    def lookups(self, request: HttpRequest, model_admin: ModelAdmin[Any]) -> list[tuple[str, str]]:
        named = [(tab.value, tab.label) for tab in counting.TABS]
        ended = [(status.value, status.label) for status in counting.ENDED]
        marks = [(mark.value, IN_SHOP_WORDS[mark]) for mark in InShop]  # short: all tabs fit in a row
        return options([*named, *ended, *marks, (ALL, _("All"))])

    def counts(self, request: HttpRequest) -> dict[str, str]:
        project = project_of(request)
        found = counting.by_tab(project.pk) if project else {}
        return {key: capped(count) for key, count in found.items() if key in {*counting.TABS, *InShop}}

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        self.checked(self.value())
        tab = self.selected
        if tab in set(Tab):
            return shown(ORDERS, {"tab": tab}, queryset)
        if tab in set(InShop):
            return shown(ORDERS, {"in_shop": tab}, queryset)
        if tab in set(OrderStatus):
            return shown(ORDERS, {"status": tab}, queryset)
        return queryset


class ShopFilter(ChoiceFilter):
    title = _("shop")
    parameter_name = "integration"
    filters = ORDERS

    def lookups(self, request: HttpRequest, model_admin: ModelAdmin[Any]) -> list[tuple[str, str]]:
        return options((shop.pk, shop.title) for shop in shops_of(request))

    def has_output(self) -> bool:
        return bool(self.lookup_choices)


class WarehouseFilter(ChoiceFilter):
    title = _("warehouse")
    parameter_name = "warehouse"
    filters = ORDERS

    def lookups(self, request: HttpRequest, model_admin: ModelAdmin[Any]) -> list[tuple[str, str]]:
        return options((row.pk, row.name) for row in warehouses_of(request).rows)

    def has_output(self) -> bool:
        return len(self.lookup_choices) > 1


class StatusFilter(ChoiceFilter):
    title = _("status")
    parameter_name = "status"
    filters = ORDERS


class InShopChoice(ChoiceFilter):
    title = _("in the shop")
    parameter_name = "in_shop"
    filters = ORDERS


class PreparedChoice(ChoiceFilter):
    title = _("in preparation")
    parameter_name = "prepared"
    filters = ORDERS


class RuleFilter(ChoiceFilter):
    title = _("imported as")
    parameter_name = "rule"
    filters = ORDERS

    def lookups(self, request: HttpRequest, model_admin: ModelAdmin[Any]) -> list[tuple[str, str]]:
        return [(key, ImportAction(key).label) for key, _same in super().lookups(request, model_admin)]


class PlacedRange(DateRange):
    title = _("placed")
    filters, span = ORDERS, "placed"
