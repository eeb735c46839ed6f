"""What eBay lets one write: fulfillments of an order (Fulfillment v1.20.7) and quantities (Inventory v1)."""

from __future__ import annotations

import json
import re
from typing import Any

from integrations.simulator import writing
from integrations.simulator.catalogue import PRODUCTS
from integrations.simulator.dialects.ebay.orders import (
    Json,
    fulfillment_document,
    fulfillment_id,
    inventory_item,
    line_id,
    order_id,
)
from integrations.simulator.messages import Answered, Asked, as_json
from integrations.simulator.sales import Sale, basket
from integrations.simulator.shop import SimulatedShop

MOST_SKUS = 25
PLAIN = re.compile(r"[A-Za-z0-9]+")


class Refused(Exception):
    def __init__(self, status: int, number: int, message: str, domain: str = "API_FULFILLMENT") -> None:
        super().__init__(message)
        error = {"errorId": number, "domain": domain, "category": "REQUEST", "message": message, "longMessage": message}
        self.answer = as_json({"errors": [{**error, "parameters": []}]}, status)


def _may_write(shop: SimulatedShop) -> None:
    if not shop.records.writable:
        raise Refused(403, 1100, "Insufficient permissions to fulfill the request.", "ACCESS")


def fulfillments(shop: SimulatedShop, asked: Asked, sales: list[Sale]) -> Answered:
    """Listed, or one more."""
    wanted = asked.path.split("/")[-2]
    sale = next((sale for sale in sales if order_id(shop, sale) == wanted), None)
    if sale is None:
        raise Refused(400, 32100, f"Invalid Order Id: {wanted}")
    if asked.method == "GET":
        listed = [fulfillment_document(sale, each) for each in shop.records.of(sale.id)]
        return as_json({"fulfillments": listed, "total": len(listed)})
    _may_write(shop)
    data = json.loads(asked.body)
    number, carrier = data.get("trackingNumber", ""), data.get("shippingCarrierCode", "")
    if bool(number) != bool(carrier) or (number and not PLAIN.fullmatch(number)):
        raise Refused(400, 32300, "Invalid shipment tracking number or carrier")
    told = writing.ship(shop, sale, _units(shop, sale, data.get("lineItems", [])), carrier, number)
    place = f"https://api.ebay.com{asked.path}/{fulfillment_id(told)}"
    return Answered(201, b"", {"Location": place, "Content-Type": "application/json"})


def _units(shop: SimulatedShop, sale: Sale, lines: list[Json]) -> dict[int, int]:
    places = {line_id(sale, place): place for place in range(len(basket(shop.seed, sale).items))}
    left, units = writing.left(shop, sale), {}
    for each in lines:
        if each["lineItemId"] not in places:
            raise Refused(400, 32200, f"Invalid line item id: {each['lineItemId']}")
        place = places[each["lineItemId"]]
        if place in units:
            raise Refused(400, 32210, "Duplicate line item in the request")
        if not 0 < each.get("quantity", 1) <= left[place]:
            raise Refused(400, 32600, "Invalid input data")
        units[place] = each.get("quantity", 1)
    return units


def inventory(shop: SimulatedShop) -> dict[str, Json]:
    """By SKU. What the shop keeps no stock of was listed by hand, and is no item of the Inventory API."""
    kept = (product for product in PRODUCTS if product.sku and shop.records.quantities.get(product.sku) is not None)
    return {product.sku: inventory_item(shop, product) for product in kept}


def bulk(shop: SimulatedShop, asked: Asked) -> Answered:
    """An answer for each; 207 where they differ."""
    requests: list[Json] = json.loads(asked.body).get("requests") or []
    if not 0 < len(requests) <= MOST_SKUS:
        raise Refused(400, 25709, "Invalid value for requests", "API_INVENTORY")
    update = asked.path.endswith("bulk_update_price_quantity")
    if update:
        _may_write(shop)
    known = inventory(shop)
    told = [_updated(shop, known, each) if update else _got(known, each["sku"]) for each in requests]
    statuses = {each["statusCode"] for each in told}
    return as_json({"responses": told}, 200 if statuses == {200} else 207)


def _unknown(sku: Any) -> Json:
    message = f"SKU {sku} could not be found or is not available in the system."
    error = {"errorId": 25702, "domain": "API_INVENTORY", "category": "REQUEST", "message": message}
    return {"statusCode": 404, "sku": sku, "warnings": [], "errors": [error]}


def _updated(shop: SimulatedShop, known: dict[str, Json], each: Json) -> Json:
    sku, quantity = each.get("sku"), each.get("shipToLocationAvailability", {}).get("quantity")
    if sku not in known:
        return _unknown(sku)
    if type(quantity) is not int or quantity < 0:
        error = {"errorId": 25709, "domain": "API_INVENTORY", "category": "REQUEST", "message": "Invalid quantity."}
        return {"statusCode": 400, "sku": sku, "warnings": [], "errors": [error]}
    writing.set_quantity(shop, sku, quantity)
    return {"statusCode": 200, "sku": sku, "warnings": [], "errors": []}


def _got(known: dict[str, Json], sku: str) -> Json:
    if sku not in known:
        return _unknown(sku)
    return {"statusCode": 200, "sku": sku, "inventoryItem": known[sku], "warnings": [], "errors": []}
