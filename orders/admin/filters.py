"""Tabs and filters of the orders list; each has its index."""

from __future__ import annotations

from typing import Any

from django.contrib.admin import ModelAdmin
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _

from integrations.admin.open_project import shops_of
from integrations.choices import ImportAction
from orders import counting
from orders.choices import OrderStatus, Tab
from stock.admin.base import project_of
from stock.admin.listing import ChoiceFilter, DateRange, TabFilter, capped, options

ALL = "all"


class OrderTab(TabFilter):
    def lookups(self, request: HttpRequest, model_admin: ModelAdmin[Any]) -> list[tuple[str, str]]:
        named = [(tab.value, tab.label) for tab in counting.TABS]
        ended = [(status.value, status.label) for status in counting.ENDED]
        return options([*named, *ended, (ALL, _("All"))])

    def counts(self, request: HttpRequest) -> dict[str, str]:
        project = project_of(request)
        found = counting.by_tab(project.pk) if project else {}
        return {key: capped(count) for key, count in found.items() if key in set(counting.TABS)}

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        self.checked(self.value())
        tab = self.selected
        if tab in set(Tab):
            return queryset.filter(tab=tab).exclude(tab="")
        if tab in set(OrderStatus):
            return queryset.filter(status=tab)
        return queryset


class ShopFilter(ChoiceFilter):
    title = _("shop")
    parameter_name = "shop"
    field = "integration_id"

    def lookups(self, request: HttpRequest, model_admin: ModelAdmin[Any]) -> list[tuple[str, str]]:
        return options((shop.pk, shop.title) for shop in shops_of(request))

    def has_output(self) -> bool:
        return bool(self.lookup_choices)


class StatusFilter(ChoiceFilter):
    title = _("status")
    parameter_name = "status"
    field = "status"

    def lookups(self, request: HttpRequest, model_admin: ModelAdmin[Any]) -> list[tuple[str, str]]:
        return options(OrderStatus.choices)


class RuleFilter(ChoiceFilter):
    title = _("imported as")
    parameter_name = "rule"
    field = "import_action"

    def lookups(self, request: HttpRequest, model_admin: ModelAdmin[Any]) -> list[tuple[str, str]]:
        return options(choice for choice in ImportAction.choices if choice[0] != ImportAction.SKIP)


class PlacedRange(DateRange):
    title = _("placed")
    field = "placed_at"
