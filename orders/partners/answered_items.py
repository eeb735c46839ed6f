"""Items of orders as partners read them, with the goods that stand behind their lines now."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from decimal import Decimal
from typing import Any

from config.kit.public_ids import PublicIds
from orders.models import Order, OrderLine
from orders.partners.meanings import FREE, Goods, printed
from orders.partners.to_book import NAMELESS
from stock.goods.known import KnownGoods
from stock.goods.looking_up import look_up


def minor(amount: Decimal, digits: int) -> int:
    """An amount in the smallest unit of its currency."""
    return round(amount.scaleb(digits))


def extras_of_line(order: Order, line: OrderLine) -> Mapping[str, Any]:
    """What is kept of an item beside its line, see `orders.partners.to_book`."""
    found: Mapping[str, Any] = (order.partner or {}).get("items", {}).get(line.key, {})
    return found


def goods_of_lines(
    ids: PublicIds, project_id: int, lines: Iterable[tuple[Order, OrderLine]], known: KnownGoods | None = None
) -> dict[int, Goods]:
    """What stands behind these lines of a project, by their primary keys; in two statements at most.

    `known`: all of it, where it was just looked up.
    """
    pairs = [(line, extras_of_line(order, line).get("related_object") == "product") for order, line in lines]
    codes: set[str] = set()
    sources: set[str] = set()
    articles: set[int] = set()
    for line, as_product in pairs:
        if (product_id := line.product_id) is not None:
            articles.add(product_id)
        else:
            (sources if as_product else codes).add(line.sku)
    known = known or look_up(
        ids,
        project_id,
        codes=codes,
        articles=articles,
        sources=sources,
        parents={pk for sku in sources if (pk := ids.take("prod", sku))},
    )
    return {line.id: _behind(ids, known, line, as_product) for line, as_product in pairs}


def _behind(ids: PublicIds, known: KnownGoods, line: OrderLine, as_product: bool) -> Goods:
    product_id = line.product_id
    if product_id is None and as_product:
        parent = known.by_source.get(line.sku) or known.parents.get(ids.take("prod", line.sku) or 0)
        return Goods("product", line.sku, None, parent)
    article = known.articles.get(product_id) if product_id else known.by_code.get(line.sku)
    if article is None:
        kind = "product" if as_product else "sku"
        return Goods(kind, line.sku) if line.sku else FREE  # type: ignore[arg-type]
    return Goods("product" if as_product or article.own else "sku", line.sku, article, article.parent)


def item_of(ids: PublicIds, line: OrderLine, extra: Mapping[str, Any], goods: Goods, digits: int) -> dict[str, Any]:
    """A line as an item; `extra`: what is kept beside the line, `goods`: what stands behind it."""
    amount = minor(line.total + line.discount, digits)
    item: dict[str, Any] = {"id": ids.give("ordli", line.pk)}
    if goods.parent is not None:
        item["product_id"] = ids.give("prod", goods.parent.pk)
    if goods.kind == "sku" and goods.article is not None:
        item["sku_id"] = ids.give("sku", goods.article.pk)
    if goods.kind:
        item["related_object"] = goods.kind
    item |= {name: value for name, value in extra.items() if name not in LIVE}
    if line.sku:
        item["source_id"] = line.sku
    item |= {
        "quantity": line.quantity,
        "amount": amount,
        "discount_amount": minor(line.discount, digits),
        "applied_discount_amount": minor(line.discount, digits),
        "price": minor(line.unit_price, digits),
        "subtotal_amount": minor(line.total, digits),
        "metadata": line.metadata,
        "object": "order_item",
    }
    item.setdefault("initial_quantity", line.quantity)
    item.setdefault("initial_amount", amount)
    return item | _inner_objects(ids, line, extra, goods)


# Extras of an item that follow from the goods of its line.
LIVE = frozenset({"sku_id", "product_id", "product", "sku"})
# What of an inner object is of the order; its keys are the catalogue's, and `override` was an order to us.
COPIED = ("name", "sku", "price", "metadata")


def _inner_objects(
    ids: PublicIds, line: OrderLine, extra: Mapping[str, Any], goods: Goods
) -> dict[str, dict[str, Any]]:
    """The product and the SKU: their keys as the catalogue has them, the rest as the line remembers it."""
    copy = {kind: _copied(extra[kind]) for kind in ("product", "sku") if extra.get(kind)}
    if (name := printed(copy)) and name != line.name:
        copy = {}  # staff have given the line another name, or other goods
    if not copy and (goods.parent is not None or line.name not in {line.sku, NAMELESS}):
        copy["product"] = {"name": line.name}
        if goods.kind == "sku" and goods.parent is not None:
            copy["sku"] = {"sku": line.name}
    found: dict[str, dict[str, Any]] = {}
    if goods.parent is not None:
        found["product"] = {"id": ids.give("prod", goods.parent.pk)}
        if goods.parent.source_id:
            found["product"]["source_id"] = goods.parent.source_id
    if goods.kind == "sku" and goods.article is not None:
        public_id = ids.give("sku", goods.article.pk)
        found["sku"] = {"id": public_id}
        if goods.article.code != public_id:
            found["sku"]["source_id"] = goods.article.code
    inner = {kind: found.get(kind, {}) | copy.get(kind, {}) for kind in ("product", "sku")}
    return {kind: part for kind, part in inner.items() if part}


def _copied(part: Mapping[str, Any]) -> dict[str, Any]:
    found = {name: part[name] for name in COPIED if part.get(name) is not None}
    if "price" in found:
        found["price"] = round(found["price"])
    return found
