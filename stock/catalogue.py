"""Products and their stock levels: found by SKU, created where unknown."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence

from django.db import transaction

from config.kit.locks import ProjectLock, lock_project, projects_lock
from config.kit.round_trips import Question, ask, ask_together
from config.kit.sql import execute
from stock.models import ParentProduct, Product, StockLevel
from stock.warehouses import first_of

LONGEST_LOCATION = 50


def find(project_id: int, skus: list[str]) -> dict[str, int]:
    """Product ids by SKU; unknown SKUs are left out, and those that a partner has deleted."""
    return ask(found(project_id, skus)) if skus else {}


def found(project_id: int, skus: list[str]) -> Question[dict[str, int]]:
    """What `find` asks."""
    return Question(
        "SELECT sku, id FROM stock_product WHERE project_id = %s AND sku = ANY(%s) AND deleted_at IS NULL",
        [project_id, skus],
        dict,
    )


# An article stands alone below a parent made for it, of its own id and source id - but where a partner has a product
# of that source id: then it is what holds that one's stock, or, where it lies in the bin, the parent has no source id.
CREATE = """
WITH wanted AS (
  SELECT nextval('stock_product_id_seq') AS id, new.sku, new.name, same.id AS same,
    CASE WHEN same.deleted_at IS NULL THEN same.id END AS parent
  FROM unnest(%s::text[], %s::text[]) AS new (sku, name)
  LEFT JOIN stock_parentproduct AS same ON same.project_id = %s AND same.source_id = new.sku
    AND same.source_id <> ''
), added AS (
  INSERT INTO stock_product (id, project_id, sku, name, parent_id, own, created_at)
  SELECT id, %s, sku, name, coalesce(parent, id), parent IS NOT NULL, date_trunc('milliseconds', now())
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
    made = [skus, [names[sku][:300] for sku in skus], project_id, project_id]
    ask_together(projects_lock(ProjectLock.CATALOGUE, project_id), Question(CREATE, made, lambda _: None))
    open_levels(project_id, skus)
    found = find(project_id, skus)
    if len(found) < len(skus):
        _take_back(project_id, [sku for sku in skus if sku not in found])
        found = find(project_id, skus)
    return found


def create_own(project_id: int, wanted: Mapping[int, tuple[str, str]]) -> None:
    """Create articles that hold the stock of products themselves: (code, name) by product, with zero stock.

    Where another article has the code, the product has none. The caller holds the project's lock.
    """
    if not wanted:
        return
    lock_project(ProjectLock.CATALOGUE, project_id)
    codes, names = zip(*wanted.values(), strict=True)
    execute(
        "INSERT INTO stock_product (project_id, parent_id, own, sku, name, created_at)"
        " SELECT %s, parent, true, sku, name, date_trunc('milliseconds', now())"
        " FROM unnest(%s::bigint[], %s::text[], %s::text[]) AS new (parent, sku, name)"
        " ON CONFLICT (project_id, sku) DO NOTHING",
        [project_id, list(wanted), list(codes), list(names)],
    )
    open_levels(project_id, codes)


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
        lock_project(ProjectLock.CATALOGUE, project_id)
        execute(
            "UPDATE stock_product AS product SET ean = new.ean FROM unnest(%s::text[], %s::text[]) AS new (sku, ean)"
            " WHERE product.project_id = %s AND product.sku = new.sku AND product.ean = ''",
            [list(eans), list(eans.values()), project_id],
        )


def rename(project_id: int, product_id: int, name: str) -> None:
    """With the parent that was made for it. A partner who is writing the product just now is waited for."""
    with transaction.atomic():
        lock_project(ProjectLock.CATALOGUE, project_id)
        Product.objects.filter(pk=product_id).update(name=name[:300])
        ParentProduct.objects.filter(articles=product_id, lone=True).update(name=name[:300])


def set_ean(product_id: int, ean: str) -> None:
    """`ean`: as `stock.barcodes.canonical` writes it, "" for none."""
    Product.objects.filter(pk=product_id).update(ean=ean)


def set_location(product_id: int, warehouse_id: int, location: str) -> None:
    """Where the product lies in a warehouse, "" for nowhere in particular. It may lie there before goods come."""
    StockLevel.objects.update_or_create(
        product_id=product_id, warehouse_id=warehouse_id, defaults={"location": location.strip()[:LONGEST_LOCATION]}
    )
