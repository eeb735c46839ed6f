"""Build Magento 2 payloads for tests, in the shape of the documented order."""

from __future__ import annotations

import json
from typing import Any

from integrations.connectors.contract import Shop
from tests.payloads import PAYLOADS

FOLDER = PAYLOADS / "magento2"
KEYS = {
    "consumer_key": "ck0123456789",
    "consumer_secret": "cs0123456789",
    "access_token": "at0123456789",
    "access_token_secret": "as0123456789",
}
SHOP = Shop("https://shop.example", KEYS)
ABSENT = object()


def order(**changes: Any) -> dict[str, Any]:
    """The documented order with other values; ABSENT takes a field out."""
    document = {**json.loads((FOLDER / "order.json").read_text()), **changes}
    return {name: value for name, value in document.items() if value is not ABSENT}


def payload(**changes: Any) -> bytes:
    return json.dumps(order(**changes), ensure_ascii=False).encode()


def item(**changes: Any) -> dict[str, Any]:
    """The row of the lamp: one piece at 30, 6 tax."""
    return {**order()["items"][2], "weee_tax_applied_row_amount": 0, **changes}


def listed(*orders: dict[str, Any], total: int | None = None) -> dict[str, Any]:
    return {"items": list(orders), "search_criteria": {}, "total_count": len(orders) if total is None else total}
