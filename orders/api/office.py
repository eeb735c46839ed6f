"""Shipments and invoices for the back office, each also as the PDF that was issued."""

from __future__ import annotations

from collections.abc import Sequence

from django.http import HttpResponse
from drf_spectacular.utils import extend_schema
from rest_framework.decorators import action
from rest_framework.renderers import BaseRenderer
from rest_framework.request import Request

from config.kit.api.bodies import JsonRenderer
from config.kit.api.structs import StructSerializer
from config.kit.public_ids import PublicIds
from config.kit.times import when
from integrations.api.partner_views import OfficeReadViewSet
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
PDF_ANSWER = {(200, PdfRenderer.media_type): str}
LINE = ("sku", "name", "quantity", "unit_price", "total", "tax")


class InvoiceSerializer(StructSerializer):
    struct = shapes.Invoice

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


class InvoiceViewSet(OfficeReadViewSet):
    queryset = Invoice.objects.all()
    serializer_class = InvoiceSerializer
    filterset_class = filters.INVOICES
    listed_by = "issued_at"
    id_prefix, resource_name, id_says = "inv", "invoice", "The id of the invoice, `inv_…`."

    @extend_schema(summary="Invoice as PDF", responses=PDF_ANSWER)
    @action(detail=True, renderer_classes=PDF, tagged=False)
    def pdf(self, request: Request, public_id: str) -> HttpResponse:
        """The invoice or credit note as it was issued, byte for byte."""
        row = self.get_object()
        return _pdf(render(contents.of_invoices([row.pk])), row.code)


class ShipmentSerializer(StructSerializer):
    struct = shapes.Shipment

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


class ShipmentViewSet(OfficeReadViewSet):
    queryset = Shipment.objects.prefetch_related("lines__order_line")
    serializer_class = ShipmentSerializer
    filterset_class = filters.SHIPMENTS
    listed_by = "shipped_at"
    id_prefix, resource_name, id_says = "shp", "shipment", "The id of the shipment, `shp_…`."

    @extend_schema(summary="Packing slip as PDF", responses=PDF_ANSWER)
    @action(detail=True, url_path="packing-slip", renderer_classes=PDF, tagged=False)
    def packing_slip(self, request: Request, public_id: str) -> HttpResponse:
        row = self.get_object()
        return _pdf(render(contents.of_shipments([row.pk])), row.code)


def _pdf(file: bytes, name: str) -> HttpResponse:
    headers = {"Content-Disposition": f'attachment; filename="{name}.pdf"', "X-Content-Type-Options": "nosniff"}
    return HttpResponse(file, content_type="application/pdf", headers=headers)
