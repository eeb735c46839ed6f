"""What lists of products and movements are filtered by, in the API and in the admin."""

from __future__ import annotations

from typing import Any

from django.db.models import QuerySet
from django_filters import CharFilter, ChoiceFilter

from config.kit.list_filters import IdFilter, YesNoFilter, filters_of, span
from config.kit.postgresql.any_of import AnyOf
from config.kit.sql import execute
from stock.choices import MovementReason
from stock.models import Product, StockMovement, Warehouse

# A warehouse with no more movements than these has few: of a million, a page of them is then as far as can be walked.
FEW = 5_000


# By the index of a level's movements, whatever else PostgreSQL would think of: it does not know how few there are.
FIRST_OF_LEVELS = """
SELECT movement.id FROM stock_stocklevel AS level
CROSS JOIN LATERAL (SELECT id FROM stock_stockmovement WHERE level_id = level.id LIMIT %s) AS movement
WHERE level.warehouse_id = %s LIMIT %s
"""


class InWarehouseFilter(IdFilter):
    """Movements in a warehouse, which they know only by their level.

    Few are named by their keys: PostgreSQL would look for a page of them among all movements of the project, the newest
    first, and where there are hardly any it reads them all.
    """

    def filter(self, rows: QuerySet[Any], text: str) -> QuerySet[Any]:
        pk = self.parent.ids.take(self.kind, text) if text else None
        if pk is None:
            return super().filter(rows, text)
        keys = [key for (key,) in execute(FIRST_OF_LEVELS, [FEW + 1, pk, FEW + 1])]
        return super().filter(rows, text) if len(keys) > FEW else rows.filter(AnyOf("pk", keys))


PRODUCTS = filters_of(
    Product,
    sku=CharFilter(help_text="The SKU, in full."),
    sku_prefix=CharFilter(field_name="sku", lookup_expr="startswith", help_text="How the SKU begins."),
)
WAREHOUSES = filters_of(Warehouse, active=YesNoFilter("on", "off", help_text="Whether it takes orders and goods."))
MOVEMENTS = filters_of(
    StockMovement,
    product=IdFilter("prod", field_name="level__product", help_text="Movements of this product."),
    warehouse=InWarehouseFilter("whs", field_name="level__warehouse", help_text="Movements in this warehouse."),
    reason=ChoiceFilter(choices=MovementReason.choices, help_text="Why the units came or went."),
    **span("at", "booked"),
)
