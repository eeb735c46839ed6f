from __future__ import annotations

from django.urls import path

from orders.api.exports import OrdersExportView
from orders.api.imports import OrdersImportView
from orders.api.orders import OrdersView, OrderView

urlpatterns = [
    path("orders", OrdersView.as_view(), name="api-orders"),
    path("orders/import", OrdersImportView.as_view(), name="api-orders-import"),
    path("orders/export", OrdersExportView.as_view(), name="api-orders-export"),
    path("orders/<path:order_id>", OrderView.as_view(), name="api-order"),
]
