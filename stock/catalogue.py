"""Products and their stock levels: found by SKU, created where unknown."""

from __future__ import annotations

import json
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from config.kit.sql import execute
from stock.models import Product
from stock.warehouses import first_of


def find(project_id: int, skus: list[str]) -> dict[str, int]:
    """Product ids by SKU; unknown SKUs are left out."""
    if not skus:
        return {}
    rows = execute("SELECT sku, id FROM stock_product WHERE project_id = %s AND sku = ANY(%s)", [project_id, skus])
    return dict(rows)


def create(project_id: int, names: Mapping[str, str]) -> dict[str, int]:
    """Create products with zero stock, given names by SKU; ids by SKU. Ones that exist meanwhile keep their name.

    Each has a level in the project's first warehouse from the beginning; the ledger makes those in others.
    """
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
        [first_of(project_id), project_id, skus],
    )
    return find(project_id, skus)


def skus_of_eans(project_id: int, eans: Collection[str]) -> dict[str, tuple[str, ...]]:
    """The SKUs of the products with each of these EANs, in their order; unknown EANs are left out."""
    if not eans:
        return {}
    rows = execute(
        "SELECT ean, array_agg(sku ORDER BY sku) FROM stock_product"
        " WHERE project_id = %s AND ean <> '' AND ean = ANY(%s) GROUP BY ean",
        [project_id, sorted(eans)],
    )
    return {ean: tuple(skus) for ean, skus in rows}


def add_eans(project_id: int, eans: Mapping[str, str]) -> None:
    """Write EANs by SKU where a product has none: one that is here stays."""
    if eans:
        execute(
            "UPDATE stock_product AS product SET ean = new.ean FROM unnest(%s::text[], %s::text[]) AS new (sku, ean)"
            " WHERE product.project_id = %s AND product.sku = new.sku AND product.ean = ''",
            [list(eans), list(eans.values()), project_id],
        )


def rename(product_id: int, name: str) -> None:
    Product.objects.filter(pk=product_id).update(name=name[:300])


def set_ean(product_id: int, ean: str) -> None:
    """`ean`: as `stock.barcodes.canonical` writes it, "" for none."""
    Product.objects.filter(pk=product_id).update(ean=ean)


@dataclass(frozen=True)
class WantedProduct:
    """What somebody says a product is; None leaves a field as it is."""

    sku: str
    name: str | None = None
    price: Decimal | None = None
    metadata: Mapping[str, Any] | None = None


def override(project_id: int, wanted: Sequence[WantedProduct]) -> None:
    """Create these products where they are unknown, and write name, price and metadata where they are given."""
    if not wanted:
        return
    create(project_id, {each.sku: each.name or each.sku for each in wanted})
    execute(
        "UPDATE stock_product AS product SET name = coalesce(new.name, product.name),"
        " price = coalesce(new.price, product.price), metadata = coalesce(new.metadata::jsonb, product.metadata)"
        " FROM unnest(%s::text[], %s::text[], %s::numeric[], %s::text[]) AS new (sku, name, price, metadata)"
        " WHERE product.project_id = %s AND product.sku = new.sku",
        [
            [each.sku for each in wanted],
            [each.name[:300] if each.name else None for each in wanted],
            [each.price for each in wanted],
            [None if each.metadata is None else json.dumps(each.metadata) for each in wanted],
            project_id,
        ],
    )


def describe(
    project_id: int, skus: Sequence[str], ids: Sequence[int] = ()
) -> list[tuple[int, str, str, Decimal | None]]:
    """(id, sku, name, price) of the products with these SKUs or ids."""
    if not (skus or ids):
        return []
    rows = execute(
        "SELECT id, sku, name, price FROM stock_product WHERE project_id = %s AND (sku = ANY(%s) OR id = ANY(%s))",
        [project_id, list(skus), list(ids)],
    )
    return [(row[0], row[1], row[2], row[3]) for row in rows]
