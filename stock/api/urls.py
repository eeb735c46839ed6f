from __future__ import annotations

from django.urls import path

from config.kit.api.urlconf import Router
from stock.api.goods import ProductViewSet, SkusOfProductViewSet, SkuViewSet

router = Router()
router.register("products", ProductViewSet, "api-product")
router.register("skus", SkuViewSet, "api-sku")

urlpatterns = [
    path(
        "products/<id:product_id>/skus",
        SkusOfProductViewSet.as_view({"get": "list", "post": "create"}),
        name="api-product-skus",
    ),
    path(
        "products/<id:product_id>/skus/<id:sku_id>",
        SkusOfProductViewSet.as_view({"put": "update", "delete": "destroy"}),
        name="api-product-sku",
    ),
    *router.urls,
]
