"""Magento 1 payloads for tests: the documented answers, whole or with other values."""

from __future__ import annotations

import json
from typing import Any

from integrations.connectors.contract import Shop
from integrations.connectors.http import Response
from integrations.connectors.magento1.xml_rpc import as_json
from tests.payloads import PAYLOADS
from tests.recorded import DATE

FOLDER = PAYLOADS / "magento1"
KEYS = {"user": "countinghouse", "key": "ak0123456789"}
ABSENT = object()


def shop(**settings: Any) -> Shop:
    """With a session that is open."""
    return Shop("https://shop.example", KEYS, settings=settings, memory={"session": "5e5510n"})


def recorded(name: str) -> Response:
    return Response(200, {"content-type": "text/xml", "date": DATE}, (FOLDER / name).read_bytes())


def read(name: str) -> bytes:
    """The document of a recorded answer."""
    return as_json(recorded(name))[0].body


def order(**changes: Any) -> dict[str, Any]:
    """The documented order with other values; ABSENT takes a field out."""
    document = {**json.loads(read("order.xml")), **changes}
    return {name: value for name, value in document.items() if value is not ABSENT}


def payload(**changes: Any) -> bytes:
    return json.dumps(order(**changes), ensure_ascii=False).encode()


def item(**changes: Any) -> dict[str, Any]:
    """The row of the lamp: one piece at 30, 6 tax."""
    return {**order()["items"][2], **changes}
