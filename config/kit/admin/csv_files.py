"""The filtered list as a CSV file, row by row, safe to open in a spreadsheet."""

from __future__ import annotations

import csv
from collections.abc import Callable, Iterator, Sequence
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from django.contrib.admin.options import IncorrectLookupParameters
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponseRedirect, StreamingHttpResponse
from django.http.response import HttpResponseBase

from config.kit import true_time
from config.kit.admin.model_admins import TenantAdmin
from config.kit.spreadsheets import plain

ROWS_AT_ONCE = 2_000

Cell = str | datetime | None
# The cells of a row; amounts come as `config.kit.money.bare_amount` writes them.
Cells = Callable[[Any], Sequence[Cell]]


class Echo:
    """A file for the csv module that hands each line back."""

    def write(self, line: str) -> str:
        return line


def csv_lines(rows: QuerySet[Any], columns: Sequence[str], cells: Cells, zone: ZoneInfo) -> Iterator[str]:
    def written(cell: Cell) -> str:
        if isinstance(cell, datetime):
            return cell.astimezone(zone).isoformat(sep=" ", timespec="minutes")
        return plain(cell or "")

    writer = csv.writer(Echo())
    yield "\ufeff" + writer.writerow(columns)  # the mark by which spreadsheets know UTF-8
    for row in rows.iterator(chunk_size=ROWS_AT_ONCE):
        yield writer.writerow([written(cell) for cell in cells(row)])


def csv_of_list(
    admin: TenantAdmin[Any], request: HttpRequest, name: str, columns: Sequence[str], cells: Cells
) -> HttpResponseBase:
    """Download what the list shows, all pages of it, as `name` with the day."""
    try:
        changelist: Any = admin.get_changelist_instance(request)
    except IncorrectLookupParameters:
        return HttpResponseRedirect(admin.url("changelist") + "?e=1")
    zone = getattr(getattr(request, "project", None), "zone", ZoneInfo("UTC"))
    lines = csv_lines(changelist.queryset, columns, cells, zone)
    response = StreamingHttpResponse(lines, content_type="text/csv; charset=utf-8")
    day = true_time.now().astimezone(zone).date()
    response["Content-Disposition"] = f'attachment; filename="{name}-{day:%Y-%m-%d}.csv"'
    return response
