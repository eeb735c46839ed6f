"""Quantities: `POST inventory/source-items`, absolute and many at once (Magento's inventory, since 2.3).

It takes SKUs that no product has without a word (magento2#38154), so what is not known yet is looked up before. A
quantity belongs to a source: the one that is set with the integration, or the only one that has the product. It is
sent with the status "in stock", at nothing, too: whether it is sold without stock is Magento's to say
(`IsStockItemSalableCondition`), but what somebody took off sale by that status comes back. What is ordered and not yet
shipped is a reservation, which Magento takes off what it sells: it sells fewer than it is told, by what its own open
orders hold, and never more. (It tells reservations for one SKU of one stock at a time, and from an index that may lag.)
Where that inventory is off, the older one is written, an article at a time: `PUT products/{sku}/stockItems/{id}`.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any
from urllib.parse import quote

from integrations.connectors.contract import Shop
from integrations.connectors.errors import Failure, ShopError
from integrations.connectors.http import Operation
from integrations.connectors.kit import stock_answers
from integrations.connectors.kit.json_answers import decoded_object
from integrations.connectors.magento2.products import held, product
from integrations.connectors.magento2.requests import LARGEST_PAGE, NO_API, ask, listing, search
from integrations.connectors.magento2.writing import WRITING, tell
from integrations.connectors.outward import StockAnswer, StockOutcome, StockTarget

# Their SKUs stand in an address.
AT_ONCE = 50
MOST_PAGES = 20
SOURCE, ITEM = "source", "item"
Answers = dict[str, StockAnswer]


class _Older(Exception):
    """The shop has no sources."""


def read(shop: Shop, targets: tuple[StockTarget, ...]) -> Operation[tuple[StockAnswer, ...]]:
    try:
        found = yield from _sourced(shop, [target.sku for target in targets])
    except _Older:
        found = yield from _older(shop, [target.sku for target in targets])
    return tuple(found[target.sku] for target in targets)


def send(shop: Shop, targets: tuple[StockTarget, ...]) -> Operation[tuple[StockAnswer, ...]]:
    try:
        answers = yield from _set(shop, targets)
    except _Older:
        answers = yield from _set_older(shop, targets)
    return tuple(answers[target.sku] for target in targets)


def _set(shop: Shop, targets: tuple[StockTarget, ...]) -> Operation[Answers]:
    answers: Answers = {}
    places: dict[str, str] = {target.sku: str(target.place[SOURCE]) for target in targets if target.place.get(SOURCE)}
    if new := [target.sku for target in targets if target.sku not in places]:
        answers = yield from _sourced(shop, new)
        places |= {sku: str(each.place[SOURCE]) for sku, each in answers.items() if each.place.get(SOURCE)}
    meant = [target for target in targets if target.sku in places]
    failed = yield from _written(shop, meant, places)
    now = yield from _sources(shop, [target.sku for target in meant if target.sku not in failed])
    for target in meant:
        source = places[target.sku]
        answers[target.sku] = failed.get(target.sku) or stock_answers.read_back(
            target, now.get(target.sku, {}).get(source), {SOURCE: source}
        )
    return answers


def _written(shop: Shop, targets: list[StockTarget], places: dict[str, str]) -> Operation[Answers]:
    """The refusals, by SKU. One bad item has Magento refuse all, so that they are then told one by one."""
    if not targets:
        return {}
    items = [
        {"sku": each.sku, "source_code": places[each.sku], "quantity": each.quantity, "status": 1} for each in targets
    ]
    try:
        yield from tell(shop, "POST", "inventory/source-items", {"sourceItems": items})
        return {}
    except ShopError as error:
        if error.kind != Failure.REFUSED:
            raise
        if len(targets) == 1:
            return {targets[0].sku: stock_answers.declined(targets[0].sku, error)}
    failed: Answers = {}
    for target in targets:
        failed |= yield from _written(shop, [target], places)
    return failed


def _sourced(shop: Shop, skus: Iterable[str]) -> Operation[Answers]:
    """What the shop has of these, with the source as their place. Raises _Older."""
    asked = list(dict.fromkeys(skus))
    rows = yield from _sources(shop, asked)
    known: dict[str, Any] = {}
    for document in (yield from _listed(shop, "products", [sku for sku in asked if sku not in rows], "sku,type_id")):
        found = product(document)
        known[str(found.sku)] = found.type_id
    chosen = shop.credentials.get("source_code", "").strip()
    return {sku: _one(sku, rows.get(sku, {}), chosen, sku in known) for sku in asked}


def _one(sku: str, rows: dict[str, int | None], chosen: str, is_known: bool) -> StockAnswer:
    if not rows:
        return stock_answers.unmanaged(sku) if is_known else stock_answers.unknown(sku)
    if chosen and chosen not in rows:
        why = f"The shop keeps it in {_named(rows)}, not in the source {chosen} that is set here; assign it there."
        return stock_answers.declined(sku, why)
    if not chosen and len(rows) > 1:
        why = f"The shop keeps it in {_named(rows)}. Enter the code of the source that is meant in this integration."
        return stock_answers.declined(sku, why)
    source = chosen or next(iter(rows))
    return StockAnswer(sku, StockOutcome.SET, rows[source], {SOURCE: source})


def _named(rows: Iterable[str]) -> str:
    codes = sorted(rows)
    return f"the source {codes[0]}" if len(codes) == 1 else f"the sources {', '.join(codes)}"


def _sources(shop: Shop, skus: list[str]) -> Operation[dict[str, dict[str, int | None]]]:
    """By SKU and source. Raises _Older."""
    rows: dict[str, dict[str, int | None]] = {}
    for document in (yield from _listed(shop, "inventory/source-items", skus, "sku,source_code,quantity")):
        row = held(document)
        rows.setdefault(str(row.sku), {})[str(row.source_code)] = stock_answers.units(row.quantity)
    return {sku: rows[sku] for sku in skus if sku in rows}


def _listed(shop: Shop, path: str, skus: list[str], fields: str) -> Operation[list[bytes]]:
    """The entries of these SKUs: all in one list, but for those with a comma, which would be two in it."""
    found: list[bytes] = []
    for condition, value in _conditions(skus):
        for page in range(1, MOST_PAGES + 1):
            filters = [("sku", condition, value)]
            response = yield search(shop, path, filters, LARGEST_PAGE, by="sku", fields=fields, page=page)
            if response.status == 404 and WRITING.of(response).kind == NO_API[0]:
                raise _Older
            if response.status != 200:
                raise WRITING.of(response)
            entries, total = listing(response)
            found += entries
            if page * LARGEST_PAGE >= total:
                break
    return found


def _conditions(skus: list[str]) -> Iterator[tuple[str, str]]:
    if plain := [sku for sku in skus if "," not in sku]:
        yield "in", ",".join(plain)
    yield from (("eq", sku) for sku in skus if "," in sku)


def _older(shop: Shop, skus: Iterable[str]) -> Operation[Answers]:
    answers: Answers = {}
    for sku in dict.fromkeys(skus):
        response = yield ask(shop, "GET", f"stockItems/{quote(sku, safe='')}")
        found = decoded_object(response)
        if response.status == 404:
            answers[sku] = stock_answers.unknown(sku)
        elif response.status != 200:
            raise WRITING.of(response)
        elif not found.get("item_id"):
            raise ShopError(Failure.NONSENSE, "The shop's answer is no stock item that Magento documents.", status=200)
        elif found.get("manage_stock") is False:
            answers[sku] = stock_answers.unmanaged(sku)
        else:
            answers[sku] = StockAnswer(
                sku, StockOutcome.SET, stock_answers.units(found.get("qty")), {ITEM: found["item_id"]}
            )
    return answers


def _set_older(shop: Shop, targets: tuple[StockTarget, ...]) -> Operation[Answers]:
    answers: Answers = yield from _older(shop, [target.sku for target in targets if not target.place.get(ITEM)])
    for target in targets:
        before = answers.get(target.sku)
        if before is not None and before.outcome != StockOutcome.SET:
            continue
        item = target.place.get(ITEM) or (before.place[ITEM] if before else None)
        path = f"products/{quote(target.sku, safe='')}/stockItems/{item}"
        try:
            yield from tell(shop, "PUT", path, {"stockItem": {"qty": target.quantity, "is_in_stock": True}})
        except ShopError as error:
            if error.kind not in {Failure.REFUSED, Failure.NOT_FOUND}:
                raise
            gone = error.kind == Failure.NOT_FOUND
            answers[target.sku] = (
                stock_answers.unknown(target.sku) if gone else stock_answers.declined(target.sku, error)
            )
            continue
        now = (yield from _older(shop, [target.sku]))[target.sku]
        answers[target.sku] = stock_answers.read_back(target, now.quantity, now.place)
    return answers
