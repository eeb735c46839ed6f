"""What Ecwid lets one write: orders and quantities (docs.ecwid.com, "Update order", "Create order" and the like)."""

from __future__ import annotations

import json
import re
from decimal import Decimal

from integrations.simulator import writing
from integrations.simulator.catalogue import BY_KEY, Buyer
from integrations.simulator.dialects.ecwid.orders import Json, order_id, statuses
from integrations.simulator.messages import Answered, Asked, as_json
from integrations.simulator.sales import Given, GivenLine, Sale
from integrations.simulator.shop import SimulatedShop

FREE = ("privateAdminNotes", "trackingNumber", "disableAllCustomerNotifications")
REQUIRED = ("subtotal", "total", "email", "paymentStatus", "fulfillmentStatus")


def answer(shop: SimulatedShop, asked: Asked, path: str) -> Answered:
    data = json.loads(asked.body or b"{}")
    if asked.method == "POST" and path == "orders":
        return _created(shop, data)
    if asked.method == "PUT" and path.startswith("orders/"):
        sale = sale_of(shop, path.removeprefix("orders/"))
        return _error(404, "ORDER_NOT_FOUND") if sale is None else _changed(shop, sale, data)
    if asked.method == "PUT" and (one := re.fullmatch(r"products/(\d+)(?:/combinations/(\d+))?", path)):
        product = BY_KEY.get(int(one[2] or one[1]))
        if product is None or not product.sku:
            return _error(404, "PRODUCT_NOT_FOUND")
        writing.set_quantity(shop, product.sku, int(data["quantity"]))
        return as_json({"updateCount": 1})
    return _error(404, "NOT_FOUND")


def sale_of(shop: SimulatedShop, own: str) -> Sale | None:
    known = (sale for sale in shop.visible() if sale.state(shop.now()).status != "trash")
    return next((sale for sale in known if order_id(sale) == own), None)


def _error(status: int, code: str) -> Answered:
    return as_json({"errorMessage": code.capitalize().replace("_", " "), "errorCode": code}, status)


def _changed(shop: SimulatedShop, sale: Sale, data: Json) -> Answered:
    """An order has one tracking number; what is sent is all that is left of it."""
    kept = shop.records.kept.setdefault(str(sale.id), {})
    before = kept.get("privateAdminNotes", "")
    kept.update({name: data[name] for name in FREE if name in data})
    told = list(shop.records.of(sale.id))
    if data.get("fulfillmentStatus") == "SHIPPED":
        units = {place: count for place, count in writing.left(shop, sale).items() if count}
        writing.ship(shop, sale, units, tracking=data.get("trackingNumber", ""))
    elif "trackingNumber" in data and told:
        writing.correct(shop, told[-1], "", data["trackingNumber"])
    elif data.get("paymentStatus") == "PAID" and statuses(sale, shop.now())[0] == "AWAITING_PAYMENT":
        writing.pay(shop, sale)
    elif "privateAdminNotes" in data:
        writing.note(shop, sale, data["privateAdminNotes"].removeprefix(before).strip())
    return as_json({"updateCount": 1})


def _created(shop: SimulatedShop, data: Json) -> Answered:
    """Nothing is computed anew. An item of a product takes it off the stock."""
    if any(data.get(name) in (None, "") for name in REQUIRED):
        return _error(400, "WRONG_PARAMETER")
    postage = data.get("shippingOption", {})
    taxes = sum((Decimal(str(tax["total"])) for tax in data.get("taxesOnShipping", ())), Decimal(0))
    given = Given(
        tuple(_line(each) for each in data.get("items", ())),
        _buyer(data.get("billingPerson", {}), data["email"]),
        reference=data.get("externalTransactionId", ""),
        ships_to=_buyer(data["shippingPerson"], "") if "shippingPerson" in data else None,
        delivery=("", postage.get("shippingMethodName", "")),
        payment=("", data.get("paymentMethod", "")),
        shipping_net=str(postage.get("shippingRate", 0)),
        shipping_tax=str(taxes),
        note=data.get("orderComments", ""),
    )
    status = "processing" if data["paymentStatus"] == "PAID" else "pending"
    takes = any("productId" in each for each in data.get("items", ()))
    sale = writing.create(shop, given, status, takes_stock=takes)
    shop.records.kept[str(sale.id)] = {name: data[name] for name in FREE if name in data}
    return as_json({"id": sale.id, "orderid": order_id(sale)})


def _line(each: Json) -> GivenLine:
    net = Decimal(str(each["price"])) * each["quantity"]
    return GivenLine(each.get("sku", ""), each["name"], each["quantity"], str(net), str(each.get("tax", 0)))


def _buyer(given: Json, mail: str) -> Buyer:
    first, _, last = given.get("name", "").partition(" ")
    names = ("companyName", "street", "city", "postalCode", "countryCode", "phone")
    return Buyer(*(str(each) for each in (first, last, *(given.get(name, "") for name in names), mail)))
