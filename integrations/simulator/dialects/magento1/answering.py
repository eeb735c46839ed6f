"""The XML-RPC API of Magento 1, with the habits of OpenMage 20.

`webhooks.kept` of a shop may hold `"denied"`, the resources that the role of the user may not read, and `"fails"`, the
ids of orders that make Magento fail inside when they are read.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any
from weakref import WeakKeyDictionary
from xml.parsers.expat import ExpatError
from xmlrpc.client import loads

from integrations.simulator.catalogue import PRODUCTS, SHIRT
from integrations.simulator.dialects.dialect import UNLISTED
from integrations.simulator.dialects.magento1 import writing
from integrations.simulator.dialects.magento1.filtering import Json, Unknown, passing
from integrations.simulator.dialects.magento1.orders import increment_id, order_document, order_head
from integrations.simulator.dialects.magento1.speaking import answered, fault
from integrations.simulator.dialects.magento2.orders import product_id, updated_at
from integrations.simulator.messages import Answered, Asked
from integrations.simulator.sales import Sale
from integrations.simulator.shop import SimulatedShop

PATHS = {"/index.php/api/xmlrpc", "/api/xmlrpc"}
LASTS = timedelta(hours=1)
ALIASES = {
    "order": "sales_order",
    "order_shipment": "sales_order_shipment",
    "order_invoice": "sales_order_invoice",
    "product": "catalog_product",
    "product_stock": "cataloginventory_stock_item",
    "magento": "core_magento",
}
FAULTS = {
    1: "Internal Error. Please see log for details.",
    2: "Access denied.",
    3: "Invalid api path.",
    5: "Session expired. Try to relogin.",
    6: 'Required parameter is missing, for more details see "exception.log".',
    100: "Requested order not exists.",
}
_sessions: WeakKeyDictionary[SimulatedShop, dict[str, datetime]] = WeakKeyDictionary()


class Failed(Exception):
    """A fault of a call."""

    def __init__(self, code: int, message: str = "") -> None:
        super().__init__(code, message)
        self.code, self.message = code, message or FAULTS[code]


def keys(shop: SimulatedShop) -> dict[str, str]:
    return {"user": shop.key[3:], "key": shop.secret[3:]}


def too_many(shop: SimulatedShop) -> Answered:
    """Magento has no limit; this is what stands before it."""
    return Answered(429, b"<html><h1>Too many requests</h1></html>", {"Content-Type": "text/html"})


def answer(shop: SimulatedShop, asked: Asked) -> Answered:
    if asked.path.rstrip("/") not in PATHS - {shop.webhooks.kept.get("no path", "")}:
        return Answered(404, b"<html><h1>404 Not Found</h1></html>", {"Content-Type": "text/html"})
    try:
        arguments, method = loads(asked.body)
    except (ExpatError, ValueError):
        return fault(631, "Failed to parse request")
    try:
        return _method(shop, str(method), *arguments)
    except Failed as failed:
        return fault(failed.code, failed.message)


def _method(shop: SimulatedShop, method: str, *arguments: Any) -> Answered:
    if method == "login":
        return answered(_logged_in(shop, *arguments))
    if method not in ("call", "multiCall"):
        return fault(620, "Method does not exist")
    sessions = _sessions.setdefault(shop, {})
    if arguments[0] not in sessions or sessions[arguments[0]] + LASTS < shop.now():
        raise Failed(5)
    sessions[arguments[0]] = shop.now()
    ids: list[int] = []
    if method == "call":
        return answered(_called(shop, ids, *arguments[1:]), ids)
    return answered([_one_of_many(shop, ids, *each) for each in arguments[1]], ids)


def _logged_in(shop: SimulatedShop, user: str = "", key: str = "") -> str:
    if not user or not key:
        raise Failed(6)
    if {"user": user, "key": key} != keys(shop):
        raise Failed(2)
    sessions = _sessions.setdefault(shop, {})
    session = f"{len(sessions) + 1:032x}"
    sessions[session] = shop.now()
    return session


def _one_of_many(shop: SimulatedShop, ids: list[int], path: str, arguments: Any = ()) -> Any:
    """A fault stands among the answers."""
    try:
        return _called(shop, ids, path, arguments)
    except Failed as failed:
        return {"isFault": True, "faultCode": str(failed.code), "faultMessage": failed.message}


def _called(shop: SimulatedShop, ids: list[int], path: str, arguments: Any = ()) -> Any:
    resource, _, action = path.partition(".")
    resource = ALIASES.get(resource, resource)
    method, given = f"{resource}.{action}", arguments if isinstance(arguments, list | tuple) else [arguments]
    if method not in CALLS | writing.CALLS | writing.READING:
        raise Failed(3)
    denied = shop.webhooks.kept.get("denied", ())
    if resource in denied or method in denied or (method in writing.CALLS and not shop.records.writable):
        raise Failed(2)
    try:
        if method in CALLS:
            return CALLS[method](shop, ids, *given)
        return (writing.CALLS | writing.READING)[method](shop, *given)
    except Unknown as unknown:
        raise Failed(1, str(unknown)) from None
    except writing.Fault as fault_:
        raise Failed(fault_.code, fault_.message) from None


def shown(shop: SimulatedShop) -> list[Sale]:
    """By id. There are no carts among orders; what is in the trash elsewhere is gone."""
    return sorted((sale for sale in shop.sales.values() if _is_shown(shop, sale)), key=lambda sale: sale.id)


def _is_shown(shop: SimulatedShop, sale: Sale) -> bool:
    now = shop.now()
    return max(sale.visible_at, sale.placed_at) <= now and sale.state(now).status not in UNLISTED


# Fields of a head that are told without all of it.
LIGHT: dict[str, Callable[[SimulatedShop, Sale], str]] = {
    "order_id": lambda shop, sale: str(sale.id),
    "increment_id": lambda shop, sale: increment_id(sale),
    "created_at": lambda shop, sale: f"{sale.placed_at:%F %T}",
    "updated_at": lambda shop, sale: f"{updated_at(sale, shop.now()):%F %T}",
}


def _orders(shop: SimulatedShop, ids: list[int], filters: Any = None) -> list[Json]:
    """All that pass: there are no pages. Most is filtered by few fields, which are there without the rest."""
    sales = shown(shop)
    if isinstance(filters, dict) and set(filters) <= set(LIGHT):
        lights = [{name: read(shop, sale) for name, read in LIGHT.items()} for sale in sales]
        left = {light["order_id"] for light in passing(lights, filters)}
        return [order_head(shop, sale) for sale in sales if str(sale.id) in left]
    return passing([order_head(shop, sale) for sale in sales], filters)


def _order(shop: SimulatedShop, ids: list[int], number: Any = "") -> Json:
    if "-" in str(number):
        sale = next((each for each in shop.sales.values() if each.number == number), None)
    else:
        sale = shop.sales.get(int(str(number)[1:])) if str(number)[1:].isdigit() else None
    if sale is None or increment_id(sale) != number or not _is_shown(shop, sale):
        raise Failed(100)
    if sale.id in shop.webhooks.kept.get("fails", ()):
        raise Failed(1)
    ids.append(sale.id)
    return order_document(shop, sale)


def _products(shop: SimulatedShop, ids: list[int], filters: Any = None) -> list[Json]:
    """Each variant is a product of its own, and so is what it is a variant of. Without stock of its own: grouped."""
    held = shop.records.quantities
    kinds = {each.key: "virtual" if not each.sku else "simple" if held.get(each.sku) is not None else "grouped"
             for each in PRODUCTS}  # fmt: skip
    known = [(each.key, each.sku or f"service-{each.key}", each.name, kinds[each.key], each.option)
             for each in PRODUCTS]  # fmt: skip
    return passing(
        [
            {
                "product_id": str(product_id(shop, key)),
                "sku": sku,
                "name": f"{name}-{option}" if option else name,
                "set": "4",
                "type": kind,
                "category_ids": [],
                "website_ids": ["1"],
            }
            for key, sku, name, kind, option in sorted([*known, (SHIRT, "SHIRT", "Barista shirt", "configurable", "")])
        ],
        filters,
    )


def _stock(shop: SimulatedShop, ids: list[int], asked: Any = ()) -> list[Json]:
    """Each that is asked for is taken for a SKU, and for an id where there is no such SKU."""
    skus = {product.sku: product for product in PRODUCTS if product.sku}
    by_id = {str(product_id(shop, product.key)): product for product in PRODUCTS}
    found = [skus.get(str(each), by_id.get(str(each))) for each in (asked if isinstance(asked, list) else [asked])]
    return [
        {
            "product_id": str(product_id(shop, product.key)),
            "sku": product.sku,
            "qty": f"{shop.records.quantities.get(product.sku) or 0}.0000",
            "is_in_stock": str(int(bool(shop.records.quantities.get(product.sku)))),
        }
        for product in found
        if product is not None
    ]


def _about(shop: SimulatedShop, ids: list[int]) -> Json:
    return {"magento_edition": "Community", "magento_version": "1.9.4.5"}


CALLS: dict[str, Callable[..., Any]] = {
    "sales_order.list": _orders,
    "sales_order.info": _order,
    "catalog_product.list": _products,
    "cataloginventory_stock_item.list": _stock,
    "core_magento.info": _about,
}
