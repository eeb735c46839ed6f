"""Quantities: `GET products?sku=A,B` finds products and variations alike, `products/batch` sets those of products and
`products/{id}/variations/batch` those of variations, a hundred at once (REST API v3, "Products", "Product variations").

A product is known by its ids from then on (`place`): `[[id, id of its product or 0], ...]`, for a SKU may stand on
several. What keeps no stock of its own stays so: switching that on would change what the shop sells.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

import msgspec

from integrations.connectors.contract import Shop
from integrations.connectors.http import Operation
from integrations.connectors.kit import stock_answers
from integrations.connectors.kit.json_answers import decoded_object, objects, part
from integrations.connectors.kit.json_documents import lenient
from integrations.connectors.outward import StockAnswer, StockOutcome, StockTarget
from integrations.connectors.woocommerce.requests import LARGEST_PAGE, WRITING_REFUSALS, entries, get, writing

AT_ONCE = 100
# Letters of SKUs in one address: an nginx in front of a shop breaks at those of 200 ids.
MOST_LETTERS = 1500
FIELDS = "id,parent_id,type,sku,manage_stock,stock_quantity"
SHARED = "The shop keeps this variation's stock with its product, for all variations together."

# An article: its id, and that of its product where it is a variation, else 0.
Key = tuple[int, int]


class _Article(msgspec.Struct):
    id: Any = None
    parent_id: Any = None
    type: Any = None
    sku: Any = None
    manage_stock: Any = None
    stock_quantity: Any = None

    @property
    def key(self) -> Key | None:
        varied = self.type == "variation"
        ids = (self.id, self.parent_id if varied else 0)
        return ids if all(type(each) is int for each in ids) else None


_article = lenient(_Article)


def send(shop: Shop, targets: tuple[StockTarget, ...]) -> Operation[tuple[StockAnswer, ...]]:
    """Those whose ids are known are set at once; of the others, and of those no longer there, the ids are looked up."""
    known = {target.sku: _keys(target.place) for target in targets}
    answers = yield from _set(shop, [(target, known[target.sku]) for target in targets if known[target.sku]])
    rest = [target for target in targets if target.sku not in answers]
    found = yield from _look_up(shop, [target.sku for target in rest])
    managed = []
    for target in rest:
        articles = found.get(target.sku, [])
        keys = tuple(article.key for article in articles if article.manage_stock is True and article.key is not None)
        if keys:
            managed.append((target, keys))
        else:
            answers[target.sku] = _unset(target.sku, articles)
    answers |= yield from _set(shop, managed)
    return tuple(answers.get(target.sku) or StockAnswer(target.sku, StockOutcome.UNKNOWN) for target in targets)


def read(shop: Shop, targets: tuple[StockTarget, ...]) -> Operation[tuple[StockAnswer, ...]]:
    found = yield from _look_up(shop, [target.sku for target in targets])
    return tuple(_read(target.sku, found.get(target.sku, [])) for target in targets)


def _read(sku: str, articles: Sequence[_Article]) -> StockAnswer:
    managed = [each for each in articles if each.manage_stock is True and each.key is not None]
    if not managed:
        return _unset(sku, articles)
    keys = [each.key for each in managed if each.key is not None]
    return stock_answers.of_several(sku, [each.stock_quantity for each in managed], _place(keys))


def _unset(sku: str, articles: Sequence[_Article]) -> StockAnswer:
    shared = any(each.manage_stock == "parent" for each in articles)
    outcome = StockOutcome.UNMANAGED if articles else StockOutcome.UNKNOWN
    return StockAnswer(sku, outcome, message=SHARED if shared else "")


def _keys(place: Mapping[str, Any]) -> tuple[Key, ...]:
    return tuple((int(own), int(parent)) for own, parent in place.get("articles", ()))


def _place(keys: Iterable[Key]) -> dict[str, Any]:
    return {"articles": [list(key) for key in keys]}


def _look_up(shop: Shop, skus: Sequence[str]) -> Operation[dict[str, list[_Article]]]:
    """Only exact matches: the shop's database takes "mug" for "MUG"."""
    found: dict[str, list[_Article]] = defaultdict(list)
    for some in _batches(skus):
        page = 1
        while True:
            response = yield get(
                shop, "products", sku=",".join(some), per_page=str(LARGEST_PAGE), page=str(page), _fields=FIELDS
            )
            documents = entries(response)
            for document in documents:
                article = _article(document)
                if article.sku in some:
                    found[article.sku].append(article)
            if len(documents) < LARGEST_PAGE:
                break
            page += 1
    return found


def _batches(skus: Sequence[str]) -> Iterator[list[str]]:
    """A SKU with a comma in it is asked for alone, for the list is cut there."""
    batch: list[str] = []
    for sku in skus:
        alone = "," in sku
        if batch and (alone or sum(map(len, batch)) + len(sku) > MOST_LETTERS):
            yield batch
            batch = []
        if alone:
            yield [sku]
        else:
            batch.append(sku)
    if batch:
        yield batch


def _set(shop: Shop, wanted: Sequence[tuple[StockTarget, tuple[Key, ...]]]) -> Operation[dict[str, StockAnswer]]:
    """The answers by SKU; none for articles that are no longer there, or have another SKU by now."""
    quantities = {key: target.quantity for target, keys in wanted for key in keys}
    by_parent: dict[int, list[Key]] = defaultdict(list)
    for key in quantities:
        by_parent[key[1]].append(key)
    set_: dict[Key, dict[str, Any]] = {}
    for parent, keys in by_parent.items():
        for start in range(0, len(keys), AT_ONCE):
            some = keys[start : start + AT_ONCE]
            path = f"products/{parent}/variations/batch" if parent else "products/batch"
            update = [{"id": own, "stock_quantity": quantities[own, parent]} for own, _ in some]
            response = yield writing(shop, "POST", path, {"update": update})
            if response.status == 404 and parent:
                continue  # the variable product is gone
            if response.status != 200:
                raise WRITING_REFUSALS.of(response)
            set_ |= {(each.get("id", 0), parent): each for each in objects(decoded_object(response).get("update"))}
    answers = {target.sku: _answer(target, keys, [set_.get(key, {}) for key in keys]) for target, keys in wanted}
    return {sku: answer for sku, answer in answers.items() if answer is not None}


def _answer(target: StockTarget, keys: Sequence[Key], told: Sequence[dict[str, Any]]) -> StockAnswer | None:
    codes = [str(part(each, "error").get("code", "")) for each in told if "error" in each or not each]
    if any(not code or ("invalid" in code and code.endswith(("_id", "_parent"))) for code in codes):
        return None
    if codes:
        return stock_answers.refused(target, f"The shop refused the quantity ({codes[0][:80]}).", _place(keys))
    if any(each.get("sku") != target.sku for each in told):
        return None
    if not all(each.get("manage_stock") is True for each in told):
        return StockAnswer(target.sku, StockOutcome.UNMANAGED)
    return stock_answers.of_several(target.sku, [each.get("stock_quantity") for each in told], _place(keys))
