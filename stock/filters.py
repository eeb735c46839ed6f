"""What lists of products and movements are filtered by, in the API and in the admin."""

from __future__ import annotations

from django_filters import CharFilter, ChoiceFilter

from config.kit.list_filters import IdFilter, YesNoFilter, filters_of, span
from stock.choices import MovementReason
from stock.models import Product, StockMovement, Warehouse

PRODUCTS = filters_of(
    Product,
    sku=CharFilter(help_text="The SKU, in full."),
    sku_prefix=CharFilter(field_name="sku", lookup_expr="startswith", help_text="How the SKU begins."),
)
WAREHOUSES = filters_of(Warehouse, active=YesNoFilter("on", "off", help_text="Whether it takes orders and goods."))
MOVEMENTS = filters_of(
    StockMovement,
    product=IdFilter("prod", field_name="level__product", help_text="Movements of this product."),
    warehouse=IdFilter("whs", field_name="level__warehouse", help_text="Movements in this warehouse."),
    reason=ChoiceFilter(choices=MovementReason.choices, help_text="Why the units came or went."),
    **span("at", "booked"),
)
