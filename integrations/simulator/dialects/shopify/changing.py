"""Shopify's mutations (schema 2026-07): what they do, and the `userErrors` with which they refuse.

The app needs a scope for each; a shop whose key may only read grants none of them.
"""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal
from typing import Any

from integrations.simulator import writing
from integrations.simulator.catalogue import Buyer
from integrations.simulator.dialects.shopify.fulfilling import attributes, fulfillment, to_send
from integrations.simulator.dialects.shopify.graphql import GraphQLError, Json
from integrations.simulator.dialects.shopify.orders import order_document
from integrations.simulator.dialects.shopify.stocked import inventory_items, location_gid, variant_documents
from integrations.simulator.records import ToldShipment
from integrations.simulator.sales import Given, GivenLine, Sale
from integrations.simulator.shop import SimulatedShop

# Orders by their ids.
Orders = Callable[[], dict[str, Sale]]
PARCELS = "write_merchant_managed_fulfillment_orders"


class Refused(Exception):
    def __init__(self, message: str, *field: str, errors: list[Json] | None = None) -> None:
        super().__init__(message)
        self.errors = errors or [user_error(message, field)]


def user_error(message: str, field: tuple[str, ...], code: str | None = None) -> Json:
    return {"__typename": "UserError", "field": list(field), "message": message, "code": code}


def mutations(shop: SimulatedShop, orders: Orders) -> dict[str, Callable[[Json], Json]]:
    """By name. `part`: what its payload holds beside `userErrors`."""

    def mutation(name: str, scope: str, part: str, change: Callable[[Json], Json]) -> Callable[[Json], Json]:
        def resolved(given: Json) -> Json:
            if not shop.records.writable:
                message = f"Access denied for {name} field. Required access: `{scope}` access scope."
                raise GraphQLError(message, "ACCESS_DENIED", requiredAccess=f"`{scope}` access scope.")
            payload: Json = {"__typename": f"{name[0].upper()}{name[1:]}Payload", part: None, "userErrors": []}
            try:
                return payload | {part: change(given)}
            except Refused as refused:
                return payload | {"userErrors": refused.errors}

        return resolved

    def sale_of(gid: Any) -> Sale:
        if gid not in orders():
            raise Refused("Order does not exist", "id")
        return orders()[gid]

    def paid(given: Json) -> Json:
        sale = sale_of(given["input"]["id"])
        if sale.paid_at(shop.now()) is not None:
            raise Refused("Order cannot be marked as paid.", "id")
        writing.pay(shop, sale)
        return order_document(shop, sale)

    def updated(given: Json) -> Json:
        return _updated(shop, sale_of(given["input"]["id"]), given["input"])

    rows = (
        ("fulfillmentCreate", PARCELS, "fulfillment", lambda given: _fulfil(shop, orders(), given["fulfillment"])),
        ("fulfillmentTrackingInfoUpdate", PARCELS, "fulfillment", lambda given: _corrected(shop, orders(), given)),
        ("inventorySetQuantities", "write_inventory", "inventoryAdjustmentGroup", lambda given: _set(shop, given)),
        ("orderMarkAsPaid", "write_orders", "order", paid),
        ("orderUpdate", "write_orders", "order", updated),
        ("orderCreate", "write_orders", "order", lambda given: _created(shop, given)),
    )
    return {name: mutation(name, scope, part, change) for name, scope, part, change in rows}


def _fulfil(shop: SimulatedShop, orders: dict[str, Sale], given: Json) -> Json:
    """Of one fulfillment order; a shop here has one location."""
    known = {sale.id: sale for sale in orders.values()}
    for wanted in given["lineItemsByFulfillmentOrder"]:
        sale = known.get(_number(wanted["fulfillmentOrderId"]))
        if sale is None:
            raise Refused("Fulfillment order does not exist.", "fulfillment", "lineItemsByFulfillmentOrder")
        if sale.state(shop.now()).status == "on-hold":
            raise Refused("Fulfillment order is on hold.", "fulfillment")
        left = to_send(shop, sale)
        lines = wanted.get("fulfillmentOrderLineItems")
        units = {_number(each["id"]) % 100: int(each["quantity"]) for each in lines} if lines else left
        if any(count < 1 or count > left.get(place, 0) for place, count in units.items()):
            raise Refused("Invalid fulfillment order line item quantity requested.", "fulfillment")
        info = given.get("trackingInfo") or {}
        shipment = writing.ship(shop, sale, units, info.get("company", ""), info.get("number", ""))
        return fulfillment(sale, shipment)
    raise Refused("Line items by fulfillment order is empty.", "fulfillment")


def _corrected(shop: SimulatedShop, orders: dict[str, Sale], given: Json) -> Json:
    own = _number(given["fulfillmentId"])
    found: ToldShipment | None = next((each for each in shop.records.shipments if each.id == own), None)
    if found is None:
        raise Refused("Fulfillment does not exist.", "fulfillmentId")
    info = given["trackingInfoInput"]
    writing.correct(shop, found, info.get("company", ""), info.get("number", ""))
    return fulfillment(shop.sales[found.order], found)


def _set(shop: SimulatedShop, given: Json) -> Json:
    """All of them or none, and under one key once."""
    key, done = given.get("@idempotent", {}).get("key"), shop.records.kept.setdefault("keys", [])
    if not key:
        raise GraphQLError("The @idempotent directive is required for this mutation.", "BAD_REQUEST")
    group = {"__typename": "InventoryAdjustmentGroup", "createdAt": shop.now().strftime("%Y-%m-%dT%H:%M:%SZ")}
    if key in done:
        return group
    known = {item["id"]: item for item in inventory_items(shop)}
    wanted = given["input"]["quantities"]
    if errors := [error for place, each in enumerate(wanted) if (error := _wrong(shop, known, place, each))]:
        raise Refused("quantities", errors=errors)
    for each in wanted:
        writing.set_quantity(shop, known[each["inventoryItemId"]]["sku"], int(each["quantity"]))
    done.append(key)
    return group


def _wrong(shop: SimulatedShop, known: dict[str, Json], place: int, each: Json) -> Json | None:
    field, item = ("input", "quantities", str(place)), known.get(each["inventoryItemId"])
    if item is None or not item["sku"]:
        message = "The specified inventory item could not be found."
        return user_error(message, (*field, "inventoryItemId"), "INVALID_INVENTORY_ITEM")
    if each["locationId"] != location_gid(shop):
        return user_error("The specified location could not be found.", (*field, "locationId"), "INVALID_LOCATION")
    before = each["changeFromQuantity"]
    if before is not None and before != (shop.records.quantities.get(item["sku"]) or 0):
        message = "The specified compare quantity does not match the current quantity."
        return user_error(message, (*field, "changeFromQuantity"), "CHANGE_FROM_QUANTITY_STALE")
    return None


def _updated(shop: SimulatedShop, sale: Sale, given: Json) -> Json:
    """Additional details take the place of those that were there; each new one is a note here."""
    if "customAttributes" in given:
        before = {(each["key"], each["value"]) for each in attributes(shop, sale)}
        shop.records.kept.setdefault("attributes", {})[str(sale.id)] = given["customAttributes"]
        for each in given["customAttributes"]:
            if (each["key"], each["value"]) not in before and (each["key"], each["value"] or None) not in before:
                writing.note(shop, sale, f"{each['key']}: {each['value']}")
    return order_document(shop, sale)


def _created(shop: SimulatedShop, given: Json) -> Json:
    order = given["order"]
    skus = {variant["id"]: variant["sku"] for variant in variant_documents(shop)}
    lines = tuple(_line(each, skus) for each in order["lineItems"])
    postage: Json = next(iter(order.get("shippingLines", ())), {})
    paid = any(each["kind"] == "SALE" and each["status"] == "SUCCESS" for each in order.get("transactions", ()))
    written = Given(
        lines,
        _buyer(order.get("billingAddress", {}), order.get("email", "")),
        reference=order.get("sourceIdentifier", ""),
        ships_to=_buyer(order["shippingAddress"], "") if "shippingAddress" in order else None,
        delivery=(postage.get("code", ""), postage.get("title", "")),
        payment=tuple(each["gateway"] for each in order.get("transactions", ()) for _ in "12")[:2]
        or ("manual", "manual"),
        shipping_net=_amount(postage["priceSet"]) if postage else "0",
        shipping_tax=_taxes(postage),
        note=order.get("note", ""),
    )
    behaviour = (given.get("options") or {}).get("inventoryBehaviour", "BYPASS")
    sale = writing.create(shop, written, "processing" if paid else "pending", takes_stock=behaviour != "BYPASS")
    shop.records.kept.setdefault("attributes", {})[str(sale.id)] = order.get("customAttributes", [])
    return order_document(shop, sale)


def _line(each: Json, skus: dict[str, str]) -> GivenLine:
    """A variant brings its own SKU."""
    sku = skus.get(each.get("variantId", ""), each.get("sku", ""))
    net = Decimal(_amount(each["priceSet"])) * each["quantity"]
    return GivenLine(sku or "", each.get("title", ""), each["quantity"], str(net), _taxes(each))


def _taxes(each: Json) -> str:
    return str(sum((Decimal(_amount(tax["priceSet"])) for tax in each.get("taxLines", ())), Decimal(0)))


def _amount(bag: Json) -> str:
    return str(bag["shopMoney"]["amount"])


def _buyer(given: Json, mail: str) -> Buyer:
    names = ("firstName", "lastName", "company", "address1", "city", "zip", "countryCode", "phone")
    return Buyer(*(str(each) for each in (*(given.get(name, "") for name in names), mail)))


def _number(gid: str) -> int:
    tail = str(gid).rsplit("/", 1)[-1]
    return int(tail) if tail.isdigit() else -1
