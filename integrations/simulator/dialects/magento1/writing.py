"""What may be written into a Magento 1: shipments, tracks, invoices, comments and quantities (OpenMage 20)."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from integrations.simulator import writing
from integrations.simulator.catalogue import PRODUCTS, Product
from integrations.simulator.dialects.dialect import UNLISTED
from integrations.simulator.dialects.magento1.filtering import Json, passing
from integrations.simulator.dialects.magento1.orders import increment_id
from integrations.simulator.dialects.magento2.orders import line_id, product_id, status_of
from integrations.simulator.records import ToldShipment
from integrations.simulator.sales import Sale
from integrations.simulator.shop import SimulatedShop

CARRIERS = {"custom": "Custom Value", "dhlint": "DHL", "fedex": "Federal Express", "ups": "UPS", "usps": "USPS"}
CLOSED = {"holded", "canceled", "closed", "complete"}


class Fault(Exception):
    """A fault of a call."""

    def __init__(self, code: int, message: str = "") -> None:
        super().__init__(code, message)
        self.code, self.message = code, message


def sale_of(shop: SimulatedShop, number: Any, missing: int) -> Sale:
    found = next((sale for sale in shop.visible() if increment_id(sale) == number), None)
    if found is None or found.state(shop.now()).status in UNLISTED:
        raise Fault(missing, "Requested order not exists.")
    return found


def _shipment_of(shop: SimulatedShop, number: Any) -> ToldShipment:
    found = next((each for each in shop.records.shipments if _number(each) == number), None)
    if found is None:
        raise Fault(100, "Requested shipment not exists.")
    return found


def _number(told: ToldShipment) -> str:
    return f"2{told.id:08}"


def shipments(shop: SimulatedShop, filters: Any = None) -> list[Json]:
    return passing([_head(shop, each) for each in shop.records.shipments], filters)


def _head(shop: SimulatedShop, told: ToldShipment) -> Json:
    return {
        "increment_id": _number(told),
        "shipment_id": str(told.id),
        "order_id": str(told.order),
        "created_at": f"{told.at:%F %T}",
        "total_qty": f"{sum(told.units.values())}.0000",
        "order_increment_id": increment_id(shop.sales[told.order]),
    }


def shipment(shop: SimulatedShop, number: Any = "") -> Json:
    told = _shipment_of(shop, number)
    lines = [(line_id(shop.sales[told.order], place), units) for place, units in told.units.items()]
    return {
        **_head(shop, told),
        "email_sent": "1" if told.more.get("letter") else None,
        "items": [{"order_item_id": str(key), "qty": f"{units}.0000"} for key, units in lines],
        "tracks": told.more["tracks"],
        "comments": [{"comment": told.more["comment"], "is_customer_notified": "0"}] if told.more["comment"] else [],
    }


def ship(
    shop: SimulatedShop, number: Any = "", units: Any = None, comment: Any = "", email: Any = False, *_: Any
) -> str:
    """No quantities, or an empty list: all that is left. What is asked for beyond that is not sent."""
    sale = sale_of(shop, number, 103)
    left = writing.left(shop, sale)
    if status_of(sale.state(shop.now()).status)[1] in CLOSED or not any(left.values()):
        raise Fault(102, "Cannot do shipment for order.")
    asked = {int(key): int(quantity) for key, quantity in units.items()} if isinstance(units, dict) else {}
    wanted = {place: asked.get(line_id(sale, place), 0) for place in left} if asked else left
    sent = {place: min(left[place], quantity) for place, quantity in wanted.items() if min(left[place], quantity)}
    told = writing.ship(shop, sale, sent, tracks=[], comment=str(comment or ""), letter=bool(email))
    return _number(told)


def add_track(
    shop: SimulatedShop, number: Any = "", carrier: Any = "", title: Any = "", tracking: Any = "", *_: Any
) -> int:
    told = _shipment_of(shop, number)
    if carrier not in CARRIERS:
        raise Fault(102, "Invalid carrier specified.")
    key = int(shop.records.kept.get("track", 0)) + 1
    shop.records.kept["track"] = key
    track = {"track_id": str(key), "carrier_code": carrier, "title": title, "track_number": tracking}
    told.more["tracks"].append(track)
    told.carrier, told.tracking = str(carrier), str(tracking)
    _corrected(shop, told)
    return key


def remove_track(shop: SimulatedShop, number: Any = "", key: Any = "") -> bool:
    told = _shipment_of(shop, number)
    left = [track for track in told.more["tracks"] if track["track_id"] != str(key)]
    if len(left) == len(told.more["tracks"]):
        raise Fault(104, "Requested tracking not exists.")
    told.more["tracks"] = left
    _corrected(shop, told)
    return True


def _corrected(shop: SimulatedShop, told: ToldShipment) -> None:
    shop.news.append({"corrected": told.id, "order": told.order, "tracking": told.tracking})
    shop.change(told.order, stamped=False)


def write_to_buyer(shop: SimulatedShop, number: Any = "", comment: Any = "") -> bool:
    told = _shipment_of(shop, number)
    told.more["letter"] = True
    shop.news.append({"letter": told.id, "order": told.order})
    shop.save()
    return True


def invoice(shop: SimulatedShop, number: Any = "", units: Any = None, comment: Any = "", *_: Any) -> str:
    sale = sale_of(shop, number, 103)
    if sale.paid_at(shop.now()) or status_of(sale.state(shop.now()).status)[1] in CLOSED:
        raise Fault(102, "Cannot do invoice for order.")
    return f"3{writing.pay(shop, sale, str(comment or '')).id:08}"


def comment(shop: SimulatedShop, number: Any = "", status: Any = "", text: Any = "", notify: Any = False) -> bool:
    sale = sale_of(shop, number, 100)
    if status != status_of(sale.state(shop.now()).status)[0]:
        writing.restate(shop, sale, str(status))  # Magento 1 takes any
    writing.note(shop, sale, str(text), to_buyer=bool(notify), stamped=False)
    return True


def set_stock(shop: SimulatedShop, named: Any = "", data: Any = None) -> bool:
    """By SKU, else by id."""
    product = _product(shop, str(named))
    if product is None:
        raise Fault(101, "Product not exists.")
    if isinstance(data, dict) and "qty" in data:
        writing.set_quantity(shop, product.sku, int(float(data["qty"])))
    return True


def _product(shop: SimulatedShop, named: str) -> Product | None:
    by_sku = {product.sku: product for product in PRODUCTS if product.sku}
    by_id = {str(product_id(shop, product.key)): product for product in PRODUCTS}
    return by_sku.get(named) or by_id.get(named)


# Those that take more than a right to read.
CALLS: dict[str, Callable[..., Any]] = {
    "sales_order_shipment.create": ship,
    "sales_order_shipment.addTrack": add_track,
    "sales_order_shipment.removeTrack": remove_track,
    "sales_order_shipment.sendInfo": write_to_buyer,
    "sales_order_invoice.create": invoice,
    "sales_order.addComment": comment,
    "cataloginventory_stock_item.update": set_stock,
}
READING: dict[str, Callable[..., Any]] = {
    "sales_order_shipment.list": shipments,
    "sales_order_shipment.info": shipment,
}
