"""Quantities: `bulk_update_price_quantity` of the Inventory API v1, 25 SKUs at once, read again by
`bulk_get_inventory_item`.

The SKU is an item's only id. A listing that was made by hand or by the Trading API has no inventory item, and is not
known here. A listing takes 250 revisions a day.
"""

from __future__ import annotations

from typing import Any

from integrations.connectors.contract import Shop
from integrations.connectors.ebay.requests import INVENTORY, post, write_refusal
from integrations.connectors.http import Operation
from integrations.connectors.kit import stock_answers
from integrations.connectors.kit.json_answers import decoded_object, objects, part
from integrations.connectors.outward import StockAnswer, StockOutcome, StockTarget

AT_ONCE = 25
# Both are documented: 207 where the answers differ.
ANSWERED = {200, 207}
# "SKU is not available in the system", and "We did not find the resource".
UNKNOWN = {25702, 25710}


def send(shop: Shop, targets: tuple[StockTarget, ...]) -> Operation[tuple[StockAnswer, ...]]:
    requests = [{"sku": target.sku, "shipToLocationAvailability": {"quantity": target.quantity}} for target in targets]
    told = yield from _answers(shop, "bulk_update_price_quantity", requests)
    refused = {sku: answer for sku, each in told.items() if (answer := _refused(sku, each)) is not None}
    set_ = tuple(target for target in targets if target.sku not in refused)
    now = {answer.sku: answer for answer in (yield from read(shop, set_))}
    return tuple(refused.get(target.sku) or now[target.sku] for target in targets)


def read(shop: Shop, targets: tuple[StockTarget, ...]) -> Operation[tuple[StockAnswer, ...]]:
    if not targets:
        return ()
    requests = [{"sku": target.sku} for target in targets]
    told = yield from _answers(shop, "bulk_get_inventory_item", requests, reads=True)
    return tuple(_read(target.sku, told.get(target.sku, {})) for target in targets)


def _answers(
    shop: Shop, name: str, requests: list[dict[str, Any]], *, reads: bool = False
) -> Operation[dict[str, dict[str, Any]]]:
    """What eBay says of each, by SKU."""
    response = yield from post(shop, f"{INVENTORY}/{name}", {"requests": requests}, reads=reads)
    listed = objects(decoded_object(response).get("responses"))
    if response.status not in ANSWERED and not (response.status in {400, 404} and listed):
        raise write_refusal(response)
    return {str(each.get("sku")): each for each in listed}


def _refused(sku: str, told: dict[str, Any]) -> StockAnswer | None:
    if told.get("statusCode") == 200:
        return None
    number = next((error.get("errorId") for error in objects(told.get("errors"))), 0)
    if told.get("statusCode") == 404 or number in UNKNOWN:
        return StockAnswer(sku, StockOutcome.UNKNOWN)
    known = number if type(number) is int and 0 < number < 10**9 else "no error number"
    return stock_answers.refused(StockTarget(sku, 0), f"eBay refused the quantity (error {known}).")


def _read(sku: str, told: dict[str, Any]) -> StockAnswer:
    if told.get("statusCode") != 200:
        return StockAnswer(sku, StockOutcome.UNKNOWN)
    available = part(part(part(told, "inventoryItem"), "availability"), "shipToLocationAvailability")
    quantity = stock_answers.units(available.get("quantity"))
    return StockAnswer(sku, StockOutcome.UNMANAGED if quantity is None else StockOutcome.SET, quantity)
