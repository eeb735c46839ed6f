"""eBay: the token endpoint, Sell Fulfillment orders, inventory items and notifications (Fulfillment v1.20.7).

The seller's App ID is the shop's key; Cert ID and refresh token are its secret. Unpaid orders are not listed. In which
order eBay lists is not documented: a shop with an even seed lists the newest first, others the oldest.
"""

from __future__ import annotations

import hashlib
import hmac
import re
from base64 import b64encode
from datetime import UTC, datetime, timedelta
from urllib.parse import parse_qs, quote

from integrations.simulator.dialects.ebay import changing, notifications
from integrations.simulator.dialects.ebay.changing import Refused, inventory
from integrations.simulator.dialects.ebay.orders import Json, order_document, order_id
from integrations.simulator.limits import Limit
from integrations.simulator.messages import Answered, Asked, as_json
from integrations.simulator.sales import Sale
from integrations.simulator.shop import SimulatedShop

ORDERS = "/sell/fulfillment/v1/order"
ITEMS = "/sell/inventory/v1/inventory_item"
TOKEN_LIFE = 7200
# Of an application in a day; eBay begins it at midnight Pacific, here it begins with the first request.
LIMIT = Limit(100_000, 24 * 3600, rolling=False)
UNLISTED = {"pending", "failed", "checkout-draft", "trash"}
OLDEST = timedelta(days=730)
STAMP = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z")
RANGE = re.compile(r"(creationdate|lastmodifieddate):\[([^\].]+\.\d{3}Z)?\.\.([^\]]*)\]")


def answer(shop: SimulatedShop, asked: Asked) -> Answered:
    try:
        if asked.path == "/identity/v1/oauth2/token":
            return _token(shop, asked)
        _let_in(shop, asked)
        return _route(shop, asked)
    except Refused as refused:
        return refused.answer


def too_many(shop: SimulatedShop) -> Answered:
    return Refused(429, 2001, "Too many requests.", "ACCESS").answer


def keys(shop: SimulatedShop) -> dict[str, str]:
    """The credentials a connector needs."""
    return {
        "client_id": shop.key,
        "client_secret": shop.secret,
        "refresh_token": shop.secret,
        "alert_email": "alerts@shop.example",
    }


def external_id(shop: SimulatedShop, sale: Sale) -> str | None:
    return None if sale.state(shop.now()).status in UNLISTED else order_id(shop, sale)


def _token(shop: SimulatedShop, asked: Asked) -> Answered:
    keys = b64encode(f"{shop.key}:{shop.secret}".encode()).decode()
    if asked.headers.get("authorization") != f"Basic {keys}":
        return as_json({"error": "invalid_client", "error_description": "client authentication failed"}, 401)
    if not asked.headers.get("content-type", "").startswith("application/x-www-form-urlencoded"):
        return as_json(
            {"error": "invalid_request", "error_description": "request is missing a required parameter"}, 400
        )
    form = {name: given[-1] for name, given in parse_qs(asked.body.decode()).items()}
    if form.get("grant_type") == "client_credentials" and form.get("scope") == "https://api.ebay.com/oauth/api_scope":
        return _granted(shop, "Application Access Token")
    if form.get("grant_type") != "refresh_token":
        return as_json({"error": "unsupported_grant_type", "error_description": "grant type is not supported"}, 400)
    if form.get("refresh_token") != shop.secret:
        description = "the provided authorization refresh token is invalid or was issued to another client"
        return as_json({"error": "invalid_grant", "error_description": description}, 400)
    return _granted(shop, "User Access Token")


def _granted(shop: SimulatedShop, kind: str) -> Answered:
    ends = int(shop.now().timestamp()) + TOKEN_LIFE
    token = f"v^1.1#{ends}#{_seal(shop, ends)}"
    return as_json({"access_token": token, "expires_in": TOKEN_LIFE, "token_type": kind})


def _seal(shop: SimulatedShop, ends: int) -> str:
    return hmac.new(shop.secret.encode(), str(ends).encode(), hashlib.sha256).hexdigest()


def _let_in(shop: SimulatedShop, asked: Asked) -> None:
    token = asked.headers.get("authorization", "").removeprefix("Bearer ")
    ends, _, seal = token.removeprefix("v^1.1#").partition("#")
    if not ends.isdigit() or seal != _seal(shop, int(ends)) or int(ends) <= shop.now().timestamp():
        raise Refused(401, 1001, "Invalid access token", "OAuth")


def _route(shop: SimulatedShop, asked: Asked) -> Answered:
    if asked.path == ORDERS:
        return _orders(shop, asked)
    if asked.path == ITEMS:
        return _items(shop, asked)
    if asked.path.startswith(notifications.ROOT):
        return notifications.answer(shop, asked)
    if asked.path.startswith("/sell/inventory/v1/bulk_"):
        return changing.bulk(shop, asked)
    if asked.path.endswith("/shipping_fulfillment"):
        return changing.fulfillments(shop, asked, _listed(shop))
    if asked.path.startswith(f"{ORDERS}/"):
        wanted = asked.path.removeprefix(f"{ORDERS}/")
        sale = next((sale for sale in _listed(shop) if order_id(shop, sale) == wanted), None)
        if sale is None:
            raise Refused(404, 32100, "Invalid order ID")
        return as_json(order_document(shop, sale), ids=(sale.id,))
    raise Refused(404, 2002, "Resource not found.", "ACCESS")


def _listed(shop: SimulatedShop) -> list[Sale]:
    now = shop.now()
    sales = [sale for sale in shop.visible() if sale.state(now).status not in UNLISTED]
    return sorted(sales, key=lambda sale: (sale.placed_at, sale.id), reverse=shop.seed % 2 == 0)


def _orders(shop: SimulatedShop, asked: Asked) -> Answered:
    """With orderIds every other parameter is ignored; without any filter the last 90 days are shown."""
    found = _listed(shop)
    if asked.get("orderIds"):
        wanted = asked.get("orderIds").split(",")
        if len(wanted) > 50:
            raise Refused(400, 30900, "The maximum number of order IDs is 50")
        found = [sale for sale in found if order_id(shop, sale) in wanted]
        return _page(shop, asked, found, len(found), 0, len(wanted))
    limit, offset = _whole(asked, "limit", 50, 30110), _whole(asked, "offset", 0, 30120)
    if not 1 <= limit <= 200:
        raise Refused(400, 31100, "Invalid limit. It must be between 1 and 200")
    found = _filtered(shop, asked.get("filter"), found)
    return _page(shop, asked, found[offset : offset + limit], len(found), offset, limit)


def _page(shop: SimulatedShop, asked: Asked, shown: list[Sale], total: int, offset: int, limit: int) -> Answered:
    base = f"https://api.ebay.com{asked.path}?filter={quote(asked.get('filter'))}&limit={limit}"
    page: Json = {"href": f"{base}&offset={offset}", "total": total, "limit": limit, "offset": offset}
    if offset + limit < total:
        page["next"] = f"{base}&offset={offset + limit}"
    if offset:
        page["prev"] = f"{base}&offset={max(0, offset - limit)}"
    page["orders"] = [_in_list(order_document(shop, sale)) for sale in shown]
    return as_json(page, ids=tuple(sale.id for sale in shown))


def _in_list(document: Json) -> Json:
    """The list never says why a cancellation was asked for."""
    return {**document, "cancelStatus": {**document["cancelStatus"], "cancelRequests": []}}


def _filtered(shop: SimulatedShop, text: str, sales: list[Sale]) -> list[Sale]:
    """Both ends belong to a span; with both filters only creationdate counts."""
    now = shop.now()
    spans = {name: (start, end) for name, start, end in RANGE.findall(text)}
    if text and not spans:
        raise Refused(400, 30700, f"Invalid filter name: {text.partition(':')[0]}")
    if not spans:
        return [sale for sale in sales if sale.placed_at >= now - timedelta(days=90)]
    name = "creationdate" if "creationdate" in spans else "lastmodifieddate"
    since, until = (_moment(part) for part in spans[name])
    if since is None or since > now or (until is not None and until > now):
        raise Refused(400, 30850, "The start and end dates can't be in the future")
    if since < now - OLDEST:
        raise Refused(400, 30830, "The start date can't be more than two years in the past")
    if until is not None and until < since:
        raise Refused(400, 30820, "The start date can't be after the end date")
    stamps = {sale.id: sale.placed_at if name == "creationdate" else sale.state(now).at for sale in sales}
    return [sale for sale in sales if since <= stamps[sale.id] <= (until or now)]


def _moment(text: str) -> datetime | None:
    if not text:
        return None
    if not STAMP.fullmatch(text):
        raise Refused(400, 30800, "Invalid date format")
    try:
        return datetime.fromisoformat(text[:-1]).replace(tzinfo=UTC)
    except ValueError:
        raise Refused(400, 30800, "Invalid date format") from None


def _whole(asked: Asked, name: str, default: int, number: int) -> int:
    text = asked.get(name)
    if text and not text.isdigit():
        raise Refused(400, number, f"Invalid {name}")
    return int(text) if text else default


def _items(shop: SimulatedShop, asked: Asked) -> Answered:
    """`offset` counts pages here."""
    limit, page = _whole(asked, "limit", 25, 25706), _whole(asked, "offset", 0, 25706)
    if not 1 <= limit <= 100:
        raise Refused(400, 25706, "Invalid limit", "API_INVENTORY")
    goods = list(inventory(shop).values())
    shown = goods[page * limit : (page + 1) * limit]
    answered: Json = {"href": f"{ITEMS}?limit={limit}&offset={page}", "limit": limit, "size": len(shown)}
    if (page + 1) * limit < len(goods):
        answered["next"] = f"{ITEMS}?limit={limit}&offset={page + 1}"
    return as_json({**answered, "total": len(goods), "inventoryItems": shown})
