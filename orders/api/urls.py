from __future__ import annotations

from django.urls import path

from orders.api.exports import OrdersExportView
from orders.api.imports import OrdersImportView
from orders.api.orders import OrdersView, OrderView
from orders.api.published_customers import CustomerSegmentsView, PublishedCustomerView

urlpatterns = [
    path("customers/<path:customer_id>/segments", CustomerSegmentsView.as_view(), name="api-customer-segments"),
    path("customers/<path:customer_id>", PublishedCustomerView.as_view(), name="api-customer"),
    path("orders", OrdersView.as_view(), name="api-orders"),
    path("orders/import", OrdersImportView.as_view(), name="api-orders-import"),
    path("orders/export", OrdersExportView.as_view(), name="api-orders-export"),
    path("orders/<path:order_id>", OrderView.as_view(), name="api-order"),
]
