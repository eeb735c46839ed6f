"""The REST API of Magento 2, with the habits of 2.4.7; of 2.3 where the shop is an old one.

Lists are `{items, search_criteria, total_count}`; `items` is null where there are none and `fields` was sent. A list
without search criteria is refused, one without a page size comes whole.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

from integrations.simulator.dialects.magento2 import writing
from integrations.simulator.dialects.magento2.auth import error, refusal, stranger
from integrations.simulator.dialects.magento2.orders import Json, increment_id, order_document, status_of, updated_at
from integrations.simulator.dialects.magento2.products import product_documents, source_items
from integrations.simulator.dialects.magento2.searching import Unknown, found, paged, trimmed
from integrations.simulator.messages import Answered, Asked, as_json
from integrations.simulator.sales import Sale
from integrations.simulator.shop import SimulatedShop

PATH = re.compile(r"/rest/(?:(all|default|[a-z]\w*)/)?V1/(.+)")
STORES = {"all", "default", "cs"}
UNLISTED = {"trash", "draft", "auto-draft", "checkout-draft"}
REPORT = "Internal Error. Details are available in Magento log file. Report ID: webapi-6a21b1c2d3e4f"
NOT_THERE = "The entity that was requested doesn't exist. Verify the entity and try again."
RESOURCES = {
    "orders": "Magento_Sales::actions_view",
    "order": "Magento_Sales::ship",
    "shipment": "Magento_Sales::shipment",
    "shipments": "Magento_Sales::shipment",
    "stockItems": "Magento_CatalogInventory::cataloginventory",
    "products": "Magento_Catalog::products",
    "inventory": "Magento_InventoryApi::source",
}


def too_many(shop: SimulatedShop) -> Answered:
    """Magento has no limit; this is what stands before it (Fastly)."""
    return Answered(429, b"<html><h1>Too many requests</h1></html>", {"Content-Type": "text/html"})


def answer(shop: SimulatedShop, asked: Asked) -> Answered:
    path = PATH.fullmatch(asked.path.rstrip("/"))
    if path is None or (path[1] or "default") not in STORES:
        return _with_cookie(error(404, "Request does not match any route."))
    route = path[2]
    refused = refusal(shop, asked, RESOURCES.get(route.partition("/")[0], "Magento_Backend::store"))
    if refused is None and asked.method not in ("GET", "HEAD") and not shop.records.writable:
        refused = stranger(RESOURCES.get(route.partition("/")[0], ""))
    if refused is not None:
        return _with_cookie(refused)
    try:
        return _with_cookie(_route(shop, asked, route))
    except Unknown:
        return _with_cookie(error(500, REPORT))


def _with_cookie(answered: Answered) -> Answered:
    """On every call."""
    cookie = {"Set-Cookie": "PHPSESSID=0123456789abcdef; path=/; HttpOnly"}
    return Answered(answered.status, answered.body, {**answered.headers, **cookie}, answered.ids)


def _route(shop: SimulatedShop, asked: Asked, route: str) -> Answered:
    if asked.method not in ("GET", "HEAD"):
        written = writing.answer(shop, asked, route, _shown(shop))
        return written or error(404, "Request does not match any route.")
    one = re.fullmatch(r"orders/([^/]+)", route)
    if one:
        return _order(shop, one[1])
    if route == "orders":
        return _orders(shop, asked)
    if route == "products":
        return _list(shop, asked, product_documents(shop), {"entity_id": _key("id"), "sku": _key("sku")})
    if route == "inventory/source-items" and shop.version != "6.7.0":
        return _list(shop, asked, source_items(shop), {"sku": _key("sku"), "source_code": _key("source_code")})
    if match := re.fullmatch(r"stockItems/(.+)", route):
        return writing.stock_item(shop, match[1])
    if route == "shipments":
        keys = {name: _key(name) for name in ("entity_id", "order_id")}
        return _list(shop, asked, writing.shipment_documents(shop), keys)
    if match := re.fullmatch(r"shipment/([0-9]+)", route):
        found = [each for each in writing.shipment_documents(shop) if each["entity_id"] == int(match[1])]
        return as_json(found[0]) if found else error(404, NOT_THERE)
    if route == "store/storeConfigs":
        store = {"locale": "en_US", "base_currency_code": shop.currency, "default_display_currency_code": shop.currency}
        zone = {"timezone": str(shop.zone), "weight_unit": "kgs"}
        codes = ("default", "cs")
        return as_json([{"id": at, "code": code, "website_id": 1, **store, **zone} for at, code in enumerate(codes, 1)])
    return error(404, "Request does not match any route.")


def _key(name: str) -> Callable[[Json], Any]:
    return lambda document: document[name]


def _order(shop: SimulatedShop, text: str) -> Answered:
    if not text.isdigit():
        return error(400, 'The "%value" value\'s type is invalid. The "%type" type was expected. Verify and try again.',
                     {"value": text, "type": "int"})  # fmt: skip
    sale = next((sale for sale in _shown(shop) if sale.id == int(text)), None)
    return error(404, NOT_THERE) if sale is None else as_json(order_document(shop, sale), ids=(sale.id,))


def _shown(shop: SimulatedShop) -> list[Sale]:
    """An order begins when it is placed, so there are no carts among them; what is in the trash elsewhere is gone."""
    return [sale for sale in shop.visible() if sale.state(shop.now()).status not in UNLISTED]


def _orders(shop: SimulatedShop, asked: Asked) -> Answered:
    now = shop.now()
    fields: dict[str, Callable[[Sale], Any]] = {
        "entity_id": lambda sale: sale.id,
        "increment_id": increment_id,
        "created_at": lambda sale: sale.placed_at.replace(tzinfo=None),
        "updated_at": lambda sale: updated_at(sale, now).replace(tzinfo=None),
        "status": lambda sale: status_of(sale.state(now).status)[0],
        "state": lambda sale: status_of(sale.state(now).status)[1],
    }
    return _list(shop, asked, _shown(shop), fields, lambda sale: order_document(shop, sale))


def _list(
    shop: SimulatedShop,
    asked: Asked,
    entries: list[Any],
    fields: dict[str, Callable[[Any], Any]],
    document: Callable[[Any], Json] = lambda entry: entry,
) -> Answered:
    if not any(name.startswith("searchCriteria") for name, _ in asked.params):
        return error(400, '"%fieldName" is required. Enter and try again.', {"fieldName": "searchCriteria"})
    passed = found(asked, entries, fields)
    page = paged(asked, passed, repeats=shop.version == "6.7.0")
    shown = [document(entry) for entry in page]
    wanted = asked.get("fields")
    body = {"items": shown or (None if wanted else []), "search_criteria": _criteria(asked), "total_count": len(passed)}
    ids = tuple(entry.id for entry in page if isinstance(entry, Sale))
    return as_json(trimmed(body, wanted), ids=ids)


def _criteria(asked: Asked) -> Json:
    """What was understood; shortened here, for nobody reads it."""
    size = asked.get("searchCriteria[pageSize]")
    return {"filter_groups": [], **({"page_size": int(size)} if size.isdigit() else {})}
