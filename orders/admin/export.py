"""The filtered list as a CSV file, row by row, safe to open in a spreadsheet."""

from __future__ import annotations

import csv
from collections.abc import Iterator, Sequence
from typing import Any
from zoneinfo import ZoneInfo

from django.contrib.admin.options import IncorrectLookupParameters
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponseRedirect, StreamingHttpResponse
from django.http.response import HttpResponseBase
from django.utils import timezone

from orders.models import Order
from orders.spreadsheets import plain
from stock.admin.base import Route, TenantAdmin, project_of
from stock.admin.guards import guarded

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
ROWS_AT_ONCE = 2_000


class Line:
    """A file for the csv module that hands each line back."""

    def write(self, line: str) -> str:
        return line


def csv_lines(orders: QuerySet[Order], zone: ZoneInfo) -> Iterator[str]:
    writer = csv.writer(Line())
    yield "\ufeff" + writer.writerow(COLUMNS)  # the mark by which spreadsheets know UTF-8
    for order in orders.iterator(chunk_size=ROWS_AT_ONCE):
        texts = [order.number, order.placed_at.astimezone(zone).isoformat(sep=" ", timespec="minutes")]
        texts += [order.shop_title or "", order.buyer, order.email, order.currency]  # type: ignore[attr-defined]
        rest = [order.get_status_display(), order.get_tab_display() if order.tab else "", order.remote_status]
        yield writer.writerow([*map(plain, texts), f"{order.total:f}", *map(plain, rest)])


class ExportOrders(TenantAdmin[Order]):
    def export_routes(self) -> Sequence[Route]:
        return [("export/", self.export, "export")]

    @guarded("orders.view_order", methods=("GET",))
    def export(self, request: HttpRequest) -> HttpResponseBase:
        """Download what the list shows, all pages of it."""
        try:
            changelist: Any = self.get_changelist_instance(request)
        except IncorrectLookupParameters:
            return HttpResponseRedirect(self.url("changelist") + "?e=1")
        project = project_of(request)
        zone = project.zone if project else ZoneInfo("UTC")
        response = StreamingHttpResponse(csv_lines(changelist.queryset, zone), content_type="text/csv; charset=utf-8")
        day = timezone.localdate(timezone=zone)
        response["Content-Disposition"] = f'attachment; filename="orders-{day:%Y-%m-%d}.csv"'
        return response
