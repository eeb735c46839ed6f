"""What may be written into a Magento 2: shipments, tracks, invoices, comments, quantities (Sales, Inventory; 2.4)."""

from __future__ import annotations

import json
import re
from typing import Any

from integrations.simulator import writing
from integrations.simulator.catalogue import PRODUCTS, Product
from integrations.simulator.dialects.magento2.auth import error
from integrations.simulator.dialects.magento2.orders import Json, line_id, product_id, status_of
from integrations.simulator.dialects.magento2.products import SOURCES, in_sources
from integrations.simulator.messages import Answered, Asked, as_json
from integrations.simulator.records import ToldShipment
from integrations.simulator.sales import Sale, basket
from integrations.simulator.shop import SimulatedShop

NOT_THERE = "The entity that was requested doesn't exist. Verify the entity and try again."
NO_SHIPMENT = "Shipment Document Validation Error(s):\n"
BY_SKU = {product.sku: product for product in PRODUCTS if product.sku}
# States in which nothing may be done with an order.
CLOSED = {"holded", "canceled", "closed", "complete"}


class Refused(Exception):
    def __init__(self, answered: Answered) -> None:
        super().__init__(answered.status)
        self.answered = answered


def answer(shop: SimulatedShop, asked: Asked, route: str, shown: list[Sale]) -> Answered | None:
    """None: nothing that is written. `shown`: the orders that there are."""
    try:
        return _answer(shop, asked, route, shown)
    except Refused as refused:
        return refused.answered


def _answer(shop: SimulatedShop, asked: Asked, route: str, shown: list[Sale]) -> Answered | None:
    body = json.loads(asked.body or b"{}")
    match = re.fullmatch(r"(order|orders)/([0-9]+)/(ship|invoice|comments)", route)
    if match and asked.method == "POST":
        sale = next((sale for sale in shown if sale.id == int(match[2])), None)
        if sale is None:
            return error(404, NOT_THERE)
        return {"ship": _ship, "invoice": _invoice, "comments": _comment}[match[3]](shop, sale, body)
    if route == "shipment/track" and asked.method == "POST":
        return _track(shop, body["entity"])
    if route == "inventory/source-items" and asked.method == "POST" and shop.version != "6.7.0":
        return _source_items(shop, body["sourceItems"])
    if match := re.fullmatch(r"shipment/track/([0-9]+)", route):
        return _untrack(shop, int(match[1]))
    if match := re.fullmatch(r"products/(.+)/stockItems/([0-9]+)", route):
        return _stock_item(shop, match[1], int(match[2]), body["stockItem"])
    return None


def _ship(shop: SimulatedShop, sale: Sale, body: Json) -> Answered:
    """What is asked for beyond what is left is refused; lines of which nothing is left are passed over."""
    if status_of(sale.state(shop.now()).status)[1] in CLOSED or not any(writing.left(shop, sale).values()):
        raise Refused(error(400, f"{NO_SHIPMENT}The order does not allow a shipment to be created."))
    left, places = writing.left(shop, sale), {line_id(sale, place): place for place in writing.left(shop, sale)}
    units: dict[int, int] = {}
    for item in body["items"]:
        place = places.get(item["order_item_id"])
        if place is None or not left[place]:
            continue
        if item["qty"] > left[place]:
            sku = basket(shop.seed, sale).items[place].product.sku
            message = f'The quantity to ship must not be greater than the unshipped quantity for product SKU "{sku}".'
            raise Refused(error(400, f"{NO_SHIPMENT}{message}"))
        units[place] = item["qty"]
    if not units:
        raise Refused(error(400, f"{NO_SHIPMENT}You can't create a shipment without products."))
    tracks = body.get("tracks", [])
    if not all(track.get("track_number") for track in tracks):
        raise Refused(error(400, f"{NO_SHIPMENT}Please enter a tracking number."))
    last = tracks[-1] if tracks else {"carrier_code": "", "track_number": ""}
    kept = [{**track, "entity_id": _next_track(shop)} for track in tracks]
    comment = (body.get("comment") or {}).get("comment", "")
    shipment = writing.ship(
        shop, sale, units, last["carrier_code"], last["track_number"],
        tracks=kept, comment=comment, letter=bool(body.get("notify")),
    )  # fmt: skip
    return as_json(str(shipment.id), ids=(sale.id,))


def _next_track(shop: SimulatedShop) -> int:
    shop.records.kept["track"] = shop.records.kept.get("track", 0) + 1
    return int(shop.records.kept["track"])


def _track(shop: SimulatedShop, entity: Json) -> Answered:
    """ "Modified" does not move (observed on 2.4.7)."""
    shipment = next((each for each in shop.records.shipments if each.id == entity["parent_id"]), None)
    if shipment is None or shipment.order != entity["order_id"]:
        raise Refused(error(400, "Could not save the shipment tracking."))
    names = ("track_number", "title", "carrier_code")
    added = {**{name: entity[name] for name in names}, "entity_id": _next_track(shop)}
    shipment.more["tracks"].append(added)
    shipment.carrier, shipment.tracking = entity["carrier_code"], entity["track_number"]
    _told(shop, shipment)
    return as_json({**entity, "entity_id": added["entity_id"]})


def _untrack(shop: SimulatedShop, number: int) -> Answered:
    for shipment in shop.records.shipments:
        if any(track["entity_id"] == number for track in shipment.more["tracks"]):
            shipment.more["tracks"] = [each for each in shipment.more["tracks"] if each["entity_id"] != number]
            _told(shop, shipment)
    return as_json(True)


def _told(shop: SimulatedShop, shipment: ToldShipment) -> None:
    shop.news.append({"corrected": shipment.id, "order": shipment.order, "tracking": shipment.tracking})
    shop.change(shipment.order, stamped=False)


def shipment_documents(shop: SimulatedShop) -> list[Json]:
    return [_shipment(shop, each, shop.sales[each.order]) for each in shop.records.shipments]


def _shipment(shop: SimulatedShop, told: ToldShipment, sale: Sale) -> Json:
    about = {"order_id": sale.id, "parent_id": told.id}
    return {
        "entity_id": told.id,
        "increment_id": f"{told.id:09}",
        "order_id": sale.id,
        "created_at": told.at.strftime("%Y-%m-%d %H:%M:%S"),
        "total_qty": sum(told.units.values()),
        "items": [{"order_item_id": line_id(sale, place), "qty": units} for place, units in told.units.items()],
        "tracks": [{**track, **about} for track in told.more["tracks"]],
        "comments": [{"comment": told.more["comment"], "is_visible_on_front": 0, "parent_id": told.id, "entity_id": 1}]
        if told.more["comment"]
        else [],
        "packages": [],
    }


def _invoice(shop: SimulatedShop, sale: Sale, body: Json) -> Answered:
    state = sale.state(shop.now()).status
    if sale.paid_at(shop.now()) or status_of(state)[1] in CLOSED:
        message = "Invoice Document Validation Error(s):\nThe order does not allow an invoice to be created."
        raise Refused(error(400, message))
    payment = writing.pay(shop, sale, (body.get("comment") or {}).get("comment", ""))
    return as_json(str(payment.id), ids=(sale.id,))


def _comment(shop: SimulatedShop, sale: Sale, body: Json) -> Answered:
    """Without its status an order loses it (magento2#34180), and "modified" does not move."""
    given = body["statusHistory"]
    if given.get("status") != status_of(sale.state(shop.now()).status)[0]:
        raise Refused(error(400, "The order status can not be changed by a comment."))
    writing.note(shop, sale, given["comment"], to_buyer=bool(given["is_visible_on_front"]), stamped=False)
    return as_json(True, ids=(sale.id,))


def _source_items(shop: SimulatedShop, items: list[Json]) -> Answered:
    """All or none; SKUs that no product has are taken without a word (magento2#38154)."""
    for item in items:
        if not item["sku"].strip() or item["sku"] != item["sku"].strip() or item["source_code"] not in SOURCES:
            raise Refused(error(400, "Validation Failed"))
        if item["status"] not in (0, 1):
            raise Refused(error(400, 'Validation Failed: "status" should a known status.'))
    for item in items:
        product = BY_SKU.get(item["sku"])
        if product is None:
            shop.records.kept.setdefault("orphans", []).append(item)
            shop.news.append({"stock": item["sku"], "quantity": item["quantity"]})
        else:
            _set(shop, product, item["source_code"], item["quantity"])
    shop.save()
    return as_json([])


def _set(shop: SimulatedShop, product: Product, source: str, quantity: int) -> None:
    before = in_sources(shop, product)
    if source == SOURCES[1]:
        shop.records.kept.setdefault("cellar", {})[product.sku] = quantity
    others = sum(units for code, units in before.items() if code != source)
    writing.set_quantity(shop, product.sku, others + quantity)


def stock_item(shop: SimulatedShop, sku: str) -> Answered:
    """Of the older inventory."""
    product = BY_SKU.get(sku)
    if product is None:
        return error(404, 'The product with SKU "%1" does not exist.', [sku])
    return as_json(_item(shop, product))


def _item(shop: SimulatedShop, product: Product) -> dict[str, Any]:
    quantity, number = shop.records.quantities.get(product.sku), product_id(shop, product.key)
    return {"item_id": number, "product_id": number, "stock_id": 1, "qty": quantity or 0,
            "is_in_stock": bool(quantity), "manage_stock": quantity is not None}  # fmt: skip


def _stock_item(shop: SimulatedShop, sku: str, number: int, given: Json) -> Answered:
    product = BY_SKU.get(sku)
    if product is None or product_id(shop, product.key) != number:
        return error(404, NOT_THERE)
    writing.set_quantity(shop, sku, given["qty"])
    return as_json(number)
