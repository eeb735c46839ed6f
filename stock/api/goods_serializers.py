"""Products and SKUs of partners in and out of the API."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django.db.models import Count, F, Window
from django.db.models.functions import RowNumber

from config.kit.api import bodies
from config.kit.api.structs import StructSerializer, decoder_of
from config.kit.times import iso
from stock.api.goods_shapes import MOST_INSIDE, PublishedProduct, PublishedSku, SkuList
from stock.goods.found_goods import skus_of, source_id_of
from stock.goods.goods_rows import Catalogue
from stock.goods.sent_fields import ProductFields, SkuFields
from stock.models import ParentProduct, Product


class GoodsBodySerializer(StructSerializer):
    """The body of one product or SKU."""

    def to_internal_value(self, data: Any) -> Any:
        return bodies.decode_one(data, decoder_of(self.struct))


class ProductFieldsSerializer(GoodsBodySerializer):
    struct = ProductFields


class SkuFieldsSerializer(GoodsBodySerializer):
    struct = SkuFields


class SkuSerializer(StructSerializer):
    struct = PublishedSku

    def documents(self, rows: Sequence[Product]) -> list[PublishedSku]:
        catalogue: Catalogue = self.context["view"].catalogue
        return [_sku(catalogue, row) for row in rows]


class ProductSerializer(StructSerializer):
    """Without its SKUs, as a call that writes one is answered."""

    struct = PublishedProduct

    def documents(self, rows: Sequence[ParentProduct]) -> list[PublishedProduct]:
        catalogue: Catalogue = self.context["view"].catalogue
        return [_product(catalogue, row) for row in rows]


class ProductWithSkusSerializer(ProductSerializer):
    def documents(self, rows: Sequence[ParentProduct]) -> list[PublishedProduct]:
        catalogue: Catalogue = self.context["view"].catalogue
        found = [_product(catalogue, row) for row in rows]
        inside = _inside(catalogue, rows)
        for row, product in zip(rows, found, strict=True):
            product.skus = inside.get(row.pk, SkuList([], 0))
        return found


def _inside(catalogue: Catalogue, rows: Sequence[ParentProduct]) -> dict[int, SkuList]:
    """The first SKUs of each product by its primary key, in one statement."""
    place = Window(RowNumber(), partition_by=F("parent"), order_by=[F("created_at"), F("pk")])
    count = Window(Count("pk"), partition_by=F("parent"))
    skus = skus_of(catalogue.project_id).filter(parent__in=rows).annotate(place=place, siblings=count)
    found: dict[int, SkuList] = {}
    for sku in skus.filter(place__lte=MOST_INSIDE).order_by("parent", "place"):
        listed = found.setdefault(sku.parent_id or 0, SkuList([], sku.siblings))
        listed.data.append(_sku(catalogue, sku))
    return found


def _product(catalogue: Catalogue, row: ParentProduct) -> PublishedProduct:
    return PublishedProduct(
        id=catalogue.ids.give("prod", row.pk),
        source_id=row.source_id or None,
        name=row.name or None,
        price=catalogue.minor(row.price),
        attributes=row.attributes,
        metadata=row.metadata,
        image_url=row.image_url or None,
        created_at=iso(row.created_at),
        updated_at=iso(row.updated_at) if row.updated_at else None,
    )


def _sku(catalogue: Catalogue, row: Product) -> PublishedSku:
    return PublishedSku(
        id=catalogue.ids.give("sku", row.pk),
        source_id=source_id_of(catalogue.ids, row),
        product_id=catalogue.ids.give("prod", row.parent_id or 0),
        sku=row.name or None,
        price=catalogue.minor(row.price),
        currency=row.currency or None,
        attributes=row.attributes,
        image_url=row.image_url or None,
        metadata=row.metadata,
        created_at=iso(row.created_at),
        updated_at=iso(row.updated_at) if row.updated_at else None,
    )
