"""The filtered list as a CSV file, row by row, safe to open in a spreadsheet."""

from __future__ import annotations

import csv
import html
from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import date, datetime
from itertools import islice
from typing import Any, TypeVar
from zoneinfo import ZoneInfo

from django.contrib.admin.options import IncorrectLookupParameters
from django.contrib.admin.utils import label_for_field, lookup_field
from django.db import Error
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponseRedirect, StreamingHttpResponse
from django.http.response import HttpResponseBase
from django.utils.html import strip_tags
from django.utils.safestring import SafeString

from config.kit import replica, true_time
from config.kit.admin.quick_rows import CHECKBOX
from config.kit.row_portions import ROWS_AT_ONCE, in_portions
from config.kit.spreadsheets import plain

# The last line of a file whose rows could not all be read. An answer that has begun has its status already, and not
# everything on its way tells whoever saves it that it was broken off.
NOT_WHOLE = "THIS FILE IS NOT WHOLE: the database could not be read to its end. Download it again."

Cell = str | datetime | date | None
# The cells of a row; amounts come as `config.kit.money.bare_amount` writes them.
Cells = Callable[[Any], Sequence[Cell]]
# Rows with what is read of other tables for all of them at once.
Filled = Callable[[Sequence[Any]], Sequence[Any]]


Display = TypeVar("Display", bound=Callable[..., Any])


def in_csv(told: Mapping[str, Callable[[Any], Cell]]) -> Callable[[Display], Display]:
    """What a column of a list is in a file: cells by header, given the row. {}: it is none, as buttons are."""

    def decorate(display: Display) -> Display:
        display.csv_cells = told  # type: ignore[attr-defined]
        return display

    return decorate


class Echo:
    """A file for the csv module that hands each line back."""

    def write(self, line: str) -> str:
        return line


def csv_lines(
    rows: QuerySet[Any], columns: Sequence[str], cells: Cells, zone: ZoneInfo, filled: Filled = tuple
) -> Iterator[str]:
    def written(cell: Cell) -> str:
        if isinstance(cell, datetime):
            return cell.astimezone(zone).isoformat(sep=" ", timespec="minutes")
        if isinstance(cell, date):
            return cell.isoformat()
        return plain(cell or "")

    writer = csv.writer(Echo())
    yield "\ufeff" + writer.writerow(columns)  # the mark by which spreadsheets know UTF-8
    for some in in_portions(rows, ROWS_AT_ONCE):
        yield from (writer.writerow([written(cell) for cell in cells(row)]) for row in filled(some))


def whole_or_told(lines: Iterator[str]) -> Iterator[str]:
    """The lines of a file; where the database fails in the middle a last one says so, and the answer is broken off.

    The first line beyond the header is read before the answer begins: what fails until then is an answer of its own.
    """
    first = list(islice(lines, 2))

    def rest() -> Iterator[str]:
        yield from first
        try:
            yield from lines
        except Error:
            yield f"{NOT_WHOLE}\r\n"
            raise

    return rest()


def csv_of_list(admin: Any, request: HttpRequest, name: str, columns: Sequence[str], cells: Cells) -> HttpResponseBase:
    """Download what the list shows, all pages of it, as `name` with the day. `admin` is a `TenantAdmin`."""
    try:
        changelist: Any = admin.get_changelist_instance(request)
    except IncorrectLookupParameters:
        return HttpResponseRedirect(admin.url("changelist") + "?e=1")
    return csv_answer(request, name, changelist.queryset, columns, cells)


def csv_of_columns(admin: Any, request: HttpRequest) -> HttpResponseBase:
    """The same of a list whose file has the columns that it shows."""
    try:
        changelist: Any = admin.get_changelist_instance(request)
    except IncorrectLookupParameters:
        return HttpResponseRedirect(admin.url("changelist") + "?e=1")
    told: dict[str, Callable[[Any], Cell]] = {}
    for column in changelist.list_display:
        if column != CHECKBOX:
            told |= admin.told_in_csv(request, column)

    def cells(row: Any) -> list[Cell]:
        return [tell(row) for tell in told.values()]

    return csv_answer(request, admin.name_of_file(request), changelist.queryset, list(told), cells, admin.filled)


def cells_of(admin: Any, column: str) -> Mapping[str, Callable[[Any], Cell]]:
    """The cells of a column: those it declares, else what the list shows without its markup."""
    label, attr = label_for_field(column, admin.model, admin, return_attr=True)
    declared: Mapping[str, Callable[[Any], Cell]] | None = getattr(attr, "csv_cells", None)
    return (
        declared if declared is not None else {strip_tags(str(label)).lower(): lambda row: _shown(admin, column, row)}
    )


def _shown(admin: Any, column: str, row: Any) -> Cell:
    field, _attr, value = lookup_field(column, row, admin)
    if field is not None and getattr(field, "flatchoices", None):
        value = getattr(row, f"get_{field.name}_display")()
    if value is None or isinstance(value, datetime | date):
        return value
    if isinstance(value, bool):
        return "yes" if value else "no"
    text = html.unescape(strip_tags(str(value))).strip() if isinstance(value, SafeString) else str(value)
    return "" if text == admin.empty_value_display else text


def csv_answer(
    request: HttpRequest,
    name: str,
    rows: QuerySet[Any],
    columns: Sequence[str],
    cells: Cells,
    filled: Filled = tuple,
) -> HttpResponseBase:
    zone = getattr(getattr(request, "project", None), "zone", ZoneInfo("UTC"))
    lines = whole_or_told(csv_lines(rows.using(replica.fresh()), columns, cells, zone, filled))
    response = StreamingHttpResponse(lines, content_type="text/csv; charset=utf-8")
    day = true_time.now().astimezone(zone).date()
    response["Content-Disposition"] = f'attachment; filename="{name}-{day:%Y-%m-%d}.csv"'
    return response
