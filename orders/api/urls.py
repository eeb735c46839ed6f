from __future__ import annotations

from django.urls import path

from orders.api.imports import OrdersImportView

urlpatterns = [
    path("orders/import", OrdersImportView.as_view(), name="api-orders-import"),
]
