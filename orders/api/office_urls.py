from __future__ import annotations

from config.kit.api.urlconf import Router
from orders.api.customers import OfficeCustomerViewSet, PointsViewSet
from orders.api.live import LiveOrderViewSet
from orders.api.office import InvoiceViewSet, ShipmentViewSet
from orders.api.segments import MemberViewSet, OfficeSegmentViewSet

router = Router()
router.register("orders", LiveOrderViewSet, "office-order")
router.register("customers", OfficeCustomerViewSet, "office-customer")
router.register("customers/<str:public_id>/points", PointsViewSet, "office-points")
router.register("segments", OfficeSegmentViewSet, "office-segment")
router.register("segments/<str:public_id>/members", MemberViewSet, "office-member")
router.register("invoices", InvoiceViewSet, "office-invoice")
router.register("shipments", ShipmentViewSet, "office-shipment")

urlpatterns = router.urls
