"""What lists of products and movements are filtered by, in the API and in the admin."""

from __future__ import annotations

from django_filters import CharFilter, ChoiceFilter

from config.kit.list_filters import IdFilter, filters_of, span
from stock.choices import MovementReason
from stock.models import Product, StockMovement

PRODUCTS = filters_of(
    Product,
    sku=CharFilter(help_text="The SKU, in full."),
    sku_prefix=CharFilter(field_name="sku", lookup_expr="startswith", help_text="How the SKU begins."),
)
MOVEMENTS = filters_of(
    StockMovement,
    product=IdFilter("prod", field_name="level__product", help_text="Movements of this product."),
    warehouse=IdFilter("wh", field_name="level__warehouse", help_text="Movements in this warehouse."),
    reason=ChoiceFilter(choices=MovementReason.choices, help_text="Why the units came or went."),
    **span("at", "booked"),
)
