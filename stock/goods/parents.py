"""Products of partners written: many rows at a time, an outcome each; one bad row never ends the others."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import msgspec
from django.db import transaction
from msgspec import UNSET

from config.kit.locks import ProjectLock, lock_project
from config.kit.sql import next_ids, update_rows
from stock.goods.goods_rows import Catalogue, GoodsFailure, GoodsOutcome, GoodsStored, missing, only
from stock.goods.laying_on import lay_on
from stock.goods.sent_fields import ProductFields, is_empty, key_of
from stock.models import ParentProduct, Product

# What a partner may write about a product, as columns.
WRITTEN = ("source_id", "name", "price", "attributes", "metadata", "image_url", "lone", "updated_at")
# Codes of articles are shorter than source ids of products.
LONGEST_CODE = 100


def upsert_products(
    catalogue: Catalogue, rows: Sequence[ProductFields], *, replace: bool = False
) -> list[GoodsOutcome]:
    """Create or update a product per row, by `id`, else by `source_id`; the outcomes stand in the order of the rows.

    A row may name a product that a row before it has made. `replace`: metadata as a whole, else key by key. In the
    caller's transaction; raises database errors as they come.
    """
    lock_project(ProjectLock.STOCK, catalogue.project_id)
    page = _Parents(catalogue, rows)
    outcomes = [page.write(row, replace=replace) for row in rows]
    page.save()
    return outcomes


def save_product(catalogue: Catalogue, fields: ProductFields, *, replace: bool = False) -> GoodsStored:
    """One product, as `upsert_products`, in a transaction of its own. Raises GoodsRefused."""
    with transaction.atomic():
        return only(upsert_products(catalogue, [fields], replace=replace))


def change_product(
    catalogue: Catalogue, parent: ParentProduct, fields: ProductFields, *, replace: bool = False
) -> GoodsStored:
    """Change a product that was looked up; its keys stay, whatever was sent. Raises GoodsRefused."""
    given = catalogue.ids.give("prod", parent.pk)
    return save_product(catalogue, msgspec.structs.replace(fields, id=given, source_id=UNSET), replace=replace)


class _Parents:
    """The products that some rows name, on their way."""

    def __init__(self, catalogue: Catalogue, rows: Sequence[ProductFields]) -> None:
        self.catalogue = catalogue
        pks = [catalogue.ids.take("prod", key) for row in rows if (key := key_of(row.id))]
        sources = {key_of(row.source_id) for row in rows} - {""}
        ours = ParentProduct.objects.filter(project_id=catalogue.project_id)
        named = ours.filter(pk__in=[pk for pk in pks if pk is not None]) if any(pks) else ours.none()
        taken = ours.filter(source_id__in=sources) if sources else ours.none()
        found = {parent.pk: parent for parent in (*named, *taken)}
        self.by_pk = found
        self.by_source = {parent.source_id: parent for parent in found.values() if parent.source_id}
        self.new: list[ParentProduct] = []
        self.changed: dict[int, ParentProduct] = {}
        self.recoded: list[ParentProduct] = []
        self._spare = iter(next_ids(Product, sum(1 for row in rows if self._may_be_new(row))))

    def _may_be_new(self, row: ProductFields) -> bool:
        return not key_of(row.id) and key_of(row.source_id) not in self.by_source

    def write(self, row: ProductFields, *, replace: bool) -> GoodsOutcome:
        public_id, source_id = key_of(row.id), key_of(row.source_id)
        parent = self.by_source.get(source_id)
        if public_id:
            parent = self.by_pk.get(self.catalogue.ids.take("prod", public_id) or 0)
            if parent is None or parent.deleted_at is not None:
                return missing("product", public_id)
        if parent is None:
            return self._create(row, source_id)
        if parent.deleted_at is not None:
            return _taken(parent)
        renamed = bool(source_id) and not parent.source_id
        if renamed and (holder := self.by_source.get(source_id)):
            return _taken(holder)
        if renamed:
            parent.source_id = source_id
            self.by_source[source_id] = parent
            self.recoded.append(parent)
        different = lay_on(self.catalogue, parent, row, replace=replace) or renamed
        if different and parent not in self.new:
            parent.updated_at = self.catalogue.at
            self.changed[parent.pk] = parent
        return GoodsStored(parent.pk, True, different)

    def _create(self, row: ProductFields, source_id: str) -> GoodsOutcome:
        if not source_id and not row.name:
            what = "send at least one field" if is_empty(row) else "send a name or a source_id"
            return GoodsFailure("invalid_payload", f"Property .name is missing: the product is new, {what}")
        parent = ParentProduct(
            pk=next(self._spare),
            project_id=self.catalogue.project_id,
            source_id=source_id,
            created_at=self.catalogue.at,
        )
        lay_on(self.catalogue, parent, row)
        self.new.append(parent)
        self.by_pk[parent.pk] = parent
        if source_id:
            self.by_source[source_id] = parent
        return GoodsStored(parent.pk, False, True)

    def save(self) -> None:
        ParentProduct.objects.bulk_create(self.new)
        update_rows(ParentProduct, WRITTEN, list(self.changed.values()))
        recode(self.recoded)


def _taken(holder: ParentProduct) -> GoodsFailure:
    """Somebody else has the source id."""
    details = f"{holder.source_id} is the source id of another product"
    if holder.deleted_at is not None:
        details = f"{holder.source_id} is the source id of a deleted product: DELETE it with force=true first"
    return GoodsFailure("duplicate_resource_key", details, "product", holder.pk)


def recode(parents: Iterable[ParentProduct]) -> None:
    """The own articles of products that were given a source id are known by it, unless another article is."""
    for parent in parents:
        code = parent.source_id
        if len(code) <= LONGEST_CODE and not Product.objects.filter(project=parent.project_id, sku=code).exists():
            Product.objects.filter(parent=parent, own=True).update(sku=code)
