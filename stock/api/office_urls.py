from __future__ import annotations

from django.urls import path

from stock.api.office import MovementsView, ProductsView, ProductView, WarehousesView

urlpatterns = [
    path("products", ProductsView.as_view(), name="office-products"),
    path("products/<str:public_id>", ProductView.as_view(), name="office-product"),
    path("warehouses", WarehousesView.as_view(), name="office-warehouses"),
    path("movements", MovementsView.as_view(), name="office-movements"),
]
