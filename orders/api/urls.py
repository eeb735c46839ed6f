from __future__ import annotations

from config.kit.api.urlconf import Router
from orders.api.orders import OrderViewSet
from orders.api.published_customers import CustomerViewSet
from orders.api.published_segments import SegmentViewSet

router = Router()
router.register("customers", CustomerViewSet, "api-customer")
router.register("orders", OrderViewSet, "api-order")
router.register("segments", SegmentViewSet, "api-segment")

urlpatterns = router.urls
