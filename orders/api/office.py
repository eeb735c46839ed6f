"""Shipments and invoices as resources, each also as the PDF that was issued."""

from __future__ import annotations

from collections.abc import Sequence

from django.db.models import QuerySet
from django.http import HttpResponse
from rest_framework.renderers import BaseRenderer
from rest_framework.request import Request

from config.kit.api.bodies import JsonRenderer
from config.kit.api.declaring import Operation
from config.kit.api.resources import when
from config.kit.public_ids import PublicIds
from integrations.api.partner_views import OfficeList, OfficeOne, OfficeResource
from orders import filters
from orders.api import shapes
from orders.choices import DocumentType
from orders.documents.paper import contents
from orders.documents.paper.layout import render
from orders.models import Invoice, Shipment


class PdfRenderer(JsonRenderer):
    """For clients that ask for the paper by its media type."""

    media_type = "application/pdf"


PDF: list[type[BaseRenderer]] = [JsonRenderer, PdfRenderer]
LINE = ("sku", "name", "quantity", "unit_price", "total", "tax")


class Invoices(OfficeResource):
    kind, name, shape = "inv", "invoice", shapes.Invoice

    def rows(self) -> QuerySet[Invoice]:
        return Invoice.objects.filter(project=self.project)

    def documents(self, rows: Sequence[Invoice]) -> list[shapes.Invoice]:
        return [
            shapes.Invoice(
                id=self.ids.give("inv", row.pk),
                object="invoice" if row.document_type == DocumentType.INVOICE else "credit_note",
                number=row.code,
                order_id=self.ids.give("ord", row.order_id),
                order_number=row.order_number,
                corrects_id=None if row.corrects_id is None else self.ids.give("inv", row.corrects_id),
                issue_date=row.issue_date.isoformat(),
                issued_at=when(row.issued_at),
                currency=row.currency,
                total=f"{row.total:f}",
                tax_total=f"{row.tax_total:f}",
                lines=[
                    shapes.InvoiceLine(**{name: line[name] for name in LINE}, tax_rate=line.get("rate") or None)
                    for line in row.lines
                ],
            )
            for row in rows
        ]


class InvoicesView(Invoices, OfficeList):
    filters = filters.INVOICES


class InvoiceView(Invoices, OfficeOne): ...


class Shipments(OfficeResource):
    kind, name, shape = "shp", "shipment", shapes.Shipment

    def rows(self) -> QuerySet[Shipment]:
        return Shipment.objects.filter(project=self.project).prefetch_related("lines__order_line")

    def documents(self, rows: Sequence[Shipment]) -> list[shapes.Shipment]:
        return [shipment(self.ids, row) for row in rows]


def shipment(ids: PublicIds, row: Shipment) -> shapes.Shipment:
    """A shipment with its lines."""
    return shapes.Shipment(
        id=ids.give("shp", row.pk),
        number=row.code,
        order_id=ids.give("ord", row.order_id),
        historical=row.historical,
        shipped_at=when(row.shipped_at),
        cancelled_at=when(row.cancelled_at),
        carrier=row.carrier,
        tracking_number=row.tracking_number,
        lines=[
            shapes.ShipmentPart(line.order_line.sku, line.order_line.name, line.quantity) for line in row.lines.all()
        ],
    )


class ShipmentsView(Shipments, OfficeList):
    filters = filters.SHIPMENTS


class ShipmentView(Shipments, OfficeOne): ...


class InvoicePdf(Invoices):
    """GET: the invoice or credit note as it was issued, byte for byte."""

    renderer_classes = PDF
    operations = {"GET": Operation("Invoice as PDF", files=("application/pdf",))}

    def get(self, request: Request, public_id: str) -> HttpResponse:
        row = self.find(public_id)
        return _pdf(render(contents.of_invoices([row.pk])), row.code)


class PackingSlipPdf(Shipments):
    """GET: the shipment's packing slip."""

    renderer_classes = PDF
    operations = {"GET": Operation("Packing slip as PDF", files=("application/pdf",))}

    def get(self, request: Request, public_id: str) -> HttpResponse:
        row = self.find(public_id)
        return _pdf(render(contents.of_shipments([row.pk])), row.code)


def _pdf(file: bytes, name: str) -> HttpResponse:
    headers = {"Content-Disposition": f'attachment; filename="{name}.pdf"', "X-Content-Type-Options": "nosniff"}
    return HttpResponse(file, content_type="application/pdf", headers=headers)
