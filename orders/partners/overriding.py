"""What items order of the catalogue by `override`: products and SKUs made where they are unknown, and written."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from msgspec import UNSET, Struct

from orders.partners.meanings import Goods, stripped
from orders.partners.published import InvalidOrder, Item, ProductObject, SkuObject
from stock.goods.goods_rows import Catalogue, GoodsFailure
from stock.goods.known import KnownGoods
from stock.goods.parents import ParentsInHand
from stock.goods.sent_fields import ProductFields, SkuFields
from stock.goods.skus import SkusInHand
from stock.models import ParentProduct, Product


class GoodsWarning(Struct, frozen=True):
    """Something about an item that its partner should know; the order is stored."""

    key: str
    """override_without_key, sku_of_another_product or unknown_goods."""
    details: str


class Overriding:
    """The goods that some items override, in hand until they are saved; the last item for one key wins."""

    def __init__(self, catalogue: Catalogue, known: KnownGoods, codes: Iterable[str], sources: Iterable[str]) -> None:
        self.ids = catalogue.ids
        homes = {article.parent.pk for article in known.articles.values()}
        self.parents = ParentsInHand(catalogue, {*known.parents, *homes}, sources)
        self.skus = SkusInHand(catalogue, known.articles, {*codes, *known.by_code})

    def save(self) -> None:
        self.parents.save()
        self.skus.save()

    def write(self, item: Item, goods: Goods, place: int) -> list[GoodsWarning]:
        """What the item at this place of its order overrides. Raises InvalidOrder."""
        sku, product = item.sku or SkuObject(), item.product or ProductObject()
        code = self._sku_code(item, goods)
        named, source = self._product(item, goods, place)
        warnings: list[GoodsWarning] = []
        article = self.skus.by_code.get(code) if code else None
        if sku.override and code:
            home = self.parents.by_pk.get(article.parent_id or 0) if article is not None else None
            elsewhere = home is not None and bool(source or named) and named is not home
            if home is not None and elsewhere and not home.lone:
                warnings.append(_of_another(place, code, home))
                below = home
            elif home is not None and not elsewhere:
                below = home
            else:
                below = named = named or self._made(product, source)
            article = self._write_sku(below, code, sku)
        elif sku.override:
            warnings.append(_without_key(place))
        if product.override:
            if named is None and source:
                named = self._made(product, source)
            if named is None and article is not None:
                named = self.parents.by_pk.get(article.parent_id or 0)
            if named is not None:
                self._write_product(named, product)
            elif not warnings:
                warnings.append(_without_key(place))
        return warnings

    def _sku_code(self, item: Item, goods: Goods) -> str:
        """The code of the SKU that the item names; "" for none."""
        if goods.kind == "sku" or (goods.article is not None and goods.article.own and item.related_object == "sku"):
            return goods.code
        sku = item.sku or SkuObject()
        article = self.skus.by_pk.get(self.ids.take("sku", sku.id or "") or 0)
        return article.sku if article is not None else stripped(sku.source_id)

    def _product(self, item: Item, goods: Goods, place: int) -> tuple[ParentProduct | None, str]:
        """The product that the item names, else the source id of one to be made. Raises InvalidOrder."""
        product = item.product or ProductObject()
        if goods.kind == "product" and goods.parent is not None:
            return self.parents.by_pk[goods.parent.pk], ""
        if goods.kind == "product":
            return self._by_source(goods.code)
        for path, public_id in (("product.id", product.id), ("product_id", item.product_id)):
            if public_id:
                found = self.parents.by_pk.get(self.ids.take("prod", public_id) or 0)
                if found is None or found.deleted_at is not None:
                    text = f"Cannot find product with id {public_id} (.items[{place}].{path})"
                    raise InvalidOrder("invalid_product", text)
                return found, ""
        return self._by_source(stripped(product.source_id))

    def _by_source(self, source: str) -> tuple[ParentProduct | None, str]:
        found = self.parents.by_source.get(source) if source else None
        if found is not None and found.deleted_at is not None:
            text = f"{source} is the source id of a deleted product: DELETE it with force=true first"
            raise InvalidOrder("invalid_product", text)
        return found, source

    def _made(self, product: ProductObject, source: str) -> ParentProduct:
        return self.parents.make(ProductFields(name=product.name or UNSET), source)

    def _write_product(self, parent: ParentProduct, product: ProductObject) -> None:
        fields = ProductFields(id=self.ids.give("prod", parent.pk), **_present(product, "name"))
        outcome = self.parents.write(fields, replace=True)
        if isinstance(outcome, GoodsFailure):
            raise InvalidOrder("invalid_product", outcome.details)

    def _write_sku(self, below: ParentProduct, code: str, sku: SkuObject) -> Product:
        outcome = self.skus.write(below, SkuFields(source_id=code, **_present(sku, "sku")), replace=True)
        if isinstance(outcome, GoodsFailure):
            raise InvalidOrder("invalid_sku", outcome.details)
        return self.skus.by_pk[outcome.pk]


def _present(part: ProductObject | SkuObject, label: str) -> dict[str, Any]:
    """What is written: what is sent and not null. Metadata are replaced as a whole."""
    values = {name: getattr(part, name) for name in (label, "price", "metadata")}
    return {name: value for name, value in values.items() if value is not None}


def _without_key(place: int) -> GoodsWarning:
    text = f"Item {place}: override is true, and nothing says which product or SKU. Send source_id with related_object"
    return GoodsWarning("override_without_key", text)


def _of_another(place: int, code: str, home: ParentProduct) -> GoodsWarning:
    text = f"Item {place}: the SKU {code} belongs to the product {home.source_id or home.name}, and stays there"
    return GoodsWarning("sku_of_another_product", text)
