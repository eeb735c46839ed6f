"""Quantities: `PUT products/{id}` and `PUT products/{id}/combinations/{id}`, one at a time.

Products are found by SKU one at a time as well, but by their ids a hundred at once (docs.ecwid.com, "Search products").
So those whose ids are known are read first: what has the quantity already is not written, what has another SKU by now
is looked up, and what was written is read again. Unlimited stock stays unlimited. `place` holds the id of the product
and that of its variation, or 0.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import msgspec

from integrations.connectors.contract import Shop
from integrations.connectors.ecwid.requests import WRITING_REFUSALS, get, listing, writing
from integrations.connectors.http import Operation
from integrations.connectors.kit import stock_answers
from integrations.connectors.kit.json_answers import objects, part
from integrations.connectors.outward import StockAnswer, StockOutcome, StockTarget

AT_ONCE = 100
FIELDS = "total,count,offset,limit,items(id,sku,unlimited,quantity,combinations(id,sku,unlimited,quantity))"

# Of the product, and of its variation or 0.
Key = tuple[int, int]
Articles = dict[str, dict[Key, dict[str, Any]]]


def send(shop: Shop, targets: tuple[StockTarget, ...]) -> Operation[tuple[StockAnswer, ...]]:
    found = yield from _all(shop, targets)
    refused: dict[str, str] = {}
    for target in targets:
        for (product, variation), article in found.get(target.sku, {}).items():
            if _is_kept(article) and stock_answers.units(article.get("quantity")) != target.quantity:
                path = f"products/{product}" + (f"/combinations/{variation}" if variation else "")
                response = yield writing(shop, "PUT", path, {"quantity": target.quantity})
                if response.status in (401, 402, 403, 429) or response.status >= 500:
                    raise WRITING_REFUSALS.of(response)
                if response.status != 200:
                    refused[target.sku] = f"Ecwid refused the quantity (HTTP {response.status})."
    now = yield from _by_ids(shop, sorted({product for articles in found.values() for product, _ in articles}))
    return tuple(_answer(target, now.get(target.sku, {}), refused.get(target.sku, "")) for target in targets)


def read(shop: Shop, targets: tuple[StockTarget, ...]) -> Operation[tuple[StockAnswer, ...]]:
    found = yield from _all(shop, targets)
    return tuple(_answer(target, found.get(target.sku, {})) for target in targets)


def _answer(target: StockTarget, articles: Mapping[Key, dict[str, Any]], refused: str = "") -> StockAnswer:
    place = {"articles": [list(key) for key in articles]}
    kept = [article for article in articles.values() if _is_kept(article)]
    if refused:
        return stock_answers.refused(target, refused, place)
    if not kept:
        return StockAnswer(target.sku, StockOutcome.UNMANAGED if articles else StockOutcome.UNKNOWN)
    return stock_answers.of_several(target.sku, [article.get("quantity") for article in kept], place)


def _is_kept(article: Mapping[str, Any]) -> bool:
    return article.get("unlimited") is False


def _all(shop: Shop, targets: Sequence[StockTarget]) -> Operation[Articles]:
    """By their ids where they are known, by SKU where not."""
    known = sorted({int(product) for target in targets for product, _ in target.place.get("articles", ())})
    found = yield from _by_ids(shop, known)
    for target in targets:
        if not (target.place and found.get(target.sku)):
            response = yield get(shop, "products", sku=target.sku, responseFields=FIELDS)
            found[target.sku] = _articles(listing(response)[0]).get(target.sku, {})
    return found


def _by_ids(shop: Shop, ids: Sequence[int]) -> Operation[Articles]:
    found: Articles = {}
    for start in range(0, len(ids), AT_ONCE):
        some = ",".join(map(str, ids[start : start + AT_ONCE]))
        documents = listing((yield get(shop, "products", productId=some, limit=str(AT_ONCE), responseFields=FIELDS)))[0]
        for sku, articles in _articles(documents).items():
            found.setdefault(sku, {}).update(articles)
    return found


def _articles(documents: Sequence[bytes]) -> Articles:
    """Products and variations by SKU; a variation without one of its own has none."""
    found: Articles = {}
    for document in documents:
        product = part(msgspec.json.decode(document))
        for article, variation in (
            (product, 0),
            *((each, each.get("id")) for each in objects(product.get("combinations"))),
        ):
            sku = article.get("sku")
            if sku and type(product.get("id")) is int and type(variation) is int:
                found.setdefault(str(sku), {})[product["id"], variation] = article
    return found
