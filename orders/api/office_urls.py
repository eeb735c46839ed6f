from __future__ import annotations

from django.urls import path

from orders.api.customers import CustomerPointsView, CustomersView, CustomerView
from orders.api.live import CancelView, HoldView, LiveOrdersView, LiveOrderView, OrderShipmentsView, ReleaseView
from orders.api.office import InvoicePdf, InvoicesView, InvoiceView, PackingSlipPdf, ShipmentsView, ShipmentView
from orders.api.segments import SegmentMembersView, SegmentMemberView, SegmentsView, SegmentView

urlpatterns = [
    path("orders", LiveOrdersView.as_view(), name="office-orders"),
    path("orders/<str:public_id>", LiveOrderView.as_view(), name="office-order"),
    path("orders/<str:public_id>/hold", HoldView.as_view(), name="office-order-hold"),
    path("orders/<str:public_id>/release", ReleaseView.as_view(), name="office-order-release"),
    path("orders/<str:public_id>/cancel", CancelView.as_view(), name="office-order-cancel"),
    path("orders/<str:public_id>/shipments", OrderShipmentsView.as_view(), name="office-order-shipments"),
    path("customers", CustomersView.as_view(), name="office-customers"),
    path("customers/<str:public_id>", CustomerView.as_view(), name="office-customer"),
    path("customers/<str:public_id>/points", CustomerPointsView.as_view(), name="office-customer-points"),
    path("segments", SegmentsView.as_view(), name="office-segments"),
    path("segments/<str:public_id>", SegmentView.as_view(), name="office-segment"),
    path("segments/<str:public_id>/members", SegmentMembersView.as_view(), name="office-segment-members"),
    path(
        "segments/<str:public_id>/members/<str:customer_id>", SegmentMemberView.as_view(), name="office-segment-member"
    ),
    path("invoices", InvoicesView.as_view(), name="office-invoices"),
    path("invoices/<str:public_id>", InvoiceView.as_view(), name="office-invoice"),
    path("invoices/<str:public_id>/pdf", InvoicePdf.as_view(), name="office-invoice-pdf"),
    path("shipments", ShipmentsView.as_view(), name="office-shipments"),
    path("shipments/<str:public_id>", ShipmentView.as_view(), name="office-shipment"),
    path("shipments/<str:public_id>/packing-slip", PackingSlipPdf.as_view(), name="office-packing-slip"),
]
