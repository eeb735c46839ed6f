from __future__ import annotations

from django.urls import path

from orders.api.office import InvoicePdf, InvoicesView, InvoiceView, PackingSlipPdf, ShipmentsView, ShipmentView

urlpatterns = [
    path("invoices", InvoicesView.as_view(), name="office-invoices"),
    path("invoices/<str:public_id>", InvoiceView.as_view(), name="office-invoice"),
    path("invoices/<str:public_id>/pdf", InvoicePdf.as_view(), name="office-invoice-pdf"),
    path("shipments", ShipmentsView.as_view(), name="office-shipments"),
    path("shipments/<str:public_id>", ShipmentView.as_view(), name="office-shipment"),
    path("shipments/<str:public_id>/packing-slip", PackingSlipPdf.as_view(), name="office-packing-slip"),
]
