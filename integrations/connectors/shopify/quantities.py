"""Quantities: `inventorySetQuantities` sets what is available at a location, up to 250 at once, and compares before.

Every change bears a key under which Shopify does it once (`@idempotent`, required since 2026-04), so the same request
may be sent again. A change with one article that it refuses changes nothing: it is sent again without that one. Which
location: the setting `location` (its number), else the shop's primary one. Afterwards the shop is asked what it has.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from typing import Any
from uuid import uuid4

from integrations.connectors.contract import Shop
from integrations.connectors.errors import Failure, ShopError
from integrations.connectors.http import Operation
from integrations.connectors.kit import stock_answers
from integrations.connectors.kit.json_answers import objects, part
from integrations.connectors.outward import StockAnswer, StockOutcome, StockTarget
from integrations.connectors.shopify import mutations
from integrations.connectors.shopify.changing import CODE, asked, changed, gid, nodes, quoted
from integrations.connectors.shopify.payload import tail
from integrations.connectors.shopify.requests import call, read_part

AT_ONCE = 100
MOST_SKUS = 40
MOST_QUANTITIES = 250
STALE = "CHANGE_FROM_QUANTITY_STALE"
LOST = {"INVALID_INVENTORY_ITEM", "INVENTORY_ITEM_NOT_FOUND"}
ELSEWHERE = "The shop does not keep this article at the location whose stock is sent."

# What the shop says of an article: its fields as they came.
Item = dict[str, Any]


def send(shop: Shop, targets: tuple[StockTarget, ...]) -> Operation[tuple[StockAnswer, ...]]:
    """Those whose articles are known are set at once; the others, and those no longer there, are looked up."""
    location = yield from _location(shop)
    known = {target.sku: _items(target, location) for target in targets}
    answers = yield from _set(shop, location, [(target, known[target.sku]) for target in targets if known[target.sku]])
    rest = [target for target in targets if target.sku not in answers]
    found = yield from _look_up(shop, location, [target.sku for target in rest])
    kept = []
    for target in rest:
        ids = [tail(item.get("id")) for item in found[target.sku] if _is_kept(item)]
        if ids:
            kept.append((target, ids))
        else:
            answers[target.sku] = _read(target.sku, found[target.sku], location)
    answers |= yield from _set(shop, location, kept)
    return tuple(answers.get(target.sku) or StockAnswer(target.sku, StockOutcome.UNKNOWN) for target in targets)


def read(shop: Shop, targets: tuple[StockTarget, ...]) -> Operation[tuple[StockAnswer, ...]]:
    location = yield from _location(shop)
    found = yield from _look_up(shop, location, [target.sku for target in targets])
    return tuple(_read(target.sku, found[target.sku], location) for target in targets)


def _location(shop: Shop) -> Operation[str]:
    """The number of the location."""
    own = str(shop.settings.get("location") or shop.memory.get("location") or "")
    if not own:
        primary = yield from asked(shop, mutations.LOCATION, "location", {})
        own = tail(primary.get("id"))
        if not own:
            raise ShopError(Failure.REFUSED, "The shop names no location to keep stock at.")
        shop.memory["location"] = own
    return own


def _items(target: StockTarget, location: str) -> list[str]:
    """The articles as an earlier answer named them, if it was for this location."""
    return [str(own) for own in target.place.get("items", ())] if target.place.get("location") == location else []


def _is_kept(item: Item) -> bool:
    return item.get("tracked") is True and bool(part(item, "inventoryLevel"))


def _available(item: Item) -> Any:
    levels = objects(part(item, "inventoryLevel").get("quantities"))
    return next((each.get("quantity") for each in levels if each.get("name") == "available"), None)


def _read(sku: str, items: Sequence[Item], location: str) -> StockAnswer:
    kept = [item for item in items if _is_kept(item)]
    if kept:
        place = _place([tail(item.get("id")) for item in kept], location)
        return stock_answers.of_several(sku, [_available(item) for item in kept], place)
    if not items:
        return StockAnswer(sku, StockOutcome.UNKNOWN)
    tracked = any(item.get("tracked") is True for item in items)
    return StockAnswer(sku, StockOutcome.UNMANAGED, message=ELSEWHERE if tracked else "")


def _place(ids: Iterable[str], location: str) -> dict[str, Any]:
    return {"items": list(ids), "location": location}


def _look_up(shop: Shop, location: str, skus: Sequence[str]) -> Operation[dict[str, list[Item]]]:
    """Only exact matches: the search takes a part of a word for it."""
    found: dict[str, list[Item]] = defaultdict(list)
    for start in range(0, len(skus), MOST_SKUS):
        some = skus[start : start + MOST_SKUS]
        variables: dict[str, Any] = {
            "query": " OR ".join(f"sku:{quoted(sku)}" for sku in some),
            "locationId": gid("Location", location),
        }
        while True:
            page = yield from asked(shop, mutations.ITEMS_BY_SKU, "inventoryItems", variables)
            for item in nodes(page):
                if item.get("sku") in some:
                    found[item["sku"]].append(item)
            info = part(page, "pageInfo")
            if not info.get("hasNextPage") or info.get("endCursor") in (None, variables.get("after")):
                break
            variables = {**variables, "after": info["endCursor"]}
    return found


def _set(
    shop: Shop, location: str, wanted: Sequence[tuple[StockTarget, list[str]]]
) -> Operation[dict[str, StockAnswer]]:
    """The answers by SKU; none for articles that are no longer there, or have another SKU by now."""
    waiting = [_quantity(target, own, len(ids), location) for target, ids in wanted for own in ids]
    refusals: dict[str, str] = {}
    for start in range(0, len(waiting), MOST_QUANTITIES):
        refusals |= yield from _set_some(shop, waiting[start : start + MOST_QUANTITIES])
    now = yield from _as_told(shop, location, [own for _, ids in wanted for own in ids])
    answers = {target.sku: _answer(target, ids, refusals, now, location) for target, ids in wanted}
    return {sku: answer for sku, answer in answers.items() if answer is not None}


def _quantity(target: StockTarget, own: str, of: int, location: str) -> dict[str, Any]:
    """What several articles had before, nobody remembers of each."""
    return {
        "inventoryItemId": gid("InventoryItem", own),
        "locationId": gid("Location", location),
        "quantity": target.quantity,
        "changeFromQuantity": target.before if of == 1 else None,
    }


def _set_some(shop: Shop, waiting: list[dict[str, Any]]) -> Operation[dict[str, str]]:
    """The codes of those that are refused, by article; all others are set."""
    refusals: dict[str, str] = {}
    while waiting:
        given = {"name": "available", "reason": "correction", "quantities": waiting}
        variables = {"input": given, "key": str(uuid4())}
        _, errors = yield from changed(
            shop, mutations.SET_QUANTITIES, "inventorySetQuantities", variables, repeatable=True
        )
        if not errors:
            break
        bad = {place: _code(error) for error in errors if (place := _place_of(error, len(waiting))) is not None}
        if not bad:  # it says of none which it is
            bad = dict.fromkeys(range(len(waiting)), _code(errors[0]))
        refusals |= {tail(waiting[place]["inventoryItemId"]): code for place, code in bad.items()}
        waiting = [each for place, each in enumerate(waiting) if place not in bad]
    return refusals


def _place_of(error: Mapping[str, Any], most: int) -> int | None:
    """Of the quantity in `["input", "quantities", "0", "changeFromQuantity"]`."""
    field = error.get("field")
    numbers = [int(each) for each in field if str(each).isdigit()] if isinstance(field, list) else []
    return numbers[0] if numbers and numbers[0] < most else None


def _code(error: Mapping[str, Any]) -> str:
    code = str(error.get("code"))
    return code if CODE.fullmatch(code) else "no code"


def _as_told(shop: Shop, location: str, ids: Sequence[str]) -> Operation[dict[str, Item]]:
    told: dict[str, Item] = {}
    for start in range(0, len(ids), MOST_QUANTITIES):
        some = [gid("InventoryItem", own) for own in ids[start : start + MOST_QUANTITIES]]
        data, _ = yield from call(shop, mutations.ITEMS, {"ids": some, "locationId": gid("Location", location)})
        items = objects(read_part(data.get("nodes"), list[Any]))
        told |= {tail(item.get("id")): item for item in items}
    return told


def _answer(
    target: StockTarget, ids: Sequence[str], refusals: Mapping[str, str], now: Mapping[str, Item], location: str
) -> StockAnswer | None:
    items = [now[own] for own in ids if own in now]
    codes = [refusals[own] for own in ids if own in refusals]
    if len(items) < len(ids) or set(codes) & LOST or any(item.get("sku") != target.sku for item in items):
        return None
    read = _read(target.sku, items, location)
    if STALE in codes:
        return StockAnswer(target.sku, StockOutcome.STALE, read.quantity, read.place)
    if "ITEM_NOT_STOCKED_AT_LOCATION" in codes:
        return StockAnswer(target.sku, StockOutcome.UNMANAGED, message=ELSEWHERE)
    if codes:
        return stock_answers.refused(target, f"Shopify refused the quantity ({codes[0]}).", read.place)
    return read
