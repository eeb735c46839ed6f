"""Products and their stock levels: found by SKU, created where unknown."""

from __future__ import annotations

import json
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from django.db import transaction

from config.kit.locks import ProjectLock, lock_project
from config.kit.sql import execute
from stock.models import ParentProduct, Product
from stock.warehouses import first_of


def find(project_id: int, skus: list[str]) -> dict[str, int]:
    """Product ids by SKU; unknown SKUs are left out, and those that a partner has deleted."""
    if not skus:
        return {}
    rows = execute(
        "SELECT sku, id FROM stock_product WHERE project_id = %s AND sku = ANY(%s) AND deleted_at IS NULL",
        [project_id, skus],
    )
    return dict(rows)


# An article stands alone below a parent made for it, of its own id and source id - but where a partner has a product
# of that source id: then it is what holds that one's stock, or, where it lies in the bin, the parent has no source id.
CREATE = """
WITH wanted AS (
  SELECT nextval('stock_product_id_seq') AS id, new.sku, new.name, same.id AS same,
    CASE WHEN same.deleted_at IS NULL THEN same.id END AS parent
  FROM unnest(%(skus)s::text[], %(names)s::text[]) AS new (sku, name)
  LEFT JOIN stock_parentproduct AS same ON same.project_id = %(project)s AND same.source_id = new.sku
    AND same.source_id <> ''
), added AS (
  INSERT INTO stock_product (id, project_id, sku, name, parent_id, own, created_at)
  SELECT id, %(project)s, sku, name, coalesce(parent, id), parent IS NOT NULL, date_trunc('milliseconds', now())
  FROM wanted ON CONFLICT (project_id, sku) DO NOTHING RETURNING id, project_id, name, created_at
)
INSERT INTO stock_parentproduct (id, project_id, source_id, name, lone, created_at)
SELECT added.id, added.project_id, CASE WHEN same IS NULL THEN sku ELSE '' END, added.name, true, added.created_at
FROM added JOIN wanted USING (id) WHERE parent IS NULL
"""


def create(project_id: int, names: Mapping[str, str]) -> dict[str, int]:
    """Create products with zero stock, given names by SKU; ids by SKU. Ones that exist meanwhile keep their name.

    Each has a level in the project's first warehouse from the beginning; the ledger makes those in others. One that a
    partner has deleted comes back. The caller holds the project's lock (`stock.ledger.lock_project`).
    """
    if not names:
        return {}
    skus = sorted(names)
    execute(CREATE, {"project": project_id, "skus": skus, "names": [names[sku][:300] for sku in skus]})
    open_levels(project_id, skus)
    found = find(project_id, skus)
    if len(found) < len(skus):
        _take_back(project_id, [sku for sku in skus if sku not in found])
        found = find(project_id, skus)
    return found


def open_levels(project_id: int, skus: Sequence[str]) -> None:
    """An empty level in the project's first warehouse for those that have none."""
    if not skus:
        return
    execute(
        "INSERT INTO stock_stocklevel (warehouse_id, product_id, on_hand, reserved)"
        " SELECT %s, id, 0, 0 FROM stock_product WHERE project_id = %s AND sku = ANY(%s) ORDER BY id"
        " ON CONFLICT (warehouse_id, product_id) DO NOTHING",
        [first_of(project_id), project_id, list(skus)],
    )


def add(project_id: int, sku: str, name: str, ean: str = "") -> int | None:
    """Create one product, as `create`; its id, None where there is one with this SKU."""
    with transaction.atomic():
        lock_project(ProjectLock.STOCK, project_id)
        if find(project_id, [sku]):
            return None
        product_id = create(project_id, {sku: name})[sku]
        add_eans(project_id, {sku: ean})
        return product_id


def _take_back(project_id: int, skus: Sequence[str]) -> None:
    """Take articles out of the bin, and their parents with them."""
    execute(
        "WITH back AS (UPDATE stock_product SET deleted_at = NULL WHERE project_id = %s AND sku = ANY(%s)"
        " AND parent_id IS NOT NULL RETURNING parent_id)"
        " UPDATE stock_parentproduct SET deleted_at = NULL WHERE id IN (SELECT parent_id FROM back)",
        [project_id, list(skus)],
    )


def skus_of_eans(project_id: int, eans: Collection[str]) -> dict[str, tuple[str, ...]]:
    """The SKUs of the products with each of these EANs, in their order; unknown EANs are left out."""
    if not eans:
        return {}
    rows = execute(
        "SELECT ean, array_agg(sku ORDER BY sku) FROM stock_product"
        " WHERE project_id = %s AND ean <> '' AND ean = ANY(%s) AND deleted_at IS NULL GROUP BY ean",
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
    """With the parent that was made for it."""
    Product.objects.filter(pk=product_id).update(name=name[:300])
    ParentProduct.objects.filter(articles=product_id, lone=True).update(name=name[:300])


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
