"""Products and SKUs of partners deleted: into the bin, or for good.

In the bin they are found no more, and their source ids stay taken. For good, a product goes, and its articles stay as
rows without a parent, for the lines and movements that name them. What is on stock, held or waited for stays as it is.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

from django.db import transaction
from django.db.models import Sum

from config.kit.locks import ProjectLock, lock_project
from stock.goods.goods_rows import Catalogue, GoodsFailure, GoodsRefused
from stock.models import ParentProduct, Product, StockLevel

# Units that orders wait for, by article.
Waiting = Callable[[Sequence[int]], Mapping[int, int]]


def delete_product(catalogue: Catalogue, parent: ParentProduct, waiting: Waiting, *, force: bool) -> None:
    """A product with all its SKUs. Raises GoodsRefused with what is in the way, nothing written."""
    with transaction.atomic():
        lock_project(ProjectLock.STOCK, catalogue.project_id)
        lock_project(ProjectLock.CATALOGUE, catalogue.project_id)
        articles = list(Product.objects.filter(parent_id=parent.pk))
        _expect_unused(articles, waiting, GoodsFailure("resource_in_use", "", "product", parent.pk))
        _delete(catalogue, articles, force=force)
        if force:
            ParentProduct.objects.filter(pk=parent.pk).delete()
        else:
            ParentProduct.objects.filter(pk=parent.pk, deleted_at=None).update(deleted_at=catalogue.at)


def delete_sku(catalogue: Catalogue, article: Product, waiting: Waiting, *, force: bool) -> None:
    """One SKU; its product stays. Raises GoodsRefused with what is in the way, nothing written."""
    with transaction.atomic():
        lock_project(ProjectLock.STOCK, catalogue.project_id)
        lock_project(ProjectLock.CATALOGUE, catalogue.project_id)
        _expect_unused([article], waiting, GoodsFailure("resource_in_use", "", "sku", article.pk))
        _delete(catalogue, [article], force=force)
        if force and article.parent_id is not None:
            ParentProduct.objects.filter(pk=article.parent_id, lone=True).update(lone=False)


def _expect_unused(articles: Sequence[Product], waiting: Waiting, refusal: GoodsFailure) -> None:
    pks = [article.pk for article in articles]
    levels = StockLevel.objects.filter(product__in=pks).order_by().values("product")
    units = {row["product"]: row for row in levels.annotate(there=Sum("on_hand"), held=Sum("reserved"))}
    waited = waiting(pks)
    for article in articles:
        level = units.get(article.pk, {"there": 0, "held": 0})
        if level["there"] or level["held"] or waited.get(article.pk):
            details = (
                f"{article.sku}: {level['there']} on hand, {level['held']} reserved, orders wait for"
                f" {waited.get(article.pk, 0)}. Ship, cancel or adjust these units first"
            )
            raise GoodsRefused(GoodsFailure(refusal.key, details, refusal.kind, refusal.holder))


def _delete(catalogue: Catalogue, articles: Sequence[Product], *, force: bool) -> None:
    if not force:
        unseen = [article.pk for article in articles if article.deleted_at is None]
        Product.objects.filter(pk__in=unseen).update(deleted_at=catalogue.at)
        return
    for article in articles:
        # With a space in front it is no code that anybody can send: they are trimmed.
        code = f" {article.pk} {article.sku}"[:100]
        deleted_at = article.deleted_at or catalogue.at
        Product.objects.filter(pk=article.pk).update(parent=None, own=False, sku=code, deleted_at=deleted_at)
