"""Quantities: `cataloginventory_stock_item.update`, absolute, several in one `multiCall`.

It takes what it is given for a SKU, and for an id where no product has that SKU (`Stock/Item/Api.php`), and "12-A" is
the id 12 to MySQL: so a SKU is looked up first, and one that begins with a digit every time. Sent with the mark "in
stock", which Magento takes off again at nothing, unless it sells without stock. Whether it keeps stock of a simple
article at all the API does not tell.
"""

from __future__ import annotations

from integrations.connectors.contract import Shop
from integrations.connectors.errors import Failure, ShopError
from integrations.connectors.http import Operation
from integrations.connectors.kit import stock_answers
from integrations.connectors.magento1.products import COMPOSITES, PRODUCTS, held, product
from integrations.connectors.magento1.products import STOCK as STOCK_READ
from integrations.connectors.magento1.requests import DENIED, ask, documents, fault_of, refused, tell_all
from integrations.connectors.magento1.writing import STOCK, may_not
from integrations.connectors.outward import StockAnswer, StockOutcome, StockTarget

# Magento 1 saves the whole product for each: half a second and more.
AT_ONCE = 20
ID = "id"
# Of `update`: no such product.
NOT_THERE = "101"
Answers = dict[str, StockAnswer]


def read(shop: Shop, targets: tuple[StockTarget, ...]) -> Operation[tuple[StockAnswer, ...]]:
    answers = yield from _looked_up(shop, [target.sku for target in targets])
    held_now = yield from _held(shop, answers)
    answers |= {sku: StockAnswer(sku, StockOutcome.SET, *held_now.get(sku, (None,))) for sku in _there(answers)}
    return tuple(answers[target.sku] for target in targets)


def _there(answers: Answers) -> list[str]:
    return [sku for sku, answer in answers.items() if answer.outcome == StockOutcome.SET]


def send(shop: Shop, targets: tuple[StockTarget, ...]) -> Operation[tuple[StockAnswer, ...]]:
    known = [each.sku for each in targets if each.place.get(ID) and not each.sku[:1].isdigit()]
    answers: Answers = yield from _looked_up(shop, [each.sku for each in targets if each.sku not in known])
    answers |= {sku: StockAnswer(sku, StockOutcome.SET) for sku in known}
    meant = [each for each in targets if answers[each.sku].outcome == StockOutcome.SET]
    for target, fault in zip(meant, (yield from _written(shop, meant)), strict=True):
        if fault == NOT_THERE:
            answers[target.sku] = stock_answers.unknown(target.sku)
        elif fault:
            answers[target.sku] = stock_answers.declined(target.sku, refused(fault, STOCK))
    now = yield from _held(shop, answers)
    for target in meant:
        if answers[target.sku].outcome == StockOutcome.SET:
            answers[target.sku] = stock_answers.read_back(target, *now.get(target.sku, (None, {})))
    return tuple(answers[target.sku] for target in targets)


def _written(shop: Shop, targets: list[StockTarget]) -> Operation[list[str]]:
    """The fault of each, "" for none."""
    if not targets:
        return []
    method = "cataloginventory_stock_item.update"
    calls = [(method, [each.sku, {"qty": each.quantity, "is_in_stock": 1}]) for each in targets]
    faults = [fault_of(each) for each in (yield from tell_all(shop, STOCK, *calls))]
    if len(faults) != len(targets):
        raise ShopError(Failure.NONSENSE, "The shop does not answer each of the calls that were made at once.")
    if DENIED in faults:
        raise may_not(STOCK)
    return faults


def _looked_up(shop: Shop, skus: list[str]) -> Operation[Answers]:
    """Without quantities. Letters of a SKU must be the same, which they need not be to MySQL."""
    if not skus:
        return {}
    answer = yield from ask(shop, PRODUCTS, "catalog_product.list", {"sku": {"in": skus}})
    listed = {str(each.sku): each.type for each in map(product, documents(answer))}
    answers: Answers = {}
    for sku in skus:
        if sku not in listed:
            answers[sku] = stock_answers.unknown(sku)
        elif listed[sku] in COMPOSITES:
            answers[sku] = stock_answers.unmanaged(sku)
        else:
            answers[sku] = StockAnswer(sku, StockOutcome.SET)
    return answers


def _held(shop: Shop, answers: Answers) -> Operation[dict[str, tuple[int | None, dict[str, str]]]]:
    """By SKU: what there is, and the place: the product's id."""
    skus = _there(answers)
    if not skus:
        return {}
    answer = yield from ask(shop, STOCK_READ, "cataloginventory_stock_item.list", skus)
    rows = map(held, documents(answer))
    return {str(each.sku): (stock_answers.units(each.qty), {ID: str(each.product_id)}) for each in rows}
