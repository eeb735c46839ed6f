"""Build PrestaShop payloads for tests, in the shape of the documented ones."""

from __future__ import annotations

import json
from typing import Any
from zoneinfo import ZoneInfo

from integrations.connectors.contract import Shop
from tests.payloads import PAYLOADS

RECORDED = PAYLOADS / "prestashop" / "order.json"
KEY = "0123456789ABCDEFGHIJKLMNOPQRSTUV"
PRAGUE = ZoneInfo("Europe/Prague")


def shop(**settings: Any) -> Shop:
    """Afresh each time: a connector remembers what it has looked up."""
    return Shop("https://shop.example", {"key": KEY}, PRAGUE, settings)


def document(name: str = "order") -> dict[str, Any]:
    found: dict[str, Any] = json.loads((PAYLOADS / "prestashop" / f"{name}.json").read_text())
    return found


def payload(beside: dict[str, Any] | None = None, **changes: Any) -> bytes:
    """The documented order with other values, and with other lists `beside` it."""
    whole = document()
    whole["order"] |= changes
    return json.dumps(whole | (beside or {}), ensure_ascii=False).encode()


def row(**changes: Any) -> dict[str, Any]:
    first: dict[str, Any] = document()["order"]["associations"]["order_rows"][0]
    return first | changes


def rows(*changed: dict[str, Any]) -> dict[str, Any]:
    return {"order_rows": list(changed)}
