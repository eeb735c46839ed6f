"""The goods that items of partners name: looked up, and written where a partner overrides them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from orders.partners.meanings import Goods, Keys, meaning
from orders.partners.overriding import GoodsWarning, Overriding
from orders.partners.published import InvalidOrder, PublishedOrder
from stock import catalogue as articles
from stock.goods.goods_rows import Catalogue
from stock.goods.known import KnownGoods
from stock.goods.looking_up import look_up


@dataclass
class MeantGoods:
    """By the place of an order in its page."""

    known: KnownGoods
    """All that was found."""
    goods: dict[int, list[Goods]] = field(default_factory=dict)
    """What each of its items means."""
    refused: dict[int, InvalidOrder] = field(default_factory=dict)
    """It names goods by ids that are not here."""
    warnings: dict[int, list[GoodsWarning]] = field(default_factory=dict)
    """Of what it overrides; `unknown` says what its items name in vain."""


def has_overrides(order: PublishedOrder) -> bool:
    return any(item.overrides for item in order.items or ())


def find(catalogue: Catalogue, orders: Sequence[PublishedOrder], *, live: bool, overriding: bool) -> MeantGoods:
    """Write the goods to be overridden, then say what all items mean, in a handful of statements for all orders.

    A product that a live order sells gets an article that holds its stock. What an order that is refused overrides is
    written half at most: the caller takes the page back and comes again without it.
    """
    keys = Keys(catalogue.ids)
    for order in orders:
        for item in order.items or ():
            keys.add(item)
    known = _known(catalogue, keys) if any(order.items for order in orders) else KnownGoods()
    found = _meant(catalogue, orders, known)
    if overriding and any(map(has_overrides, orders)):
        _override(catalogue, orders, known, keys, found)
        known = _known(catalogue, keys)
        found = _meant(catalogue, orders, known, found)
    if live and _open_own(catalogue, known, found):
        found = _meant(catalogue, orders, _known(catalogue, keys), found)
    return found


def unknown(meant: Sequence[Goods]) -> Iterator[GoodsWarning]:
    """What is to be said of an order's items whose goods are not here."""
    for index, goods in enumerate(meant):
        if goods.is_unknown:
            what = "SKU" if goods.kind == "sku" else "product"
            text = f"Item {index}: there is no {what} {goods.code} here; its line takes no part in stock"
            yield GoodsWarning("unknown_goods", text)


def _known(catalogue: Catalogue, keys: Keys) -> KnownGoods:
    return look_up(
        catalogue.ids,
        catalogue.project_id,
        catalogue.currency,
        codes=keys.codes,
        articles=keys.articles,
        parents=keys.parents,
        sources=keys.sources,
    )


def _meant(
    catalogue: Catalogue, orders: Sequence[PublishedOrder], known: KnownGoods, before: MeantGoods | None = None
) -> MeantGoods:
    """What the items mean; `before`: what was found out already."""
    found = MeantGoods(known) if before is None else MeantGoods(known, {}, before.refused, before.warnings)
    for place, order in enumerate(orders):
        if place in found.refused:
            continue
        try:
            items = enumerate(order.items or ())
            found.goods[place] = [meaning(catalogue.ids, item, known, index) for index, item in items]
        except InvalidOrder as error:
            found.refused[place] = error
    return found


def _override(
    catalogue: Catalogue, orders: Sequence[PublishedOrder], known: KnownGoods, keys: Keys, found: MeantGoods
) -> None:
    writing = Overriding(catalogue, known, keys.codes, keys.sources)
    for place, order in enumerate(orders):
        if place in found.refused:
            continue
        try:
            for index, item in enumerate(order.items or ()):
                if item.overrides:
                    told = writing.write(item, found.goods[place][index], index)
                    found.warnings.setdefault(place, []).extend(told)
        except InvalidOrder as error:
            found.refused[place] = error
    writing.save()


def _open_own(catalogue: Catalogue, known: KnownGoods, found: MeantGoods) -> bool:
    """Make the articles of products that are themselves sold; whether there were any to make."""
    new = {
        goods.parent.pk: (goods.code, goods.parent.name)
        for meant in found.goods.values()
        for goods in meant
        if goods.kind == "product" and goods.article is None and goods.parent and not known.is_taken(goods.parent)
    }
    articles.create_own(catalogue.project_id, new)
    return bool(new)
