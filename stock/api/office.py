"""Products with their stock, and stock movements, as resources."""

from __future__ import annotations

from collections.abc import Sequence

import django_filters
from django.db.models import QuerySet

from integrations.api.resources import IdFilter, Resource, ResourceList, ResourceOne, filters_of, span, when
from stock.api import shapes
from stock.choices import MovementReason
from stock.models import Product, StockLevel, StockMovement


class Products(Resource):
    kind, name, shape = "prod", "product", shapes.Product

    def rows(self) -> QuerySet[Product]:
        return Product.objects.filter(project=self.project)

    def documents(self, rows: Sequence[Product]) -> list[shapes.Product]:
        levels = StockLevel.objects.filter(product__in=rows, warehouse__is_default=True)
        stock = {level.product_id: level for level in levels}
        return [self._document(row, stock.get(row.pk)) for row in rows]

    def _document(self, row: Product, level: StockLevel | None) -> shapes.Product:
        return shapes.Product(
            id=self.ids.give("prod", row.pk),
            sku=row.sku,
            name=row.name,
            on_hand=level.on_hand if level else 0,
            reserved=level.reserved if level else 0,
            available=level.available if level else 0,
            created_at=when(row.created_at),
        )


class ProductsView(Products, ResourceList):
    filters = filters_of(
        Product,
        sku=django_filters.CharFilter(),
        sku_prefix=django_filters.CharFilter(field_name="sku", lookup_expr="startswith"),
    )


class ProductView(Products, ResourceOne): ...


class MovementsView(ResourceList):
    """GET: what came and went, newest first."""

    kind, name, shape = "mov", "stock movement", shapes.StockMovement
    filters = filters_of(
        StockMovement,
        product=IdFilter("prod", field_name="level__product"),
        reason=django_filters.ChoiceFilter(choices=MovementReason.choices),
        **span("at", "booked"),
    )

    def rows(self) -> QuerySet[StockMovement]:
        return StockMovement.objects.filter(project=self.project).select_related("level__product")

    def documents(self, rows: Sequence[StockMovement]) -> list[shapes.StockMovement]:
        return [
            shapes.StockMovement(
                id=self.ids.give("mov", row.pk),
                product_id=self.ids.give("prod", row.level.product_id),
                sku=row.level.product.sku,
                quantity=row.quantity,
                reason=row.reason,
                note=row.note,
                booked_at=when(row.at),
            )
            for row in rows
        ]
