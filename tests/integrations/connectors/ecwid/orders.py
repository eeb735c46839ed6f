"""Build Ecwid payloads for tests, in the shape of the documented example (docs.ecwid.com, "Search orders")."""

from __future__ import annotations

import json
from typing import Any
from zoneinfo import ZoneInfo

from integrations.connectors.contract import Shop
from tests.payloads import PAYLOADS

RECORDED = PAYLOADS / "ecwid" / "order.json"
KEYS = {"store_id": "1003", "access_token": "secret_token", "client_secret": "test_client_secret"}
SHOP = Shop("https://app.ecwid.com", KEYS, ZoneInfo("Europe/Prague"))
PROFILE = {
    "settings": {"storeName": "Tea &amp; Co"},
    "formatsAndUnits": {"currency": "EUR", "timezone": "Europe/Prague"},
}
ABSENT = object()


def order(**changes: Any) -> dict[str, Any]:
    """The documented order with other values; ABSENT takes a field out."""
    document = {**json.loads(RECORDED.read_text())["order"], **changes}
    return {name: value for name, value in document.items() if value is not ABSENT}


def payload(currency: Any = "EUR", **changes: Any) -> bytes:
    return json.dumps({"order": order(**changes), "currency": currency}, ensure_ascii=False).encode()


def item(**changes: Any) -> dict[str, Any]:
    first: dict[str, Any] = order()["items"][0]
    return {**first, **changes}
