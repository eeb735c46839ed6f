"""Products and their stock levels: found by SKU, created where unknown."""

from __future__ import annotations

from collections.abc import Mapping

from stock.bulk import execute
from stock.models import Product, Warehouse


def default_warehouse(project_id: int) -> int:
    """The id of the project's default warehouse, made when there is none."""
    found = Warehouse.objects.filter(project_id=project_id, is_default=True).values_list("id", flat=True).first()
    if found is not None:
        return found
    Warehouse.objects.bulk_create(
        [Warehouse(project_id=project_id, name="Main warehouse", is_default=True)], ignore_conflicts=True
    )
    return Warehouse.objects.values_list("id", flat=True).get(project_id=project_id, is_default=True)


def find(project_id: int, skus: list[str]) -> dict[str, int]:
    """Product ids by SKU; unknown SKUs are left out."""
    if not skus:
        return {}
    rows = execute("SELECT sku, id FROM stock_product WHERE project_id = %s AND sku = ANY(%s)", [project_id, skus])
    return dict(rows)


def create(project_id: int, names: Mapping[str, str]) -> dict[str, int]:
    """Create products with zero stock, given names by SKU; ids by SKU. Ones that exist meanwhile keep their name."""
    if not names:
        return {}
    skus = sorted(names)
    execute(
        "INSERT INTO stock_product (project_id, sku, name, created_at)"
        " SELECT %s, sku, name, now() FROM unnest(%s::text[], %s::text[]) AS new (sku, name)"
        " ON CONFLICT (project_id, sku) DO NOTHING",
        [project_id, skus, [names[sku][:300] for sku in skus]],
    )
    execute(
        "INSERT INTO stock_stocklevel (warehouse_id, product_id, on_hand, reserved)"
        " SELECT %s, id, 0, 0 FROM stock_product WHERE project_id = %s AND sku = ANY(%s) ORDER BY id"
        " ON CONFLICT (warehouse_id, product_id) DO NOTHING",
        [default_warehouse(project_id), project_id, skus],
    )
    return find(project_id, skus)


def rename(product_id: int, name: str) -> None:
    Product.objects.filter(pk=product_id).update(name=name[:300])
