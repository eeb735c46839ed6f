"""The columns of the products list."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from decimal import Decimal
from functools import partial
from operator import attrgetter
from typing import Any

from django.contrib import admin
from django.contrib.postgres.expressions import ArraySubquery
from django.db.models import F, OuterRef, Prefetch, QuerySet, Subquery, Sum
from django.db.models.functions import Coalesce
from django.http import HttpRequest
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString
from django.utils.translation import gettext_lazy

from config.kit.admin.csv_files import Cell, in_csv
from config.kit.admin.markup import badge, number
from config.kit.admin.model_admins import TenantAdmin
from config.kit.money import bare_amount, money
from integrations.admin.open_project import warehouses_of
from orders.models import OrderLine
from stock.models import Product, StockLevel

LINE_BREAK = SafeString("<br>")
PLACED = StockLevel.objects.exclude(location="").order_by("warehouse__priority", "warehouse_id")
LEVELS = Prefetch(
    "levels", StockLevel.objects.select_related("warehouse").order_by("warehouse__priority", "warehouse_id")
)


class ProductColumns(TenantAdmin[Product]):
    list_display = (
        "sku", "full_name", "product", "ean", "location", "price_shown", "on_hand", "reserved", "available",
        "by_warehouse", "waiting", "added",
    )  # fmt: skip
    hidden_at_first = frozenset({"product", "price_shown", "added"})
    list_select_related = ("parent", "project")

    def get_queryset(self, request: HttpRequest) -> QuerySet[Product]:
        levels = StockLevel.objects.filter(product=OuterRef("pk")).order_by().values("product")
        lines = OrderLine.objects.filter(product=OuterRef("pk"), waiting__gt=0).order_by().values("product")
        return (
            super()
            .get_queryset(request)
            .annotate(
                locations=ArraySubquery(PLACED.filter(product=OuterRef("pk")).values("location")),
                units_on_hand=Coalesce(Subquery(levels.annotate(units=Sum("on_hand")).values("units")), 0),
                units_reserved=Coalesce(Subquery(levels.annotate(units=Sum("reserved")).values("units")), 0),
                units_waiting=Coalesce(Subquery(lines.annotate(units=Sum("waiting")).values("units")), 0),
            )
        )

    def with_columns(self, queryset: QuerySet[Product], columns: Collection[str]) -> QuerySet[Product]:
        found = super().with_columns(queryset, columns)
        return found.prefetch_related(LEVELS) if "by_warehouse" in columns else found

    @in_csv({"name": lambda product: product.name})
    @admin.display(description=gettext_lazy("name"), ordering="name")
    def full_name(self, product: Product) -> str:
        """A variant below the name of its product."""
        parent = _parent_name(product)
        return format_html('<span class="quiet">{}</span> {}', parent, product.name) if parent else product.name

    @admin.display(description=gettext_lazy("product"), ordering="parent__name")
    def product(self, product: Product) -> str:
        """What it is a variant of."""
        return _parent_name(product) or "–"

    @in_csv({"price": lambda product: _price(product)[0], "currency": lambda product: _price(product)[1]})
    @admin.display(description=number(gettext_lazy("price")))
    def price_shown(self, product: Product) -> str:
        """What a partner says it costs."""
        amount, currency = _price(product)
        return number(money(Decimal(amount), currency) if amount else "–")

    @admin.display(description=gettext_lazy("added"), ordering="created_at")
    def added(self, product: Product) -> Any:
        return product.created_at

    @admin.display(description=gettext_lazy("location"))
    def location(self, product: Product) -> str:
        return ", ".join(product.locations) or "–"  # type: ignore[attr-defined]

    @in_csv({"on hand": lambda product: str(product.units_on_hand)})
    @admin.display(description=number(gettext_lazy("on hand")), ordering="units_on_hand")
    def on_hand(self, product: Product) -> str:
        return _units(product.units_on_hand)  # type: ignore[attr-defined]

    @in_csv({"reserved": lambda product: str(product.units_reserved)})
    @admin.display(description=number(gettext_lazy("reserved")), ordering="units_reserved")
    def reserved(self, product: Product) -> str:
        return _units(product.units_reserved)  # type: ignore[attr-defined]

    @in_csv({"available": lambda product: str(product.units_on_hand - product.units_reserved)})
    @admin.display(description=number(gettext_lazy("available")), ordering=F("units_on_hand") - F("units_reserved"))
    def available(self, product: Product) -> str:
        return _units(product.units_on_hand - product.units_reserved)  # type: ignore[attr-defined]

    def offered_columns(self, request: HttpRequest) -> list[str]:
        columns = super().offered_columns(request)
        if not warehouses_of(request).several:
            columns.remove("by_warehouse")
        return columns

    def told_in_csv(self, request: HttpRequest, column: str) -> Mapping[str, Callable[[Any], Cell]]:
        """What is available in each warehouse has a column of the file each."""
        if column in {"sku", "ean"}:
            return {column.upper(): attrgetter(column)}
        if column != "by_warehouse":
            return super().told_in_csv(request, column)
        return {f"available in {row}": partial(_available_in, row.pk) for row in warehouses_of(request).rows}

    @admin.display(description=gettext_lazy("available in"))
    def by_warehouse(self, product: Product) -> str:
        """Warehouses with units, one a line."""
        rows = [(level.warehouse.name, f"{level.available:,}") for level in product.levels.all() if level.on_hand]
        return format_html_join(LINE_BREAK, "{} <strong>{}</strong>", rows) or "–"

    @in_csv({"waiting for": lambda product: str(product.units_waiting)})
    @admin.display(description=number(gettext_lazy("waiting for")), ordering="units_waiting")
    def waiting(self, product: Product) -> str:
        return _units(product.units_waiting, "warn")  # type: ignore[attr-defined]


def _parent_name(product: Product) -> str:
    """Of the product it is a variant of; "" where it is none."""
    parent = product.parent
    return "" if parent is None or parent.lone or product.own else str(parent)


def _price(product: Product) -> tuple[str, str]:
    """Amount and currency; "" where nobody has said one."""
    amount = product.price
    if amount is None and product.parent is not None:
        amount = product.parent.price
    currency = product.currency or product.project.currency
    return ("", "") if amount is None else (bare_amount(amount, currency), currency)


def _available_in(warehouse_id: int, product: Any) -> str:
    """Units, of a product whose levels the list has read."""
    return str(sum(level.available for level in product.levels.all() if level.warehouse_id == warehouse_id))


def _units(count: int, tone: str = "") -> str:
    return number(badge(f"{count:,}", tone) if tone and count else f"{count:,}")
