"""Shipments and invoices as resources, each also as the PDF that was issued."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import django_filters
from django.db.models import QuerySet
from django.http import HttpResponse
from rest_framework.request import Request

from integrations.api.bodies import Query
from integrations.api.resources import IdFilter, Resource, ResourceList, ResourceOne, filters_of, span, when
from orders.choices import DocumentType
from orders.models import Invoice, Shipment
from orders.paper import contents
from orders.paper.layout import render


class Invoices(Resource):
    kind, name = "inv", "invoice"

    def rows(self) -> QuerySet[Invoice]:
        return Invoice.objects.filter(project=self.project)

    def documents(self, rows: Sequence[Invoice]) -> list[dict[str, Any]]:
        return [
            {
                "id": self.ids.give("inv", row.pk),
                "object": row.document_type,
                "number": row.code,
                "order_id": self.ids.give("ord", row.order_id),
                "order_number": row.order_number,
                "corrects_id": None if row.corrects_id is None else self.ids.give("inv", row.corrects_id),
                "issue_date": row.issue_date.isoformat(),
                "issued_at": when(row.issued_at),
                "currency": row.currency,
                "total": f"{row.total:f}",
                "tax_total": f"{row.tax_total:f}",
                "lines": row.lines,
            }
            for row in rows
        ]


class InvoicesView(Invoices, ResourceList):
    filters = filters_of(
        Invoice,
        order=IdFilter("ord", field_name="order"),
        type=django_filters.ChoiceFilter(
            field_name="document_type", choices=[(kind.value, kind.label) for kind in DocumentType]
        ),
        number=django_filters.CharFilter(field_name="code"),
        **span("issued_at", "issued"),
    )


class InvoiceView(Invoices, ResourceOne): ...


class Shipments(Resource):
    kind, name = "shp", "shipment"

    def rows(self) -> QuerySet[Shipment]:
        return Shipment.objects.filter(project=self.project).prefetch_related("lines__order_line")

    def documents(self, rows: Sequence[Shipment]) -> list[dict[str, Any]]:
        return [
            {
                "id": self.ids.give("shp", row.pk),
                "object": "shipment",
                "number": row.code,
                "order_id": self.ids.give("ord", row.order_id),
                "historical": row.historical,
                "shipped_at": when(row.shipped_at),
                "carrier": row.carrier,
                "tracking_number": row.tracking_number,
                "lines": [
                    {"sku": line.order_line.sku, "name": line.order_line.name, "quantity": line.quantity}
                    for line in row.lines.all()
                ],
            }
            for row in rows
        ]


class ShipmentsView(Shipments, ResourceList):
    filters = filters_of(
        Shipment,
        order=IdFilter("ord", field_name="order"),
        number=django_filters.CharFilter(field_name="code"),
        **span("shipped_at", "shipped"),
    )


class ShipmentView(Shipments, ResourceOne): ...


class InvoicePdf(Invoices):
    """GET: the invoice or credit note as it was issued, byte for byte."""

    def get(self, request: Request, public_id: str) -> HttpResponse:
        Query(request).done()
        row = self.find(public_id)
        return _pdf(render(contents.of_invoices([row.pk])), row.code)


class PackingSlipPdf(Shipments):
    """GET: the shipment's packing slip."""

    def get(self, request: Request, public_id: str) -> HttpResponse:
        Query(request).done()
        row = self.find(public_id)
        return _pdf(render(contents.of_shipments([row.pk])), row.code)


def _pdf(file: bytes, name: str) -> HttpResponse:
    headers = {"Content-Disposition": f'attachment; filename="{name}.pdf"', "X-Content-Type-Options": "nosniff"}
    return HttpResponse(file, content_type="application/pdf", headers=headers)
