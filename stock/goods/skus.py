"""SKUs of partners written below a product: many rows at a time, an outcome each."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import msgspec
from babel.numbers import list_currencies
from django.db import transaction
from msgspec import UNSET

from config.kit.locks import ProjectLock, lock_project
from config.kit.sql import update_rows
from stock import catalogue as articles
from stock.goods.goods_rows import Catalogue, GoodsFailure, GoodsOutcome, GoodsStored, Numbers, missing, only
from stock.goods.laying_on import lay_on
from stock.goods.sent_fields import SkuFields, is_empty, key_of
from stock.models import ParentProduct, Product

# What a partner may write about a SKU, as columns.
WRITTEN = (
    "parent_id", "own", "sku", "name", "price", "currency", "attributes", "metadata", "image_url", "updated_at",
)  # fmt: skip


def upsert_skus(
    catalogue: Catalogue, parent_pk: int, rows: Sequence[SkuFields], *, replace: bool = False
) -> list[GoodsOutcome]:
    """Create or update a SKU of the product per row, by `id`, else by `source_id`; outcomes in the order of the rows.

    The SKU of a lone parent moves here with its stock and its history, one of any other product never does. `replace`:
    metadata as a whole, else key by key. In the caller's transaction; raises database errors as they come.
    """
    lock_project(ProjectLock.STOCK, catalogue.project_id)
    return _upsert(catalogue, parent_pk, rows, replace=replace)


def _upsert(catalogue: Catalogue, parent_pk: int, rows: Sequence[SkuFields], *, replace: bool) -> list[GoodsOutcome]:
    lock_project(ProjectLock.CATALOGUE, catalogue.project_id)
    parent = ParentProduct.objects.filter(project_id=catalogue.project_id, pk=parent_pk, deleted_at=None).first()
    if parent is None:
        return [missing("product", catalogue.ids.give("prod", parent_pk)) for _ in rows]
    pks = {pk for row in rows if (pk := catalogue.ids.take("sku", key_of(row.id)))}
    page = SkusInHand(catalogue, pks, [key_of(row.source_id) for row in rows])
    outcomes = [page.write(parent, row, replace=replace) for row in rows]
    page.save()
    return outcomes


def save_sku(catalogue: Catalogue, parent_pk: int, fields: SkuFields, *, replace: bool = False) -> GoodsStored:
    """One SKU, as `upsert_skus`, in a transaction of its own. Raises GoodsRefused."""
    with transaction.atomic():
        return only(upsert_skus(catalogue, parent_pk, [fields], replace=replace))


def change_sku(catalogue: Catalogue, article: Product, fields: SkuFields, *, replace: bool = False) -> GoodsStored:
    """Change a SKU that was looked up; its keys and its product stay, whatever was sent. Raises GoodsRefused.

    It has its stock already, which nobody is held up for.
    """
    if article.parent_id is None:
        raise ValueError("only a SKU that has a product can be changed")
    given = catalogue.ids.give("sku", article.pk)
    fields = msgspec.structs.replace(fields, id=given, source_id=UNSET)
    with transaction.atomic():
        return only(_upsert(catalogue, article.parent_id, [fields], replace=replace))


class SkusInHand:
    """SKUs that are being written: those of these primary keys and codes, and new ones."""

    def __init__(self, catalogue: Catalogue, pks: Iterable[int], codes: Iterable[str]) -> None:
        self.catalogue = catalogue
        pks = set(pks)
        taken = set(codes) - {""}
        ours = Product.objects.filter(project_id=catalogue.project_id).select_related("parent")
        by_pk = ours.filter(pk__in=pks) if pks else ours.none()
        by_code = ours.filter(sku__in=taken) if taken else ours.none()
        self.by_pk = {article.pk: article for article in (*by_pk, *by_code)}
        self.by_code = {article.sku: article for article in self.by_pk.values()}
        self.new: list[Product] = []
        self.changed: dict[int, Product] = {}
        self.left: list[int] = []
        """Lone parents whose article has moved away."""
        self.joined: set[int] = set()
        """Parents that have one SKU more."""
        self._numbers = Numbers()

    def write(self, parent: ParentProduct, row: SkuFields, *, replace: bool) -> GoodsOutcome:
        if row.currency and row.currency not in list_currencies():
            return GoodsFailure("invalid_payload", "Property .currency is none of ISO 4217: send e.g. EUR", "sku")
        public_id, code = key_of(row.id), key_of(row.source_id)
        article = self.by_code.get(code)
        if public_id:
            article = self.by_pk.get(self.catalogue.ids.take("sku", public_id) or 0)
            if article is None or article.own or article.deleted_at is not None:
                return missing("sku", public_id)
        if article is None:
            return self._create(parent, row, code)
        refused = self._refusal(parent, article)
        if refused is not None:
            return refused
        coded = bool(code) and code != article.sku and article.sku == self.catalogue.ids.give("sku", article.pk)
        if coded and (holder := self.by_code.get(code)):
            return _belongs(holder)
        if coded:
            article.sku = code
            self.by_code[code] = article
        was_own, moved = article.own, self._move(parent, article)
        different = lay_on(self.catalogue, article, row, replace=replace) or coded or moved
        if different and article not in self.new:
            article.updated_at = None if was_own else self.catalogue.at
            self.changed[article.pk] = article
        return GoodsStored(article.pk, not was_own, different)

    def _refusal(self, parent: ParentProduct, article: Product) -> GoodsFailure | None:
        """Why an article that is here is none that may be written below this product."""
        if article.deleted_at is not None:
            details = f"{article.sku} is the source id of a deleted SKU: DELETE it with force=true first"
            return GoodsFailure("duplicate_resource_key", details, "sku", article.pk)
        if article.parent_id != parent.pk and (article.parent is None or not article.parent.lone):
            return _belongs(article)
        return None

    def _move(self, parent: ParentProduct, article: Product) -> bool:
        """Below this product, as one of its SKUs; whether it was elsewhere before."""
        if article.parent_id == parent.pk and not article.own:
            return False
        if article.parent_id is not None and article.parent_id != parent.pk:
            self.left.append(article.parent_id)
        article.parent, article.own = parent, False
        self.joined.add(parent.pk)
        return True

    def _create(self, parent: ParentProduct, row: SkuFields, code: str) -> GoodsOutcome:
        if is_empty(row):
            return GoodsFailure("invalid_payload", "The SKU is new: send at least one field", "sku")
        pk = self._numbers.take()
        code = code or self.catalogue.ids.give("sku", pk)
        article = Product(
            pk=pk,
            project_id=self.catalogue.project_id,
            parent=parent,
            sku=code,
            created_at=self.catalogue.at,
        )
        lay_on(self.catalogue, article, row)
        self.new.append(article)
        self.joined.add(parent.pk)
        self.by_pk[pk] = self.by_code[code] = article
        return GoodsStored(pk, False, True)

    def save(self) -> None:
        if self.joined:
            ParentProduct.objects.filter(pk__in=self.joined, lone=True).update(lone=False)
        Product.objects.bulk_create(self.new)
        articles.open_levels(self.catalogue.project_id, [article.sku for article in self.new])
        update_rows(Product, WRITTEN, list(self.changed.values()))
        if self.left:
            ParentProduct.objects.filter(pk__in=self.left).delete()


def _belongs(article: Product) -> GoodsFailure:
    """Another SKU has the source id, or the SKU another product."""
    parent = article.parent
    details = f"The SKU {article.sku} belongs to the product {parent.source_id or parent.name if parent else '-'}"
    return GoodsFailure("duplicate_resource_key", details, "sku", article.pk)
