"""Products of partners written: many rows at a time, an outcome each; one bad row never ends the others."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import msgspec
from django.db import transaction
from msgspec import UNSET

from config.kit.locks import ProjectLock, lock_project
from config.kit.sql import update_rows
from stock.goods.goods_rows import Catalogue, GoodsFailure, GoodsOutcome, GoodsStored, Numbers, missing, only
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
    caller's transaction, which need not hold the project's stock: a product has none, its SKUs do. Raises database
    errors as they come.
    """
    lock_project(ProjectLock.CATALOGUE, catalogue.project_id)
    pks = {pk for row in rows if (pk := catalogue.ids.take("prod", key_of(row.id)))}
    page = ParentsInHand(catalogue, pks, [key_of(row.source_id) for row in rows])
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


class ParentsInHand:
    """Products that are being written: those of these primary keys and source ids, and new ones."""

    def __init__(self, catalogue: Catalogue, pks: Iterable[int], sources: Iterable[str]) -> None:
        self.catalogue = catalogue
        pks = set(pks)
        taken = set(sources) - {""}
        ours = ParentProduct.objects.filter(project_id=catalogue.project_id)
        by_pk = ours.filter(pk__in=pks) if pks else ours.none()
        by_source = ours.filter(source_id__in=taken) if taken else ours.none()
        found = {parent.pk: parent for parent in (*by_pk, *by_source)}
        self.by_pk = found
        self.by_source = {parent.source_id: parent for parent in found.values() if parent.source_id}
        self.new: list[ParentProduct] = []
        self.changed: dict[int, ParentProduct] = {}
        self.recoded: list[ParentProduct] = []
        self._numbers = Numbers()

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
        return GoodsStored(self.make(row, source_id).pk, False, True)

    def make(self, row: ProductFields, source_id: str) -> ParentProduct:
        """A new product, whatever it has."""
        parent = ParentProduct(
            pk=self._numbers.take(),
            project_id=self.catalogue.project_id,
            source_id=source_id,
            created_at=self.catalogue.at,
        )
        lay_on(self.catalogue, parent, row)
        self.new.append(parent)
        self.by_pk[parent.pk] = parent
        if source_id:
            self.by_source[source_id] = parent
        return parent

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
