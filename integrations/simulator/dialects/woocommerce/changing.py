"""What WooCommerce lets one write: orders, their notes and trackings, quantities (REST API v3, observed on 11.0.1).

A key that may only read gets a 401, not a 403; an order that is not there a 400. Taxes of an order that is written are
the shop's own: the rate of the buyer's country, of each line.
"""

from __future__ import annotations

import json
import re
from dataclasses import replace
from decimal import Decimal, InvalidOperation
from hashlib import md5
from typing import Any

from integrations.simulator import writing
from integrations.simulator.catalogue import PRODUCTS, VAT, Buyer
from integrations.simulator.dialects.prices import rounded
from integrations.simulator.dialects.woocommerce.auth import error
from integrations.simulator.dialects.woocommerce.orders import (
    DECIMALS,
    Json,
    order_document,
    parent_id,
    product_documents,
    variation_documents,
)
from integrations.simulator.messages import Answered, Asked, as_json
from integrations.simulator.records import ToldNote, ToldShipment
from integrations.simulator.sales import Given, GivenLine, Sale
from integrations.simulator.shop import SimulatedShop

PLUGIN = "/wp-json/wc-shipment-tracking/v3/"
STATUSES = {"pending", "processing", "on-hold", "completed", "cancelled", "refunded", "failed"}
MOST = 100
NO_ORDER = "woocommerce_rest_shop_order_invalid_id"


class Refused(Exception):
    def __init__(self, code: str, message: str, status: int = 400) -> None:
        super().__init__(code)
        self.answer = error(code, message, status)


def answer(shop: SimulatedShop, asked: Asked, path: str) -> Answered:
    """A request that changes something; the caller has checked the keys."""
    try:
        data = _data(shop, asked)
        if path == "orders":
            return as_json(_created(shop, data), 201)
        if one := re.fullmatch(r"orders/(\d+)", path):
            return as_json(_changed(shop, int(one[1]), data))
        if one := re.fullmatch(r"orders/(\d+)/notes", path):
            sale = _sale(shop, int(one[1]), "woocommerce_rest_order_invalid_id", 404)
            note = writing.note(shop, sale, str(data["note"]), to_buyer=bool(data.get("customer_note")), stamped=False)
            return as_json(_note(shop, note), 201)
        if path == "products/batch":
            return as_json({"update": _set(shop, product_documents(shop), data)})
        if one := re.fullmatch(r"products/(\d+)/variations/batch", path):
            if int(one[1]) != parent_id(shop):
                raise Refused("woocommerce_rest_product_invalid_id", "Invalid ID.", 404)
            return as_json({"update": _set(shop, variation_documents(shop), data)})
    except Refused as refused:
        return refused.answer
    return error("rest_no_route", "No route was found matching the URL and request method.", 404)


def _data(shop: SimulatedShop, asked: Asked) -> Json:
    if not shop.records.writable:
        message = "The API key provided does not have write permissions."
        raise Refused("woocommerce_rest_authentication_error", message, 401)
    try:
        data = json.loads(asked.body or b"{}")
    except ValueError:
        raise Refused("rest_invalid_json", "Invalid JSON body passed.") from None
    return data if isinstance(data, dict) else {}


def _sale(shop: SimulatedShop, order_id: int, code: str = NO_ORDER, status: int = 400) -> Sale:
    sale = next((sale for sale in shop.visible() if sale.id == order_id), None)
    if sale is None:
        raise Refused(code, "Invalid ID.", status)
    return sale


def _changed(shop: SimulatedShop, order_id: int, data: Json) -> Json:
    """`set_paid` does nothing to an order on hold."""
    sale = _sale(shop, order_id)
    if data.get("status", "pending") not in STATUSES:
        raise Refused("rest_invalid_param", "Invalid parameter(s): status")
    if data.get("fee_lines") and sale.given is not None:
        fees = tuple(_fee(shop, each, sale.given.buyer.country) for each in data["fee_lines"])
        sale.given = replace(sale.given, fees=sale.given.fees + fees)
    if "status" in data:
        writing.restate(shop, sale, data["status"])
    if data.get("set_paid") is True and sale.state(shop.now()).status in {"pending", "failed"}:
        writing.pay(shop, sale)
    return order_document(shop, sale)


def notes(shop: SimulatedShop, order_id: int) -> Answered:
    """The newest first, without pages."""
    try:
        sale = _sale(shop, order_id, "woocommerce_rest_order_invalid_id", 404)
    except Refused as refused:
        return refused.answer
    told = [note for note in shop.records.notes if note.order == sale.id]
    return as_json([_note(shop, note) for note in reversed(told)])


def _note(shop: SimulatedShop, note: ToldNote) -> Json:
    return {
        "id": note.id,
        "author": "Countinghouse",
        "date_created": note.at.astimezone(shop.zone).strftime("%Y-%m-%dT%H:%M:%S"),
        "date_created_gmt": note.at.strftime("%Y-%m-%dT%H:%M:%S"),
        "note": note.text,
        "customer_note": note.to_buyer,
    }


def trackings(shop: SimulatedShop, asked: Asked) -> Answered:
    """The plugin's resource: entries are listed, made and deleted, never changed; they move no stamp of the order."""
    place = re.fullmatch(PLUGIN + r"orders/(\d+)/shipment-trackings(?:/([0-9a-f]+))?", asked.path)
    if place is None:
        return error("rest_no_route", "No route was found matching the URL and request method.", 404)
    try:
        data = {} if asked.method == "GET" else _data(shop, asked)
        sale = _sale(shop, int(place[1]), "woocommerce_rest_order_invalid_id", 404)
        entries = [each for each in shop.records.of(sale.id) if not each.more.get("deleted")]
        if asked.method == "GET":
            return as_json([_entry(each) for each in entries])
        if asked.method == "DELETE":
            return _deleted(shop, entries, place[2] or "")
        if not data.get("tracking_number"):
            raise Refused("rest_missing_callback_param", "Missing parameter(s): tracking_number")
        carrier = data.get("tracking_provider") or data.get("custom_tracking_provider", "")
        shipment = writing.ship(
            shop, sale, {}, carrier, str(data["tracking_number"]), date_shipped=data.get("date_shipped", "")
        )
        return as_json(_entry(shipment), 201)
    except Refused as refused:
        return refused.answer


def _deleted(shop: SimulatedShop, entries: list[ToldShipment], own: str) -> Answered:
    found = next((each for each in entries if _tracking_id(each) == own), None)
    if found is None:
        return error("woocommerce_rest_shipment_tracking_invalid_id", "Invalid shipment tracking ID.", 404)
    found.more["deleted"] = True
    writing.correct(shop, found, found.carrier, found.tracking)
    return as_json(_entry(found))


def _tracking_id(shipment: ToldShipment) -> str:
    return md5(str(shipment.id).encode(), usedforsecurity=False).hexdigest()


def _entry(shipment: ToldShipment) -> Json:
    return {
        "tracking_id": _tracking_id(shipment),
        "tracking_provider": shipment.carrier,
        "tracking_link": "",
        "tracking_number": shipment.tracking,
        "date_shipped": shipment.more.get("date_shipped", ""),
    }


def _set(shop: SimulatedShop, documents: list[Json], data: Json) -> list[Json]:
    """Each for itself; a quantity of what keeps no stock is passed over."""
    update: list[Json] = data.get("update") or []
    if len(update) > MOST:
        message = f"Unable to accept more than {MOST} items for this request."
        raise Refused("woocommerce_rest_request_entity_too_large", message, 413)
    known = {document["id"]: document for document in documents}
    told: list[Json] = []
    for each in update:
        document = known.get(each.get("id"))
        if document is None:
            refused = {"code": "woocommerce_rest_product_invalid_id", "message": "Invalid ID.", "data": {"status": 404}}
            told.append({"id": each.get("id"), "error": refused})
            continue
        if type(each.get("stock_quantity")) is not int:
            refused = {"code": "rest_invalid_param", "message": "Invalid parameter(s)", "data": {"status": 400}}
            told.append({"id": each.get("id"), "error": refused})
            continue
        if document["manage_stock"]:
            writing.set_quantity(shop, document["sku"], each["stock_quantity"])
            document = {**document, "stock_quantity": each["stock_quantity"]}
        told.append(document)
    return told


def _created(shop: SimulatedShop, data: Json) -> Json:
    status = data.get("status", "pending")
    if status not in STATUSES:
        raise Refused("rest_invalid_param", "Invalid parameter(s): status")
    country = data.get("billing", {}).get("country", "")
    lines = tuple(_line(shop, each, country) for each in data.get("line_items", ()))
    postage: Json = next(iter(data.get("shipping_lines", ())), {})
    net = _amount(postage.get("total", "0"))
    extras = [each for each in data.get("meta_data", ()) if each["key"] != "_order_stock_reduced"]
    given = Given(
        lines,
        _buyer(data.get("billing", {})),
        ships_to=_buyer(data["shipping"]) if data.get("shipping") else None,
        delivery=(postage.get("method_id", ""), postage.get("method_title", "")),
        payment=(data.get("payment_method", ""), data.get("payment_method_title", "")),
        shipping_net=str(net),
        shipping_tax=str(_tax(shop, net, country)),
        fees=tuple(_fee(shop, each, country) for each in data.get("fee_lines", ())),
        note=data.get("customer_note", ""),
        reference=next((each["value"] for each in extras if "reference" in each["key"]), ""),
        more={"meta_data": extras},
    )
    kept = len(extras) != len(data.get("meta_data", ()))
    return order_document(shop, writing.create(shop, given, status, takes_stock=not kept))


def _line(shop: SimulatedShop, each: Json, country: str) -> GivenLine:
    """A SKU that no product has makes a line without a product."""
    if not each.get("sku") and not each.get("product_id"):
        raise Refused("woocommerce_rest_required_product_reference", "Product ID or SKU is required.")
    net = _amount(each.get("total", "0"))
    known = any(product.sku == each.get("sku") for product in PRODUCTS)
    sku = each["sku"] if known else ""
    return GivenLine(sku, each.get("name", ""), int(each.get("quantity", 1)), str(net), str(_tax(shop, net, country)))


def _fee(shop: SimulatedShop, each: Json, country: str) -> tuple[str, str, str]:
    net = _amount(each.get("total", "0"))
    tax = Decimal(0) if each.get("tax_status") == "none" else _tax(shop, net, country)
    return each.get("name", ""), str(net), str(tax)


def _tax(shop: SimulatedShop, net: Decimal, country: str) -> Decimal:
    return rounded(shop, net * VAT.get(country, 0) / 100, DECIMALS)


def _amount(value: Any) -> Decimal:
    try:
        return Decimal(str(value))
    except InvalidOperation:
        raise Refused("rest_invalid_param", "Invalid parameter(s): line_items") from None


def _buyer(given: Json) -> Buyer:
    names = ("first_name", "last_name", "company", "address_1", "city", "postcode", "country", "phone", "email")
    return Buyer(*(str(given.get(name, "")) for name in names))
