from __future__ import annotations

from django.urls import path

from config.kit.api.urlconf import Router
from orders.api.orders import OrderViewSet
from orders.api.published_customers import CustomerSegmentsView, PublishedCustomerView

router = Router()
router.register("orders", OrderViewSet, "api-order")

urlpatterns = [
    path("customers/<path:customer_id>/segments", CustomerSegmentsView.as_view(), name="api-customer-segments"),
    path("customers/<path:customer_id>", PublishedCustomerView.as_view(), name="api-customer"),
    *router.urls,
]
