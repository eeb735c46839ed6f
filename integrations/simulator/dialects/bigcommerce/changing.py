"""What BigCommerce lets one write: orders and their shipments (V2), quantities (Inventory V3)."""

from __future__ import annotations

import json
import re
from decimal import Decimal
from email.utils import format_datetime
from typing import Any

from integrations.simulator import writing
from integrations.simulator.catalogue import PRODUCTS, Buyer
from integrations.simulator.dialects.bigcommerce.orders import PICKUP, STATUS_OF, Json, order_document, status_id
from integrations.simulator.dialects.bigcommerce.stocked import LOCATION
from integrations.simulator.dialects.prices import priced
from integrations.simulator.messages import Answered, Asked, as_json
from integrations.simulator.records import ToldShipment
from integrations.simulator.sales import Given, GivenLine, Sale
from integrations.simulator.shop import SimulatedShop

MOST = 2000
STATUSES = {code: status for status, code in STATUS_OF.items()} | {10: "completed"}


class Refused(Exception):
    """Of V2, whose errors are a list."""

    def __init__(self, message: str, status: int = 400) -> None:
        super().__init__(message)
        self.answer = as_json([{"status": status, "message": message}], status)


def answer(shop: SimulatedShop, asked: Asked, version: str, path: str) -> Answered:
    try:
        data = json.loads(asked.body or b"{}")
    except ValueError:
        return as_json([{"status": 400, "message": "The JSON is invalid."}], 400)
    try:
        if (version, asked.method, path) == ("3", "PUT", "inventory/adjustments/absolute"):
            return _adjusted(shop, data)
        if (version, asked.method, path) == ("2", "POST", "orders"):
            return as_json(_created(shop, data), 201)
        if version == "2" and (one := re.fullmatch(r"orders/(\d+)(/shipments)?(?:/(\d+))?", path)):
            sale = next((sale for sale in shop.visible() if sale.id == int(one[1])), None)
            if sale is None:
                raise Refused("The requested resource was not found.", 404)
            if not one[2]:
                return as_json(_changed(shop, sale, data))
            if asked.method == "POST":
                return as_json(_shipped(shop, sale, data), 201)
            return as_json(_corrected(shop, sale, int(one[3] or 0), data))
    except Refused as refused:
        return refused.answer
    return as_json({"status": 404, "title": "Not Found", "type": "about:blank", "errors": {}}, 404)


def shipment_document(shipment: ToldShipment) -> Json:
    more = shipment.more
    return {
        "id": shipment.id,
        "order_id": shipment.order,
        "order_address_id": more.get("order_address_id"),
        "date_created": format_datetime(shipment.at),
        "tracking_number": shipment.tracking,
        "shipping_method": more.get("shipping_method", ""),
        "shipping_provider": more.get("shipping_provider", ""),
        "tracking_carrier": more.get("tracking_carrier", ""),
        "comments": more.get("comments", ""),
        "items": [
            {"order_product_id": shipment.order * 10 + place, "product_id": 0, "quantity": units}
            for place, units in shipment.units.items()
        ],
    }


def _shipped(shop: SimulatedShop, sale: Sale, data: Json) -> Json:
    """To the address of its items, and no more of them than are left."""
    if data.get("order_address_id") != sale.id or priced(shop, sale).goods.delivery[0] == PICKUP:
        raise Refused("The field 'order_address_id' is invalid.")
    if len(data.get("tracking_number", "")) > 50:
        raise Refused("The field 'tracking_number' is invalid.")
    left = writing.left(shop, sale)
    units = {each["order_product_id"] - sale.id * 10: each["quantity"] for each in data.get("items", ())}
    if not units or any(not 0 < count <= left.get(place, 0) for place, count in units.items()):
        raise Refused("The field 'items' is invalid: the quantity exceeds what is left to ship.")
    names = ("order_address_id", "shipping_method", "shipping_provider", "tracking_carrier", "comments")
    kept = {name: data[name] for name in names if name in data}
    carrier = data.get("shipping_provider") or data.get("tracking_carrier", "")
    return shipment_document(writing.ship(shop, sale, units, carrier, data.get("tracking_number", ""), **kept))


def _corrected(shop: SimulatedShop, sale: Sale, own: int, data: Json) -> Json:
    shipment = next((each for each in shop.records.of(sale.id) if each.id == own), None)
    if shipment is None:
        raise Refused("The requested resource was not found.", 404)
    shipment.more |= {name: value for name, value in data.items() if name != "tracking_number"}
    writing.correct(shop, shipment, shipment.carrier, data.get("tracking_number", shipment.tracking))
    return shipment_document(shipment)


def _changed(shop: SimulatedShop, sale: Sale, data: Json) -> Json:
    if "status_id" in data:
        status = STATUSES.get(data["status_id"])
        if status is None:
            raise Refused("The field 'status_id' is invalid.")
        if status == "processing" and status_id(shop, sale) in {1, 7}:
            writing.pay(shop, sale)
        else:
            writing.restate(shop, sale, status)
    if "staff_notes" in data:
        notes = shop.records.kept.setdefault("staff_notes", {})
        before, notes[str(sale.id)] = notes.get(str(sale.id), ""), data["staff_notes"]
        writing.note(shop, sale, data["staff_notes"].removeprefix(before).strip())
    return order_document(shop, sale)


def _adjusted(shop: SimulatedShop, data: Json) -> Answered:
    """All of them or none: one that is not tracked as it is named refuses the whole."""
    items = data.get("items") or []
    if len(items) > MOST:
        return _refused("The payload has more than 2000 items.")
    skus = []
    for each in items:
        product = next((product for product in PRODUCTS if _is(product, each)), None)
        if product is None or shop.records.quantities.get(product.sku) is None or each.get("location_id") != LOCATION:
            return _refused("[Item is not tracked]")
        if "variant_id" in each and product.parent is None:
            return _refused(
                f"[Item with variant_id {each['variant_id']} is tracked by product, please update stock by product id]"
            )
        skus.append((product.sku, int(each["quantity"])))
    for sku, quantity in skus:
        writing.set_quantity(shop, sku, quantity)
    return as_json({"transaction_id": "6b5f2f2e-0f4b-4f3a-9f5e-000000000000"})


def _is(product: Any, each: Json) -> bool:
    if "sku" in each:
        return bool(product.sku == each["sku"])
    own = {"variant_id": 1000 + product.key, "product_id": product.key}
    return any(each.get(name) == value for name, value in own.items()) and bool(product.sku)


def _refused(title: str) -> Answered:
    return as_json({"status": 422, "title": title, "type": "https://developer.bigcommerce.com/", "errors": {}}, 422)


def _created(shop: SimulatedShop, data: Json) -> Json:
    """A product of the catalogue is taken off the stock, a custom one is not."""
    status = STATUSES.get(data.get("status_id", 1), "processing")
    if not data.get("products") or not data.get("billing_address"):
        raise Refused("The fields 'products' and 'billing_address' are required.")
    address = next(iter(data.get("shipping_addresses", ())), data["billing_address"])
    net = Decimal(str(data.get("shipping_cost_ex_tax", "0")))
    given = Given(
        tuple(_line(each) for each in data["products"]),
        _buyer(data["billing_address"]),
        reference=data.get("external_order_id", ""),
        ships_to=_buyer(address),
        delivery=("", address.get("shipping_method", "")),
        payment=("", data.get("payment_method", "")),
        shipping_net=str(net),
        shipping_tax=str(Decimal(str(data.get("shipping_cost_inc_tax", net))) - net),
        note=data.get("customer_message", ""),
    )
    sale = writing.create(shop, given, status, takes_stock=any("product_id" in each for each in data["products"]))
    shop.records.kept.setdefault("staff_notes", {})[str(sale.id)] = data.get("staff_notes", "")
    return order_document(shop, sale)


def _line(each: Json) -> GivenLine:
    known = next((product for product in PRODUCTS if 1000 + product.key == each.get("variant_id")), None)
    net = Decimal(str(each["price_ex_tax"])) * each["quantity"]
    tax = Decimal(str(each["price_inc_tax"])) * each["quantity"] - net
    sku = known.sku if known else each.get("sku", "")
    return GivenLine(sku, each.get("name", ""), each["quantity"], str(net), str(round(tax, 2)))


def _buyer(given: Json) -> Buyer:
    names = ("first_name", "last_name", "company", "street_1", "city", "zip", "country_iso2", "phone", "email")
    return Buyer(*(str(given.get(name, "")) for name in names))
