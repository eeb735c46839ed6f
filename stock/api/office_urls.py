from __future__ import annotations

from config.kit.api.urlconf import Router
from stock.api.office import MovementViewSet, OfficeProductViewSet, WarehouseViewSet

router = Router()
router.register("products", OfficeProductViewSet, "office-product")
router.register("warehouses", WarehouseViewSet, "office-warehouse")
router.register("movements", MovementViewSet, "office-movement")

urlpatterns = router.urls
