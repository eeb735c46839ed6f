"""Build WooCommerce orders for tests from the recorded one."""

from __future__ import annotations

import json
from typing import Any
from zoneinfo import ZoneInfo

from integrations.connectors.contract import Shop
from tests.payloads import PAYLOADS

RECORDED = PAYLOADS / "woocommerce" / "order.json"
SHOP = Shop(
    "https://shop.example", {"consumer_key": "ck_key", "consumer_secret": "cs_secret"}, ZoneInfo("Europe/Prague")
)
ABSENT = object()


def order(**changes: Any) -> dict[str, Any]:
    """The recorded order with other values; ABSENT takes a field out."""
    document = {**json.loads(RECORDED.read_text()), **changes}
    return {name: value for name, value in document.items() if value is not ABSENT}


def payload(**changes: Any) -> bytes:
    return json.dumps(order(**changes), ensure_ascii=False).encode()


def line(**changes: Any) -> dict[str, Any]:
    first: dict[str, Any] = order()["line_items"][0]
    return {**first, **changes}


def brief(number: int, /, modified: str = "2026-11-01T10:00:00", **changes: Any) -> dict[str, Any]:
    """As little of an order as the listing looks at."""
    return {"id": number, "number": str(number), "status": "processing", "date_modified_gmt": modified, **changes}
