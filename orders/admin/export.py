"""The list of orders as a CSV file."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django.http import HttpRequest
from django.http.response import HttpResponseBase

from config.kit.admin.csv_files import Cell, csv_of_list
from config.kit.admin.guards import guarded
from config.kit.admin.model_admins import Route, TenantAdmin
from config.kit.money import bare_amount
from orders.models import Order

COLUMNS = (
    "number",
    "placed at",
    "shop",
    "buyer",
    "e-mail",
    "currency",
    "total",
    "status",
    "preparation",
    "status in the shop",
)


def cells(order: Any) -> list[Cell]:
    """`order` as the list reads it, with `shop_title` and `shop_status`."""
    tab = order.get_tab_display() if order.tab else ""
    bought = [order.number, order.placed_at, order.shop_title, order.buyer, order.email, order.currency]
    return [*bought, bare_amount(order.total, order.currency), order.get_status_display(), tab, order.shop_status]


class ExportOrders(TenantAdmin[Order]):
    def export_routes(self) -> Sequence[Route]:
        return [("export/", self.export, "export")]

    @guarded("orders.view_order", methods=("GET",))
    def export(self, request: HttpRequest) -> HttpResponseBase:
        """Download what the list shows, all pages of it."""
        return csv_of_list(self, request, "orders", COLUMNS, cells)
