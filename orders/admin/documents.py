"""Invoices and shipments: lists, and pages that print well. Issued documents are never changed."""

from __future__ import annotations

from decimal import Decimal, InvalidOperation
from typing import Any

from django.contrib import admin
from django.db.models import F, QuerySet
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _

from orders.admin.amounts import money
from orders.admin.order_page import address
from orders.models import Invoice, Shipment
from stock.admin.base import PageAdmin
from stock.admin.listing import DateRange
from stock.admin.show import badge, link


class IssuedRange(DateRange):
    title = _("issued")
    field = "issued_at"


class ShippedRange(DateRange):
    title = _("shipped")
    field = "shipped_at"


@admin.register(Invoice)
class InvoiceAdmin(PageAdmin[Invoice]):
    list_display = ("code", "issue_date", "of_order", "buyer", "amount", "kind")
    list_filter = (IssuedRange,)
    search_fields = ("code",)
    search_help_text = _("The beginning of an invoice or order number.")
    sortable_by = ()
    page_template = "admin/orders/invoice/page.html"
    empty_sentence = _("No invoices here. The import rules decide which orders are invoiced.")  # type: ignore[assignment]

    def get_search_results(self, request: HttpRequest, queryset: Any, search_term: str) -> tuple[Any, bool]:
        term = search_term.strip()
        if not term:
            return queryset, False
        return queryset.filter(code__istartswith=term) | queryset.filter(order_number__startswith=term), False

    @admin.display(description=_("order"))
    def of_order(self, invoice: Invoice) -> str:
        return link("orders_order", invoice.order_id, invoice.order_number or f"#{invoice.order_id}")

    @admin.display(description=_("total"))
    def amount(self, invoice: Invoice) -> str:
        return money(invoice.total, invoice.currency)

    @admin.display(description=_("type"))
    def kind(self, invoice: Invoice) -> str:
        return badge(invoice.get_document_type_display(), "info")

    def page_context(self, request: HttpRequest, obj: Invoice) -> dict[str, Any]:
        return {
            "billing": address(obj.billing),
            "total": money(obj.total, obj.currency),
            "tax_total": money(obj.tax_total, obj.currency),
            "net": money(obj.total - obj.tax_total, obj.currency),
            "lines": [_invoice_line(line, obj.currency) for line in obj.lines],
        }


def _invoice_line(line: dict[str, Any], currency: str) -> dict[str, Any]:
    """A stored line with its amounts made readable; one that is not a number stays as it is."""
    shown = dict(line)
    for name in ("unit_price", "total", "tax"):
        try:
            shown[name] = money(Decimal(str(line.get(name, ""))), currency)
        except InvalidOperation:
            continue
    return shown


@admin.register(Shipment)
class ShipmentAdmin(PageAdmin[Shipment]):
    list_display = ("code", "shipped", "of_order", "buyer", "kind")
    list_filter = (ShippedRange,)
    search_fields = ("code",)
    search_help_text = _("The beginning of a shipment number.")
    sortable_by = ()
    page_template = "admin/orders/shipment/page.html"
    empty_sentence = _("No shipments here. They are made when an order is imported as complete or as history.")  # type: ignore[assignment]

    def get_queryset(self, request: HttpRequest) -> QuerySet[Shipment]:
        named = {"order_number": F("order__number"), "order_buyer": F("order__buyer")}
        return super().get_queryset(request).annotate(**named)

    def get_search_results(self, request: HttpRequest, queryset: Any, search_term: str) -> tuple[Any, bool]:
        term = search_term.strip()
        return (queryset.filter(code__istartswith=term) if term else queryset), False

    @admin.display(description=_("shipped"))
    def shipped(self, shipment: Shipment) -> Any:
        return shipment.shipped_at

    @admin.display(description=_("order"))
    def of_order(self, shipment: Shipment) -> str:
        number: str = shipment.order_number  # type: ignore[attr-defined]
        return link("orders_order", shipment.order_id, number or f"#{shipment.order_id}")

    @admin.display(description=_("buyer"))
    def buyer(self, shipment: Shipment) -> str:
        named: str = shipment.order_buyer  # type: ignore[attr-defined]
        return named or "–"

    @admin.display(description=_("stock"))
    def kind(self, shipment: Shipment) -> str:
        return badge(_("Not moved"), "plain") if shipment.historical else badge(_("Moved"), "good")

    def page_context(self, request: HttpRequest, obj: Shipment) -> dict[str, Any]:
        return {
            "order": obj.order,
            "shipping": address(obj.order.shipping) or address(obj.order.billing),
            "lines": obj.lines.select_related("order_line__product").order_by("order_line__position"),
        }
