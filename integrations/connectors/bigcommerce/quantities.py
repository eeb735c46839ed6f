"""Quantities: `PUT v3/inventory/adjustments/absolute` sets up to 2000 at once, at one location.

It is taken in later: "if you call Get Stock immediately after, you might find the stock level unchanged" (BigCommerce's
guide of inventory adjustments). What is read back and is not what was sent is therefore not told as what it has. One
bad article refuses the whole of a request (422) without saying which, so that is cut in halves until it is alone.

Articles are found by SKU in `v3/inventory/items`, which has those that are tracked; which of the others are there at
all, the catalogue says. The location: the setting `location`, else the first one that is enabled.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any

from integrations.connectors.bigcommerce.requests import WRITING_REFUSALS, data_of, get, writing
from integrations.connectors.contract import Shop
from integrations.connectors.http import Operation
from integrations.connectors.kit import stock_answers
from integrations.connectors.kit.json_answers import objects, part
from integrations.connectors.outward import StockAnswer, StockOutcome, StockTarget

AT_ONCE = 500
# Letters of SKUs in one address.
MOST_LETTERS = 1500
# Products on a page, at most.
LISTED = 250
REASON = "Countinghouse"
LATER = "BigCommerce takes quantities in with some delay; what it has is seen at the next look."
REFUSED = "BigCommerce refused the quantity."

# What an article is named by; which one it wants depends on where its stock is tracked.
IDS = ("variant_id", "product_id")

Place = dict[str, Any]


def send(shop: Shop, targets: tuple[StockTarget, ...]) -> Operation[tuple[StockAnswer, ...]]:
    fresh = yield from _look_up(shop, [target.sku for target in targets if not target.place])
    yield from _tell_apart(shop, fresh)
    places = {target.sku: dict(target.place) or fresh.get(target.sku, {}) for target in targets}
    missing = yield from _without_stock(shop, [sku for sku, place in places.items() if not place])
    known = [(target, places[target.sku]) for target in targets if places[target.sku]]
    refused = yield from _set(shop, known)
    now = yield from _look_up(shop, [target.sku for target, _ in known])
    moved = [(target, now[target.sku]) for target, place in known if _is_elsewhere(place, now.get(target.sku))]
    if moved:
        refused = (refused - {target.sku for target, _ in moved}) | (yield from _set(shop, moved))
        places |= {target.sku: place for target, place in moved}
        now |= yield from _look_up(shop, [target.sku for target, _ in moved])
    return tuple(
        missing.get(target.sku) or _answer(target, places[target.sku], now.get(target.sku), target.sku in refused)
        for target in targets
    )


def read(shop: Shop, targets: tuple[StockTarget, ...]) -> Operation[tuple[StockAnswer, ...]]:
    found = yield from _look_up(shop, [target.sku for target in targets])
    missing = yield from _without_stock(shop, [target.sku for target in targets if target.sku not in found])
    return tuple(missing.get(target.sku) or _read(target.sku, found[target.sku]) for target in targets)


def _read(sku: str, found: Place) -> StockAnswer:
    return StockAnswer(sku, StockOutcome.SET, stock_answers.units(found["quantity"]), _kept(found))


def _is_elsewhere(place: Place, now: Place | None) -> bool:
    """Whether the SKU is another article's by now."""
    return now is not None and any(place.get(name) != now[name] for name in IDS)


def _kept(place: Mapping[str, Any]) -> Place:
    """What there is to remember: the ids, without the quantity."""
    return {name: value for name, value in place.items() if name != "quantity"}


def _answer(target: StockTarget, place: Place, now: Place | None, refused: bool) -> StockAnswer:
    if refused:
        return stock_answers.refused(target, REFUSED, {})
    if now is None:
        return StockAnswer(target.sku, StockOutcome.UNKNOWN)
    answer = _read(target.sku, now)
    answer = replace(answer, place={**answer.place, **({"by": place["by"]} if "by" in place else {})})
    return answer if answer.quantity == target.quantity else replace(answer, quantity=None, message=LATER)


def _look_up(shop: Shop, skus: Sequence[str]) -> Operation[dict[str, Place]]:
    """Ids, location and quantity of what is tracked, by SKU."""
    found: dict[str, Place] = {}
    for some in _batches(skus):
        page, more = 1, True
        while more:
            params = {"sku__in": ",".join(some), "limit": "1000", "page": str(page)}
            listed, _, more = data_of((yield get(shop, "v3/inventory/items", **params)))
            page += 1
            for entry in listed:
                identity, level = part(entry, "identity"), _level(shop, entry)
                if identity.get("sku") in some and level is not None:
                    ids = {name: identity.get(name) for name in IDS}
                    quantity = level.get("total_inventory_onhand")
                    found[identity["sku"]] = {**ids, "location_id": level.get("location_id"), "quantity": quantity}
    return found


def _tell_apart(shop: Shop, places: Mapping[str, Place]) -> Operation[None]:
    """Say of products without variants that they go by their own id: the catalogue lists them by their SKUs."""
    for some in _batches(list(places)):
        params = {"sku__in": ",".join(some), "include_fields": "sku", "limit": str(LISTED)}
        listed, _, _ = data_of((yield get(shop, "v3/catalog/products", **params)))
        for entry in listed:
            place = places.get(str(entry.get("sku")))
            if place is not None and place.get("product_id") == entry.get("id"):
                place["by"] = "product_id"


def _level(shop: Shop, entry: Mapping[str, Any]) -> dict[str, Any] | None:
    wanted = str(shop.settings.get("location") or "")
    levels = objects(entry.get("locations"))
    enabled = [each for each in levels if each.get("location_enabled") is not False]
    ours = [each for each in levels if str(each.get("location_id")) == wanted] if wanted else enabled
    return next(iter(ours), None)


def _batches(skus: Sequence[str]) -> Iterator[list[str]]:
    batch: list[str] = []
    for sku in skus:
        if batch and (len(batch) == LISTED or sum(map(len, batch)) + len(sku) > MOST_LETTERS):
            yield batch
            batch = []
        batch.append(sku)
    if batch:
        yield batch


def _without_stock(shop: Shop, skus: Sequence[str]) -> Operation[dict[str, StockAnswer]]:
    """UNMANAGED for what the catalogue has, UNKNOWN for the rest. Only products are listed by many SKUs."""
    there: set[str] = set()
    for some in _batches(skus):
        params = {"sku__in": ",".join(some), "include_fields": "sku", "limit": str(LISTED)}
        listed, _, _ = data_of((yield get(shop, "v3/catalog/products", **params)))
        there |= {str(entry.get("sku")) for entry in listed}
    for sku in skus:
        if sku not in there:
            listed, _, _ = data_of((yield get(shop, "v3/catalog/variants", sku=sku, include_fields="sku", limit="1")))
            there |= {str(entry.get("sku")) for entry in listed}
    outcomes = {True: StockOutcome.UNMANAGED, False: StockOutcome.UNKNOWN}
    return {sku: StockAnswer(sku, outcomes[sku in there]) for sku in skus}


def _set(shop: Shop, wanted: Sequence[tuple[StockTarget, Place]]) -> Operation[set[str]]:
    """The SKUs of those that are refused. One may want the other of its two ids, the product's or the variant's."""
    refused, turned = set[str](), set[str]()
    waiting = [list(wanted)] if wanted else []
    while waiting:
        some = waiting.pop()
        items = [_item(target, place) for target, place in some]
        response = yield writing(shop, "PUT", "v3/inventory/adjustments/absolute", {"reason": REASON, "items": items})
        if response.status == 200:
            continue
        if response.status not in (400, 404, 422):
            raise WRITING_REFUSALS.of(response)
        if len(some) > 1:
            middle = len(some) // 2
            waiting += [some[middle:], some[:middle]]
        elif some[0][0].sku not in turned and all(some[0][1].get(name) for name in IDS):
            turned.add(some[0][0].sku)
            some[0][1]["by"] = next(name for name in IDS if name != _by(some[0][1]))
            waiting.append(some)
        else:
            refused.add(some[0][0].sku)
    return refused


def _item(target: StockTarget, place: Mapping[str, Any]) -> dict[str, Any]:
    by = _by(place)
    return {"location_id": place.get("location_id"), by: place.get(by), "quantity": target.quantity}


def _by(place: Mapping[str, Any]) -> str:
    return str(place.get("by") or ("variant_id" if place.get("variant_id") else "product_id"))
