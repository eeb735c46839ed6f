"""Ecwid's REST API v3; `changing` has the writing. The token is the shop's key; any store id is its own.

Lists are `{total, count, offset, limit, items}`, at most 100 entries, the last updated first (their order is not
documented); an empty filter is no filter; errors are `{errorMessage, errorCode}`.
"""

from __future__ import annotations

import re
from dataclasses import replace
from math import ceil
from weakref import WeakKeyDictionary

from integrations.simulator.catalogue import DELIVERIES, PAYMENTS
from integrations.simulator.dialects.ecwid import changing
from integrations.simulator.dialects.ecwid.orders import (
    FULFILMENT,
    PAYMENT,
    Json,
    order_document,
    order_id,
    product_documents,
)
from integrations.simulator.limits import Limit
from integrations.simulator.messages import Answered, Asked, as_json
from integrations.simulator.sales import Sale
from integrations.simulator.shop import SimulatedShop

# A token's.
LIMIT = Limit(600, 60)
# Of requests with a token that is not known; beyond it the address is blocked, whatever it sends.
DEAD = Limit(20, 60)
NO_SCOPE = "INSUFFICIENT_APP_SCOPE"
PATH = re.compile(r"/api/v3/([0-9]+)/(.+)")


_DEAD: WeakKeyDictionary[SimulatedShop, Limit] = WeakKeyDictionary()


class Wrong(Exception):
    """A 400 WRONG_PARAMETER."""


UNLISTED = {"trash", "draft", "auto-draft", "checkout-draft"}


def external_id(shop: SimulatedShop, sale: Sale) -> str | None:
    """None for what is in the trash, and for an incomplete order, which is no order yet."""
    return None if sale.state(shop.now()).status in UNLISTED else order_id(sale)


def answer(shop: SimulatedShop, asked: Asked) -> Answered:
    found = PATH.fullmatch(asked.path.rstrip("/"))
    if found is None:
        return _error(404, "NOT_FOUND")
    dead = _DEAD.setdefault(shop, replace(DEAD))
    if not dead.left:
        return _too_many(dead)
    if asked.headers.get("authorization") != f"Bearer {shop.key}":
        dead.take()
        return _error(403, "INVALID_API_TOKEN")
    try:
        if asked.method not in {"GET", "HEAD"}:
            return changing.answer(shop, asked, found[2]) if shop.records.writable else _error(403, NO_SCOPE)
        return _route(shop, asked, found[2])
    except Wrong:
        return _error(400, "WRONG_PARAMETER")


def too_many(shop: SimulatedShop) -> Answered:
    return _too_many(shop.limit)


def _too_many(limit: Limit) -> Answered:
    refused = as_json({"errorMessage": "Too many requests", "errorCode": "RATE_LIMITED"}, 429)
    return Answered(429, refused.body, {**refused.headers, "Retry-After": str(ceil(limit.reset) or 1)})


def _error(status: int, code: str) -> Answered:
    return as_json({"errorMessage": code.capitalize().replace("_", " "), "errorCode": code}, status)


def _route(shop: SimulatedShop, asked: Asked, path: str) -> Answered:
    if path == "orders":
        return _orders(shop, asked)
    if path.startswith("orders/"):
        sale = changing.sale_of(shop, path.removeprefix("orders/"))
        return _error(404, "ORDER_NOT_FOUND") if sale is None else as_json(order_document(shop, sale), ids=(sale.id,))
    if path == "products":
        return _list(asked, _products(shop, asked))
    if path == "profile":
        return as_json(_profile(shop))
    if path == "profile/order_statuses":
        kinds = {"PAYMENT_STATUS": PAYMENT, "FULFILLMENT_STATUS": FULFILMENT}
        return as_json(
            {
                "items": [
                    {
                        "statusId": code,
                        "orderStatusType": kind,
                        "defaultStatus": not code.startswith("CUSTOM"),
                        "enabled": not code.startswith("CUSTOM"),
                        "sendNotificationWhenStatusIsAssigned": True,
                    }
                    for kind, codes in kinds.items()
                    for code in codes
                ]
            }
        )
    return _error(404, "NOT_FOUND")


def _products(shop: SimulatedShop, asked: Asked) -> list[Json]:
    """`productId` before `sku`, and either before all else; a product is found by the SKU of a variation, too."""
    found = product_documents(shop)
    if ids := set(asked.get("productId").split(",")) - {""}:
        return [each for each in found if str(each["id"]) in ids]
    if sku := asked.get("sku"):
        return [each for each in found if sku in {each["sku"], *(own["sku"] for own in each["combinations"])}]
    return found


def _profile(shop: SimulatedShop) -> Json:
    deliveries = [{"id": code, "title": title, "enabled": True} for code, title, _ in DELIVERIES]
    payments = [{"id": code, "enabled": True, "checkoutTitle": title} for code, title in PAYMENTS]
    return {
        "generalInfo": {"storeId": 1003, "storeUrl": "https://tea.example"},
        "settings": {"storeName": shop.name},
        "formatsAndUnits": {"currency": shop.currency, "timezone": str(shop.zone)},
        "shipping": {"shippingOptions": deliveries},
        "payment": {"paymentOptions": payments},
    }


def _whole(asked: Asked, name: str, default: int) -> int:
    text = asked.get(name)
    if text and not text.isdigit():
        raise Wrong(name)
    return int(text) if text else default


def _orders(shop: SimulatedShop, asked: Asked) -> Answered:
    """Both bounds of a time belong to it."""
    now = shop.now()
    found = [sale for sale in shop.visible() if sale.state(now).status != "trash"]
    for name, stamp_of in (("created", _placed), ("updated", _updated)):
        least, most = _whole(asked, f"{name}From", 0), _whole(asked, f"{name}To", 2**40)
        found = [sale for sale in found if least <= stamp_of(shop, sale) <= most]
    ids = set(asked.get("ids").split(",")) - {""}
    if ids:
        found = [sale for sale in found if {order_id(sale), str(sale.id), f"EC{sale.id}"} & ids]
    if words := asked.get("keywords"):
        found = [sale for sale in found if words in str(order_document(shop, sale).get("externalTransactionId"))]
    found.sort(key=lambda sale: (_updated(shop, sale), sale.id), reverse=True)
    size, offset = min(100, _whole(asked, "limit", 100)), _whole(asked, "offset", 0)
    shown = found[offset : offset + size]
    documents = [order_document(shop, sale) for sale in shown]
    if asked.get("responseFields").endswith("items(id)"):
        documents = [{"id": document["id"]} for document in documents]
    return _answered(documents, len(found), offset, size, tuple(sale.id for sale in shown))


def _placed(shop: SimulatedShop, sale: Sale) -> int:
    return int(sale.placed_at.timestamp())


def _updated(shop: SimulatedShop, sale: Sale) -> int:
    return int(sale.state(shop.now()).at.timestamp())


def _list(asked: Asked, documents: list[Json]) -> Answered:
    size, offset = min(100, _whole(asked, "limit", 100)), _whole(asked, "offset", 0)
    return _answered(documents[offset : offset + size], len(documents), offset, size)


def _answered(items: list[Json], total: int, offset: int, size: int, ids: tuple[int, ...] = ()) -> Answered:
    return as_json({"total": total, "count": len(items), "offset": offset, "limit": size, "items": items}, ids=ids)
