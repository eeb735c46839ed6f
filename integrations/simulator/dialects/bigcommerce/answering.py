"""BigCommerce's V2 and V3 APIs and webhooks; `changing` has the writing.

The access token is the shop's key; any store hash is its own.

V2 lists are bare arrays, 204 without a body where they are empty; errors are a list in V2 and an object in V3. Every
answer carries the store's rate limit.
"""

from __future__ import annotations

import re
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime

from integrations.simulator.catalogue import DELIVERIES, PAYMENTS
from integrations.simulator.dialects.bigcommerce import changing, webhooks
from integrations.simulator.dialects.bigcommerce.orders import (
    STATUSES,
    Json,
    fee_documents,
    line_documents,
    order_document,
    refund_documents,
    shipped_units,
    shipping_document,
    status_id,
)
from integrations.simulator.dialects.bigcommerce.stocked import inventory_items, product_documents, variant_documents
from integrations.simulator.dialects.prices import priced
from integrations.simulator.limits import Limit
from integrations.simulator.messages import Answered, Asked, as_json
from integrations.simulator.sales import Sale
from integrations.simulator.shop import SimulatedShop

PATH = re.compile(r"/stores/([a-z0-9]+)/v([23])/(.+)")
# Of the plans Standard and Plus, shared by all apps of a store.
LIMIT = Limit(150, 30, rolling=False)
SORTS = {"id", "customer_id", "date_created", "date_modified", "status_id", "channel_id", "external_id"}


class Wrong(Exception):
    """A 400 of V2."""


def answer(shop: SimulatedShop, asked: Asked) -> Answered:
    found = PATH.fullmatch(asked.path.rstrip("/"))
    if found is None:
        return _v3_error(404, "Not Found")
    if asked.headers.get("x-auth-token") != shop.key:
        return _v3_error(401, "X-Auth-Token header is required" if "x-auth-token" not in asked.headers else "")
    version, path = found[2], found[3]
    try:
        if asked.method not in {"GET", "HEAD"} and not path.startswith("hooks"):
            refused = None if shop.records.writable else _v3_error(403, "You don't have a required scope.")
            written = refused or changing.answer(shop, asked, version, path)
            return Answered(written.status, written.body, {**_window(shop.limit), **written.headers}, written.ids)
        answered = _v2(shop, asked, path) if version == "2" else _v3(shop, asked, path)
    except Wrong as wrong:
        answered = _v2_error(400, str(wrong))
    return Answered(answered.status, answered.body, {**_window(shop.limit), **answered.headers}, answered.ids)


def _window(limit: Limit) -> dict[str, str]:
    return {
        "X-Rate-Limit-Requests-Left": str(limit.left),
        "X-Rate-Limit-Requests-Quota": str(limit.most),
        "X-Rate-Limit-Time-Reset-Ms": str(round(limit.reset * 1000)),
        "X-Rate-Limit-Time-Window-Ms": str(round(limit.seconds * 1000)),
    }


def too_many(shop: SimulatedShop) -> Answered:
    refused = _v3_error(429, "You have made too many requests in too short a time.")
    return Answered(429, refused.body, {**refused.headers, **_window(shop.limit)})


def _v2_error(status: int, message: str) -> Answered:
    return as_json([{"status": status, "message": message}], status)


def _v3_error(status: int, title: str) -> Answered:
    return as_json(
        {"status": status, "title": title, "type": "https://developer.bigcommerce.com/", "errors": {}}, status
    )


def _listed(documents: list[Json], ids: tuple[int, ...] = ()) -> Answered:
    return as_json(documents, ids=ids) if documents else Answered(204, b"")


def _v2(shop: SimulatedShop, asked: Asked, path: str) -> Answered:
    one = re.fullmatch(r"orders/(\d+)(?:/(products|shipping_?addresses|fees|shipments))?", path)
    if one:
        return _order(shop, asked, int(one[1]), one[2] or "")
    if path == "orders":
        return _orders(shop, asked)
    if path == "orders/count":
        return _count(shop, asked)
    lists: dict[str, list[Json]] = {
        "order_statuses": [
            {"id": code, "name": name, "system_label": name, "custom_label": name, "order": code}
            for code, name in STATUSES.items()
        ],
        "shipping/zones": [{"id": 1, "name": "Europe", "type": "country", "enabled": True}],
        "shipping/zones/1/methods": [
            {"id": number, "name": title, "type": "perorder", "enabled": True}
            for number, (_, title, _) in enumerate(DELIVERIES)
        ],
        "payments/methods": [{"id": None, "name": title, "code": code, "test_mode": False} for code, title in PAYMENTS],
    }
    if path == "store":
        zone = {"name": str(shop.zone), "raw_offset": 3600, "dst_offset": 7200, "dst_correction": True}
        return as_json({"id": "abc123", "name": shop.name, "currency": shop.currency, "timezone": zone})
    return _listed(lists[path]) if path in lists else _v2_error(404, "The requested resource was not found.")


def _order(shop: SimulatedShop, asked: Asked, order_id: int, part: str) -> Answered:
    sale = next((sale for sale in _shown(shop) if sale.id == order_id), None)
    if sale is None:
        return _v2_error(404, "The requested resource was not found.")
    if not part:
        return as_json(order_document(shop, sale, _included(asked)), ids=(sale.id,))
    cost = priced(shop, sale)
    if part == "fees":
        return as_json({"fees": fee_documents(cost)})
    size, page = _whole(asked, "limit", 50, 250), _whole(asked, "page", 1, 10**6)
    if part == "products":
        documents = line_documents(sale, cost, shop.now(), shipped_units(shop, sale))
    elif part == "shipments":
        documents = [changing.shipment_document(each) for each in shop.records.of(sale.id)]
    else:
        documents = [shipping_document(sale, cost)]
    return _listed(documents[(page - 1) * size : page * size])


def _shown(shop: SimulatedShop) -> list[Sale]:
    """Archived ("trashed") orders are not in lists."""
    return [sale for sale in shop.visible() if sale.state(shop.now()).status != "trash"]


def _included(asked: Asked) -> frozenset[str]:
    return frozenset(asked.get("include").split(",")) - {""}


def _whole(asked: Asked, name: str, default: int, most: int) -> int:
    text = asked.get(name)
    if not text:
        return default
    if not text.isdigit() or not 1 <= int(text) <= most:
        raise Wrong(f"The field '{name}' is invalid.")
    return int(text)


def _matching(shop: SimulatedShop, asked: Asked) -> list[Sale]:
    """Both ends of a range belong to it."""
    now, found = shop.now(), _shown(shop)
    for name in ("id", "date_created", "date_modified"):
        least, most = _bound(asked, f"min_{name}"), _bound(asked, f"max_{name}")
        found = [sale for sale in found if least <= _value(sale, name, now) <= (most or float("inf"))]
    if asked.get("external_order_id"):
        found = [sale for sale in found if sale.given and sale.given.reference == asked.get("external_order_id")]
    wanted = asked.get("status_id")
    return [sale for sale in found if str(status_id(shop, sale)) == wanted] if wanted else found


def _value(sale: Sale, name: str, now: datetime) -> float:
    """An id, or a stamp in seconds."""
    stamps = {"date_created": sale.placed_at, "date_modified": sale.state(now).at}
    return stamps[name].timestamp() if name in stamps else sale.id


def _bound(asked: Asked, name: str) -> float:
    text = asked.get(name)
    if not text:
        return 0
    if not name.endswith("_id"):
        return _moment(text).timestamp()
    if not text.isdigit():
        raise Wrong(f"The field '{name}' is invalid.")
    return int(text)


def _moment(text: str) -> datetime:
    """RFC 2822 or ISO 8601."""
    try:
        moment = datetime.fromisoformat(text) if text[:4].isdigit() else parsedate_to_datetime(text)
    except ValueError:
        raise Wrong("A date is invalid.") from None
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)


def _orders(shop: SimulatedShop, asked: Asked) -> Answered:
    """A page of more than 250 is refused; unknown parameters are ignored."""
    field, _, direction = asked.get("sort", "id").partition(":")
    if field not in SORTS or direction not in ("", "asc", "desc"):
        raise Wrong("The field 'sort' is invalid.")
    size, page = _whole(asked, "limit", 50, 250), _whole(asked, "page", 1, 10**6)
    now = shop.now()
    found = sorted(_matching(shop, asked), key=lambda sale: _value(sale, field, now), reverse=direction == "desc")
    shown = found[(page - 1) * size : page * size]
    documents = [order_document(shop, sale, _included(asked)) for sale in shown]
    return _listed(documents, tuple(sale.id for sale in shown))


def _count(shop: SimulatedShop, asked: Asked) -> Answered:
    found = [status_id(shop, sale) for sale in _matching(shop, asked)]
    statuses = [{"id": code, "name": name, "count": found.count(code)} for code, name in STATUSES.items()]
    return as_json({"statuses": statuses, "count": len(found)})


def _v3(shop: SimulatedShop, asked: Asked, path: str) -> Answered:
    if path == "orders/payment_actions/refunds":
        wanted = set(asked.get("order_id:in").split(",")) - {""}
        sales = [sale for sale in _shown(shop) if not wanted or str(sale.id) in wanted]
        return _paged(asked, [refund for sale in sales for refund in refund_documents(shop, sale)])
    if path == "catalog/products":
        documents = product_documents(shop, "variants" in asked.get("include"))
        skus = set(asked.get("sku:in").split(",")) - {""}
        documents = [each for each in documents if not skus or each["sku"] in skus]
        after = asked.get("id:greater")
        return _paged(asked, [each for each in documents if not after or each["id"] > int(after)])
    if path == "catalog/variants":
        return _paged(asked, [each for each in variant_documents(shop) if asked.get("sku") in ("", each["sku"])])
    if path == "inventory/items":
        skus = set(asked.get("sku:in").split(",")) - {""}
        return _paged(asked, [each for each in inventory_items(shop) if not skus or each["identity"]["sku"] in skus])
    if asked.method == "GET" and path == "hooks":
        return _paged(asked, webhooks.documents(shop))
    written = webhooks.write(shop, asked, path)
    if written is not None:
        return written
    return _v3_error(404, "Not Found")


def _paged(asked: Asked, documents: list[Json]) -> Answered:
    size, page = _whole(asked, "limit", 50, 1000), _whole(asked, "page", 1, 10**6)
    shown = documents[(page - 1) * size : page * size]
    pagination = {
        "total": len(documents),
        "count": len(shown),
        "per_page": size,
        "current_page": page,
        "total_pages": max(1, -(-len(documents) // size)),
    }
    return as_json({"data": shown, "meta": {"pagination": pagination}})
