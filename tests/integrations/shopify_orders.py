"""Build Shopify orders for tests from one written after the documented shapes.

In the file and in changes an amount "9.5" stands for the MoneyBag of that amount in euros; "9.5/10.3 USD" for one whose
buyer pays 10.30 dollars.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, urlsplit
from zoneinfo import ZoneInfo

from integrations.connectors.base import Request, Response, Shop
from integrations.simulator.dialects.shopify import access_token
from integrations.simulator.messages import Asked
from integrations.simulator.server import SimulatedSite
from integrations.simulator.shop import SimulatedShop

WRITTEN = Path(__file__).parent.parent / "payloads" / "shopify" / "order.json"
SHOP = Shop("https://tea.myshopify.com", {"access_token": "shpat_key"}, ZoneInfo("Europe/Prague"))
SECRET = "hush"
NO_MORE = {"pageInfo": {"hasNextPage": False, "endCursor": None}}


def bags(value: Any, name: str = "", currency: str = "EUR") -> Any:
    """The same with every short amount written out."""
    if isinstance(value, dict):
        return {key: bags(part, key, currency) for key, part in value.items()}
    if isinstance(value, list):
        return [bags(part, name, currency) for part in value]
    if isinstance(value, str) and (name.endswith("Set") or name == "price"):
        own, _, foreign = value.partition("/")
        amount, _, code = foreign.partition(" ")
        return {
            "shopMoney": {"amount": own, "currencyCode": currency},
            "presentmentMoney": {"amount": amount or own, "currencyCode": code or currency},
        }
    return value


def order(*, currency: str = "EUR", **changes: Any) -> dict[str, Any]:
    document = {**json.loads(WRITTEN.read_text()), "currencyCode": currency, "presentmentCurrencyCode": currency}
    written: dict[str, Any] = bags({**document, **changes}, currency=currency)
    return written


def payload(*, more_lines: list[Any] | None = None, **changes: Any) -> bytes:
    return json.dumps({"order": order(**changes), "more_lines": more_lines or []}, ensure_ascii=False).encode()


def line(place: int = 0, **changes: Any) -> dict[str, Any]:
    first: dict[str, Any] = json.loads(WRITTEN.read_text())["lineItems"]["nodes"][place]
    return {**first, **changes}


def lines(*nodes: dict[str, Any], **page: Any) -> dict[str, Any]:
    return {"nodes": list(nodes), **NO_MORE, **page}


def refund(amount: str, restock: str, **units: int) -> dict[str, Any]:
    """`L315=1`: one unit of the line 315."""
    nodes = [
        {"quantity": count, "restockType": restock, "lineItem": {"id": f"gid://shopify/LineItem/{name[1:]}"}}
        for name, count in units.items()
    ]
    return {"totalRefundedSet": amount, "refundLineItems": {"nodes": nodes}}


def ask(site: SimulatedSite, request: Request) -> Response:
    """Answer a connector's request from a simulated shop without a network."""
    address = urlsplit(request.url)
    params = (*request.params, *parse_qsl(address.query))
    headers = {name.lower(): value for name, value in request.headers.items()}
    if request.auth is not None:
        headers[getattr(request.auth, "name", "").lower()] = getattr(request.auth, "value", "")
    answered, _ = site.answer(Asked(request.method, address.path, params, headers, request.body or b"", secure=True))
    return Response(answered.status, {name.lower(): value for name, value in answered.headers.items()}, answered.body)


def keys(shop: SimulatedShop) -> dict[str, str]:
    return {"access_token": access_token(shop)}
