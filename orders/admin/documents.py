"""Invoices and shipments: lists, pages and PDF. Issued documents are never changed."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal
from typing import Any

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.utils.translation import gettext_lazy as _

from config.kit.admin.change_lists import CappedPaginator, ChoiceFilter, DateRange, FirstFoundPaginator
from config.kit.admin.guards import guarded, guarded_action
from config.kit.admin.markup import badge, link, number
from config.kit.admin.model_admins import Route
from config.kit.money import money, stored_money
from config.kit.postal import address_lines
from orders.admin.invoice_archives import InvoiceArchives
from orders.admin.invoice_export import ExportInvoices
from orders.admin.printing import MOST_DOCUMENTS, look_first, one_pdf, pdf_answer
from orders.admin.work.bills import CreditSteps
from orders.admin.work.goods import ShipmentSteps
from orders.documents import finding
from orders.documents.paper import contents
from orders.documents.paper.legibility import missing_on
from orders.filters import INVOICES, SHIPMENTS
from orders.models import Invoice, Shipment


class IssuedRange(DateRange):
    title = _("issued")
    filters, span = INVOICES, "issued"


class ShippedRange(DateRange):
    title = _("shipped")
    filters, span = SHIPMENTS, "shipped"


class TypeFilter(ChoiceFilter):
    title = _("type")
    parameter_name = "type"
    filters = INVOICES


@admin.register(Invoice)
class InvoiceAdmin(ExportInvoices, InvoiceArchives, CreditSteps):
    list_display = ("code", "issue_date", "of_order", "buyer", "payment_title", "net", "tax", "amount", "kind")
    hidden_at_first = frozenset({"payment_title", "net", "tax"})
    list_filter = (TypeFilter, IssuedRange)
    search_fields = ("code",)
    ordering = ("-issued_at", "-id")
    search_help_text = _("The beginning of an invoice or order number.")
    actions = ("download",)
    page_template = "admin/orders/invoice/page.html"
    empty_sentence = _("No invoices here. Import rules issue them, or you on the page of an order.")  # type: ignore[assignment]

    def routes(self) -> Sequence[Route]:
        return [
            ("<int:pk>/pdf/", self.pdf, "pdf"),
            *self.credit_routes(),
            *self.export_routes(),
            *self.archive_routes(),
        ]

    @guarded("orders.view_invoice", methods=("GET",))
    def pdf(self, request: HttpRequest, pk: int) -> HttpResponse:
        """Download one as PDF."""
        row = self.row(request, pk)
        asked = look_first(request, self.admin_site, [row.order_id])
        return asked or pdf_answer(contents.of_invoices([row.pk]), row.code)

    @guarded_action("orders.view_invoice", description=_("Download as one PDF"), limit=MOST_DOCUMENTS)
    def download(self, request: HttpRequest, queryset: QuerySet[Invoice]) -> HttpResponse | None:
        rows = dict(queryset.values_list("pk", "order_id"))
        asked = look_first(request, self.admin_site, rows.values())
        return asked or one_pdf(request, contents.of_invoices(list(rows)), "invoices")

    def changelist_view(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> HttpResponse:
        tools = [
            (_("Last month as CSV"), f"{self.url('export')}?from=last_month"),
            (_("PDF files"), self.url("files")),
        ]
        return super().changelist_view(request, {"tools": tools, **(extra_context or {})})

    def get_search_results(self, request: HttpRequest, queryset: Any, search_term: str) -> tuple[Any, bool]:
        term = search_term.strip()
        if not term:
            return queryset, False
        # Codes begin with letters; where both fit, orders are called like papers.
        request.is_searched = True  # type: ignore[attr-defined]  # for the paginator
        by_code, by_order = finding.called(queryset, term), finding.of_numbers(queryset, term)
        return (by_order if by_code.query.is_empty() else by_code | by_order), False

    def get_paginator(self, request: HttpRequest, *args: Any, **kwargs: Any) -> Any:
        searched = getattr(request, "is_searched", False)
        return (FirstFoundPaginator if searched else CappedPaginator)(*args, **kwargs)

    def amount_of(self, obj: Invoice) -> tuple[Decimal, str]:
        """Credit notes take off."""
        return (-obj.total if obj.corrects_id else obj.total), obj.currency

    @admin.display(description=_("order"), ordering="order_number")
    def of_order(self, invoice: Invoice) -> str:
        return link("orders_order", invoice.order_id, invoice.order_number or f"#{invoice.order_id}")

    @admin.display(description=_("net"))
    def net(self, invoice: Invoice) -> str:
        return number(money(invoice.total - invoice.tax_total, invoice.currency))

    @admin.display(description=_("tax"), ordering="tax_total")
    def tax(self, invoice: Invoice) -> str:
        return number(money(invoice.tax_total, invoice.currency))

    @admin.display(description=number(_("total")), ordering="total")
    def amount(self, invoice: Invoice) -> str:
        return number(money(invoice.total, invoice.currency))

    @admin.display(description=_("type"), ordering="document_type")
    def kind(self, invoice: Invoice) -> str:
        return badge(invoice.get_document_type_display(), "warn" if invoice.corrects_id else "info")

    def page_context(self, request: HttpRequest, obj: Invoice) -> dict[str, Any]:
        return {
            "billing": address_lines(obj.billing),
            "total": money(obj.total, obj.currency),
            "tax_total": money(obj.tax_total, obj.currency),
            "net": money(obj.total - obj.tax_total, obj.currency),
            "lines": [_invoice_line(line, obj.currency) for line in obj.lines],
            "illegible": missing_on(contents.invoice_sheet(obj)),
            **self.credit_context(request, obj),
        }


def _invoice_line(line: dict[str, Any], currency: str) -> dict[str, Any]:
    """A stored line with its amounts made readable."""
    amounts = {name: stored_money(line.get(name), currency) for name in ("unit_price", "total", "tax")}
    return {**line, **amounts}


@admin.register(Shipment)
class ShipmentAdmin(ShipmentSteps):
    list_display = ("code", "shipped", "of_order", "bought_by", "country", "carrier", "tracking_number", "kind")
    hidden_at_first = frozenset({"country"})
    list_filter = (ShippedRange,)
    search_fields = ("code",)
    ordering = ("-shipped_at", "-id")
    search_help_text = _("The beginning of a shipment number.")
    actions = ("download",)
    page_template = "admin/orders/shipment/page.html"
    empty_sentence = _("No shipments here. They are made on the page of an order, or by import rules.")  # type: ignore[assignment]

    def routes(self) -> Sequence[Route]:
        return [("<int:pk>/pdf/", self.pdf, "pdf"), *self.shipment_routes()]

    @guarded("orders.view_shipment", methods=("GET",))
    def pdf(self, request: HttpRequest, pk: int) -> HttpResponse:
        """Download one as PDF."""
        row = self.row(request, pk)
        asked = look_first(request, self.admin_site, [row.order_id])
        return asked or pdf_answer(contents.of_shipments([row.pk]), row.code)

    @guarded_action("orders.view_shipment", description=_("Download as one PDF"), limit=MOST_DOCUMENTS)
    def download(self, request: HttpRequest, queryset: QuerySet[Shipment]) -> HttpResponse | None:
        rows = dict(queryset.values_list("pk", "order_id"))
        asked = look_first(request, self.admin_site, rows.values())
        return asked or one_pdf(request, contents.of_shipments(list(rows)), "shipments")

    def get_search_results(self, request: HttpRequest, queryset: Any, search_term: str) -> tuple[Any, bool]:
        term = search_term.strip()
        return (finding.called(queryset, term) if term else queryset), False

    @admin.display(description=_("shipped"), ordering="shipped_at")
    def shipped(self, shipment: Shipment) -> Any:
        return shipment.shipped_at

    @admin.display(description=_("order"), ordering="order_number")
    def of_order(self, shipment: Shipment) -> str:
        return link("orders_order", shipment.order_id, shipment.order_number or f"#{shipment.order_id}")

    @admin.display(description=_("country"))
    def country(self, shipment: Shipment) -> str:
        return str(shipment.address.get("country") or "–")

    @admin.display(description=_("buyer"), ordering="buyer")
    def bought_by(self, shipment: Shipment) -> str:
        return shipment.buyer or "–"

    @admin.display(description=_("stock"))
    def kind(self, shipment: Shipment) -> str:
        if shipment.cancelled_at:
            return badge(_("Cancelled"), "bad")
        return badge(_("Not moved"), "plain") if shipment.historical else badge(_("Moved"), "good")

    def page_context(self, request: HttpRequest, obj: Shipment) -> dict[str, Any]:
        return {
            "shipping": address_lines(obj.address),
            "lines": obj.lines.order_by("pk"),
            "illegible": missing_on(contents.slip_sheet(obj)),
            **self.shipment_forms(request, obj),
        }
