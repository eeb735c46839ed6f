"""The list of invoices as a CSV file, with net amount and tax of each rate in columns of their own."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from decimal import Decimal
from typing import Any

from django.contrib.admin.options import IncorrectLookupParameters
from django.db.models import F, Func, JSONField, QuerySet
from django.http import HttpRequest, HttpResponseRedirect
from django.http.response import HttpResponseBase

from config.kit.admin.csv_files import Cell, csv_answer
from config.kit.admin.guards import guarded
from config.kit.admin.model_admins import Route, TenantAdmin
from config.kit.money import bare_amount
from orders.documents.paper.contents import sums_by_rate
from orders.models import Invoice

COLUMNS = (
    "number", "type", "issued", "corrects", "order", "ordered", "buyer", "country", "payment", "currency", "net",
    "tax", "total",
)  # fmt: skip


def rates_in(rows: QuerySet[Invoice]) -> list[str]:
    """Every rate on these papers, the largest first; "" stands for lines that have none."""
    rate = Func(F("lines"), template="jsonb_path_query(%(expressions)s, '$.**.rate')", output_field=JSONField())
    found = rows.order_by().annotate(rate=rate).values_list("rate", flat=True).distinct()
    return sorted({str(each or "") for each in found}, key=lambda each: Decimal(each or -1), reverse=True)


def headers(rates: Sequence[str]) -> list[str]:
    named = [f"{rate} %" if rate else "without a rate" for rate in rates]
    return [*COLUMNS, *(f"{part} {name}" for name in named for part in ("net", "tax"))]


def cells_of(rates: Sequence[str]) -> Callable[[Invoice], list[Cell]]:
    """What credit notes take off is negative, so that a column adds up."""

    def cells(row: Invoice) -> list[Cell]:
        sign = -1 if row.corrects_id else 1
        amounts = [row.total - row.tax_total, row.tax_total, row.total, *_parts(row, rates)]
        corrected = row.corrects.code if row.corrects else ""
        return [
            row.code, str(row.get_document_type_display()), row.issue_date, corrected, row.order_number,
            row.order_date, row.buyer, str(row.billing.get("country") or ""), row.payment_title, row.currency,
            *("" if amount is None else bare_amount(sign * amount, row.currency) for amount in amounts),
        ]  # fmt: skip

    return cells


def _parts(row: Invoice, rates: Sequence[str]) -> Iterator[Decimal | None]:
    """Net amount and tax by rate, None where a paper has nothing of it."""
    sums = sums_by_rate(row)
    for rate in rates:
        yield from sums.get(rate, (None, None))


class ExportInvoices(TenantAdmin[Invoice]):
    def export_routes(self) -> Sequence[Route]:
        return [("export/", self.export, "export")]

    @guarded("orders.view_invoice", methods=("GET",))
    def export(self, request: HttpRequest) -> HttpResponseBase:
        """Download what the list shows, all pages of it."""
        try:
            changelist: Any = self.get_changelist_instance(request)
        except IncorrectLookupParameters:
            return HttpResponseRedirect(self.url("changelist") + "?e=1")
        rates = rates_in(changelist.queryset)
        rows = changelist.queryset.select_related("corrects")
        return csv_answer(request, "invoices", rows, headers(rates), cells_of(rates))
