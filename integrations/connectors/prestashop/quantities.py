"""Quantities: rows of `stock_availables`, which are read whole, changed and written back, all in one request.

A SKU ("reference") need not be unique: all that have it are set. A row is the stock of a product or of one of its
combinations; that of a product with combinations is their sum, which the shop works out itself. A row that "depends on
stock" follows the shop's own warehouses and refuses (`StockAvailable::updateWs`). One bad row ends the request after
those before it are saved, so that what is not set is then written row by row.
"""

from __future__ import annotations

from collections.abc import Iterable

from integrations.connectors.contract import Shop
from integrations.connectors.errors import Failure, ShopError
from integrations.connectors.http import Operation
from integrations.connectors.kit import stock_answers
from integrations.connectors.outward import StockAnswer, StockOutcome, StockTarget
from integrations.connectors.prestashop import states
from integrations.connectors.prestashop.companions import PLAIN
from integrations.connectors.prestashop.requests import any_of
from integrations.connectors.prestashop.states import ON, Json
from integrations.connectors.prestashop.writing import tell

# Each row that is saved takes the shop a moment, and its SKUs stand in an address.
AT_ONCE = 40
# Signs of a filter: what has one of them cannot be asked for.
SIGNS = set("[]|,%!<>")
Answers = dict[str, StockAnswer]
# Product and combination ("0": none).
Article = tuple[str, str]
STOCK = "stock_availables"
UNASKABLE = "The shop cannot be asked for a SKU with one of the signs [ ] | , % ! < >."
HAS_PARTS = "In the shop this is a product with combinations, which have the stock: give each a reference of its own."
DEPENDS = "The shop counts it in its own warehouses (advanced stock management), so it takes no quantity."


def read(shop: Shop, targets: tuple[StockTarget, ...]) -> Operation[tuple[StockAnswer, ...]]:
    answers, _ = yield from _known(shop, targets)
    return tuple(answers[target.sku] for target in targets)


def send(shop: Shop, targets: tuple[StockTarget, ...]) -> Operation[tuple[StockAnswer, ...]]:
    answers, rows = yield from _known(shop, targets)
    meant = [target for target in targets if answers[target.sku].outcome == StockOutcome.SET]
    told = {number: {**row, "quantity": each.quantity} for each in meant for number, row in rows[each.sku].items()}
    failed = yield from _written(shop, told)
    now = yield from _rows(shop, "id", told)
    for target in meant:
        numbers = [*rows[target.sku]]
        refused = next((failed[number] for number in numbers if number in failed), None)
        quantity = _quantity([now.get(number, {}) for number in numbers], target.quantity)
        answers[target.sku] = (
            stock_answers.declined(target.sku, refused, quantity)
            if refused is not None
            else stock_answers.read_back(target, quantity, {}, answers[target.sku].message)
        )
    return tuple(answers[target.sku] for target in targets)


def _quantity(rows: list[Json], wanted: int | None = None) -> int | None:
    """What all of them have; where they differ, what one has that is not what is `wanted`."""
    found = [stock_answers.units(row.get("quantity")) for row in rows]
    return next((each for each in found if each != wanted), wanted) if found else None


def _written(shop: Shop, rows: dict[str, Json]) -> Operation[dict[str, ShopError]]:
    """The refusals, by row."""
    if not rows:
        return {}
    try:
        yield from tell(shop, "PUT", STOCK, rows.values())
        return {}
    except ShopError as error:
        # 500: it "depends on stock" by now, or is not valid; what the shop says of it is lost on the way.
        if error.kind not in {Failure.REFUSED, Failure.NOT_FOUND} and error.status != 500:
            raise
        if len(rows) == 1:
            return dict.fromkeys(rows, error)
    failed: dict[str, ShopError] = {}
    for number, row in rows.items():
        failed |= yield from _written(shop, {number: row})
    return failed


def _known(shop: Shop, targets: tuple[StockTarget, ...]) -> Operation[tuple[Answers, dict[str, dict[str, Json]]]]:
    """What there is of each, and its rows by their ids.

    Looked up every time: a row does not tell its SKU, so that its id might be another article's by now.
    """
    skus = [target.sku for target in targets]
    articles, virtual = yield from _articles(shop, skus)
    found = yield from _rows(shop, "id_product", {product for each in articles.values() for product, _ in each})
    rows = {sku: _rows_of(articles.get(sku, []), found) for sku in skus}
    parts = {str(row.get("id_product")) for row in found.values() if str(row.get("id_product_attribute")) != "0"}
    return {sku: _answer(sku, articles.get(sku, []), sku in virtual, rows[sku], parts) for sku in skus}, rows


def _rows_of(articles: list[Article], found: dict[str, Json]) -> dict[str, Json]:
    return {
        number: row
        for number, row in found.items()
        if (str(row.get("id_product")), str(row.get("id_product_attribute"))) in articles
    }


def _answer(sku: str, articles: list[Article], virtual: bool, rows: dict[str, Json], parts: set[str]) -> StockAnswer:
    """`parts`: the products with combinations."""
    if SIGNS & set(sku):
        return stock_answers.declined(sku, UNASKABLE)
    if not articles:
        return stock_answers.unmanaged(sku) if virtual else stock_answers.unknown(sku)
    if any(product in parts for product, combination in articles if combination == "0"):
        return stock_answers.declined(sku, HAS_PARTS)
    if any(row.get("depends_on_stock") in ON for row in rows.values()):
        return stock_answers.declined(sku, DEPENDS)
    if not rows:
        return stock_answers.unmanaged(sku)
    message = f"The shop has {len(articles)} articles with this SKU; all of them are set." if len(articles) > 1 else ""
    return StockAnswer(sku, StockOutcome.SET, _quantity([*rows.values()]), message=message)


def _articles(shop: Shop, skus: list[str]) -> Operation[tuple[dict[str, list[Article]], set[str]]]:
    """By SKU its articles; and the SKUs of products without goods."""
    articles: dict[str, list[Article]] = {}
    virtual: set[str] = set()
    for each in (yield from _by_reference(shop, "products", "[id,reference,is_virtual]", skus)):
        if each.get("is_virtual") in ON:
            virtual.add(str(each["reference"]))
        else:
            articles.setdefault(str(each["reference"]), []).append((str(each.get("id")), "0"))
    for each in (yield from _by_reference(shop, "combinations", "[id,id_product,reference]", skus)):
        articles.setdefault(str(each["reference"]), []).append((str(each.get("id_product")), str(each.get("id"))))
    return articles, virtual


def _by_reference(shop: Shop, resource: str, display: str, skus: list[str]) -> Operation[list[Json]]:
    """Letters must be the same, which they need not be to MySQL."""
    plain = [sku for sku in skus if PLAIN.fullmatch(sku)]
    filters = [any_of(plain)] if plain else []
    filters += [f"[{sku}]" for sku in skus if sku not in plain and not SIGNS & set(sku)]
    found: list[Json] = []
    for each in filters:
        found += yield from states.rows(shop, resource, {"display": display, "filter[reference]": each})
    return [each for each in found if each.get("reference") in skus]


def _rows(shop: Shop, field: str, numbers: Iterable[str]) -> Operation[dict[str, Json]]:
    """Whole rows, as they must be written back."""
    asked = sorted(set(numbers), key=int)
    if not asked:
        return {}
    found = yield from states.rows(
        shop, STOCK, {"display": "full", f"filter[{field}]": any_of(asked), "sort": "[id_ASC]"}
    )
    return {str(each.get("id")): each for each in found if str(each.get(field)) in asked}
