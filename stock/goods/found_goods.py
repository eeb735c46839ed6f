"""Products and SKUs of partners found by what names them: a public id, else a source id."""

from __future__ import annotations

from django.db.models import QuerySet

from config.kit.public_ids import PublicIds
from stock.models import ParentProduct, Product


def products_of(project_id: int, *, with_bin: bool = False) -> QuerySet[ParentProduct]:
    """The products of a project."""
    found = ParentProduct.objects.filter(project_id=project_id)
    return found if with_bin else found.filter(deleted_at=None)


def skus_of(project_id: int, *, with_bin: bool = False) -> QuerySet[Product]:
    """The SKUs of a project, each with its product; articles that are a product's own are none."""
    found = Product.objects.filter(project_id=project_id, own=False, parent__isnull=False).select_related("parent")
    return found if with_bin else found.filter(deleted_at=None, parent__deleted_at=None)


def find_product(project_id: int, ids: PublicIds, key: str, *, with_bin: bool = False) -> ParentProduct | None:
    ours = products_of(project_id, with_bin=with_bin)
    pk = ids.take("prod", key)
    found = ours.filter(pk=pk).first() if pk is not None else None
    if found is None and key and "\x00" not in key:
        found = ours.filter(source_id=key).first()
    return found


def find_sku(project_id: int, ids: PublicIds, key: str, *, with_bin: bool = False) -> Product | None:
    ours = skus_of(project_id, with_bin=with_bin)
    pk = ids.take("sku", key)
    found = ours.filter(pk=pk).first() if pk is not None else None
    if found is None and key and "\x00" not in key:
        found = ours.filter(sku=key).first()
    return found


def source_id_of(ids: PublicIds, article: Product) -> str | None:
    """The source id of a SKU; one that was given none is known by its public id."""
    return None if article.sku == ids.give("sku", article.pk) else article.sku
