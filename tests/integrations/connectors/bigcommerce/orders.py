"""Build BigCommerce payloads for tests, in the shape of the documented examples (Orders V2 OpenAPI file)."""

from __future__ import annotations

import json
from typing import Any
from zoneinfo import ZoneInfo

from integrations.connectors.contract import Shop
from tests.payloads import PAYLOADS

RECORDED = PAYLOADS / "bigcommerce" / "order.json"
KEYS = {"store_hash": "abc123", "access_token": "token", "client_secret": "client-secret"}
SHOP = Shop("https://api.bigcommerce.com", KEYS, ZoneInfo("Europe/Prague"))
ABSENT = object()


def order(**changes: Any) -> dict[str, Any]:
    """The V2 order of our document with other values; ABSENT takes a field out."""
    document = {**json.loads(RECORDED.read_text())["order"], **changes}
    return {name: value for name, value in document.items() if value is not ABSENT}


def payload(order_changes: dict[str, Any] | None = None, **parts: Any) -> bytes:
    """Our document around an order; `parts` are refunds, products and shipping_addresses."""
    document = {"order": order(**(order_changes or {})), **parts}
    return json.dumps(document, ensure_ascii=False).encode()


def line(**changes: Any) -> dict[str, Any]:
    first: dict[str, Any] = order()["consignments"]["shipping"][0]["line_items"][0]
    return {**first, **changes}


def with_lines(*lines: dict[str, Any]) -> dict[str, Any]:
    """Changes of an order that give it these lines."""
    shipping = order()["consignments"]["shipping"][0]
    return {"consignments": {"shipping": [{**shipping, "line_items": list(lines)}]}}
