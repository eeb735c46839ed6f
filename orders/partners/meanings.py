"""Which goods an item means, and what its line remembers of them.

The first that is given decides: `source_id` with `related_object`, `sku_id`, `product_id`, `source_id` alone, the keys
of the inner objects, the SKU's before the product's.
"""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from typing import Any, Literal

from msgspec import Struct

from config.kit.public_ids import PublicIds
from orders.partners.published import InvalidOrder, Item, ProductObject, SkuObject
from stock.goods.known import KnownArticle, KnownGoods, KnownParent

Kind = Literal["sku", "product", ""]
# Codes of articles are no longer; a product of a longer source id is known by its public id.
LONGEST_CODE = 100


class Goods(Struct, frozen=True):
    """What an item means: a SKU, a product that is itself sold, or nothing that has a key."""

    kind: Kind = ""
    code: str = ""
    """As the line is known by in the book."""
    article: KnownArticle | None = None
    """What holds its stock."""
    parent: KnownParent | None = None

    @property
    def is_unknown(self) -> bool:
        return bool(self.kind) and self.parent is None

    @property
    def product_id(self) -> int | None:
        """The article by its primary key."""
        return None if self.article is None else self.article.pk

    @property
    def price(self) -> Decimal | None:
        """What the catalogue says it costs."""
        if self.article is not None and self.article.price is not None:
            return self.article.price
        return None if self.parent is None else self.parent.price


FREE = Goods()
NO_SKU, NO_PRODUCT = SkuObject(), ProductObject()


def stripped(value: str | None) -> str:
    return (value or "").strip()


class Keys:
    """All that items name their goods by, to be looked up at once."""

    def __init__(self, ids: PublicIds) -> None:
        self.ids = ids
        self.codes: set[str] = set()
        self.sources: set[str] = set()
        self.articles: set[int] = set()
        self.parents: set[int] = set()

    def add(self, item: Item) -> None:
        source_id = stripped(item.source_id)
        if item.related_object != "product":
            self.codes.add(source_id)
        if item.related_object != "sku" or item.overrides:
            self.sources.add(source_id)
        if item.sku is None and item.product is None and item.sku_id is None and item.product_id is None:
            return
        sku, product = item.sku or NO_SKU, item.product or NO_PRODUCT
        self.codes.add(stripped(sku.source_id))
        self.sources.add(stripped(product.source_id))
        for public_id in filter(None, (item.sku_id, sku.id)):
            if pk := self.ids.take("sku", public_id):
                self.articles.add(pk)
        for public_id in filter(None, (item.product_id, product.id)):
            if pk := self.ids.take("prod", public_id):
                self.parents.add(pk)


def meaning(ids: PublicIds, item: Item, known: KnownGoods, place: int) -> Goods:
    """What the item at this place of its order means. Raises InvalidOrder for an id that is not here."""
    source_id, sku, product = stripped(item.source_id), item.sku or NO_SKU, item.product or NO_PRODUCT
    if source_id and item.related_object:
        return _by_code(ids, known, source_id, item.related_object)
    if item.sku_id:
        return _of_article(known.articles.get(ids.take("sku", item.sku_id) or 0), item.sku_id, f"[{place}].sku_id")
    if item.product_id:
        return _by_pk(ids, known, item.product_id, f"[{place}].product_id")
    if source_id:
        found = known.by_code.get(source_id) or known.by_source.get(source_id)
        if found is None:
            return Goods("product" if item.sku is None and item.product is not None else "sku", source_id)
        return _by_code(ids, known, source_id, "product" if isinstance(found, KnownParent) else "sku")
    if sku.id:
        return _of_article(known.articles.get(ids.take("sku", sku.id) or 0), sku.id, f"[{place}].sku.id")
    if code := stripped(sku.source_id):
        return _by_code(ids, known, code, "sku")
    if product.id:
        return _by_pk(ids, known, product.id, f"[{place}].product.id")
    if code := stripped(product.source_id):
        return _by_code(ids, known, code, "product")
    return FREE


def _by_code(ids: PublicIds, known: KnownGoods, code: str, kind: Literal["sku", "product"]) -> Goods:
    article = known.by_code.get(code)
    if kind == "sku":
        return Goods("sku", code) if article is None else _of_article(article)
    parent = known.by_source.get(code)
    if parent is None:
        own = article if article is not None and article.own else None  # of a product that has no source id
        pk = ids.take("prod", code)
        parent = known.parents.get(pk) if pk else None if own is None else own.parent
    return Goods("product", code[:LONGEST_CODE]) if parent is None else of_parent(ids, known, parent)


def _by_pk(ids: PublicIds, known: KnownGoods, public_id: str, path: str) -> Goods:
    parent = known.parents.get(ids.take("prod", public_id) or 0)
    if parent is None:
        raise InvalidOrder("invalid_product", f"Cannot find product with id {public_id} (.items{path})")
    return of_parent(ids, known, parent)


def _of_article(article: KnownArticle | None, public_id: str = "", path: str = "") -> Goods:
    if article is None:
        raise InvalidOrder("invalid_sku", f"Cannot find sku with id {public_id} (.items{path})")
    return Goods("product" if article.own else "sku", article.code, article, article.parent)


def of_parent(ids: PublicIds, known: KnownGoods, parent: KnownParent) -> Goods:
    """A product that is itself sold."""
    article = known.serving(parent)
    if article is not None:
        return Goods("product", article.code, article, parent)
    return Goods("product", code_of(ids, parent), None, parent)


def code_of(ids: PublicIds, parent: KnownParent) -> str:
    """By which code lines and shops know a product that is itself sold."""
    return parent.source_id if 0 < len(parent.source_id) <= LONGEST_CODE else ids.give("prod", parent.pk)


def copy_of(item: Item, goods: Goods, digits: int) -> dict[str, dict[str, Any]]:
    """What the line remembers of its product and its SKU: as sent, else as the catalogue has it now."""
    parent, article = goods.parent, goods.article if goods.kind == "sku" else None
    if parent is None and article is None and item.sku is None and item.product is None:
        return {}
    sku, product = item.sku or NO_SKU, item.product or NO_PRODUCT
    named = product.name is not None or sku.sku is not None
    if parent is not None and parent.lone and named:  # it and its article have one name, which was sent
        names = product.name, sku.sku
    else:
        names = (
            product.name if product.name is not None else parent.name if parent is not None else None,
            sku.sku if sku.sku is not None else article.name if article is not None else None,
        )
    found = {"product": _part("name", names[0], product, parent, digits)}
    found["sku"] = _part("sku", names[1], sku, article, digits)
    return {kind: part for kind, part in found.items() if part}


def _part(
    label: str,
    name: str | None,
    sent: ProductObject | SkuObject,
    stored: KnownParent | KnownArticle | None,
    digits: int,
) -> dict[str, Any]:
    price, metadata = sent.price, sent.metadata
    if stored is not None:
        if price is None and stored.price is not None:
            price = round(stored.price.scaleb(digits))
        if metadata is None:
            metadata = dict(stored.metadata) or None
    found = {label: name or None, "price": price, "metadata": metadata}
    return {key: value for key, value in found.items() if value is not None}


def printed(copy: Mapping[str, Any]) -> str:
    """The one name of the line, "product, sku"; "" where neither has one."""
    if not copy:
        return ""
    names = [copy.get("product", {}).get("name"), copy.get("sku", {}).get("sku")]
    return ", ".join(dict.fromkeys(name for name in names if name))[:300]
