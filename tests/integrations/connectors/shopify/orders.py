"""Build Shopify orders for tests from one written after the documented shapes.

In the file and in changes an amount "9.5" stands for the MoneyBag of that amount in euros; "9.5/10.3 USD" for one whose
buyer pays 10.30 dollars.
"""

from __future__ import annotations

import json
from typing import Any
from zoneinfo import ZoneInfo

from integrations.connectors.contract import Shop
from integrations.simulator.dialects.shopify.answering import access_token
from integrations.simulator.shop import SimulatedShop
from tests.payloads import PAYLOADS

WRITTEN = PAYLOADS / "shopify" / "order.json"
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


def keys(shop: SimulatedShop) -> dict[str, str]:
    return {"access_token": access_token(shop)}
