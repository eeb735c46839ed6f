"""Paths into documents: `billing.vat`, `lines.0.sku`; after `$.` into the shop's own document of an order."""

from __future__ import annotations

import json
from collections.abc import Iterable
from typing import Any

from integrations.connectors.kit.json_documents import whole

ABSENT = object()
# How a path into the shop's own document begins.
DOCUMENT = "$."


def at(value: Any, path: str) -> Any:
    """The value at a dotted path, ABSENT where there is none; numbers count into lists from 0."""
    for part in path.split("."):
        if isinstance(value, dict):
            value = value.get(part, ABSENT)
        elif isinstance(value, list) and part.isdecimal() and len(part) < 6 and int(part) < len(value):
            value = value[int(part)]
        else:
            return ABSENT
    return value


def picked(payload: bytes, paths: Iterable[str]) -> dict[str, Any]:
    """What stands at these paths of an order's document; numbers are its texts, to the digit."""
    document = json.loads(whole(payload), parse_float=str, parse_int=str)
    found = ((path, at(document, path.removeprefix(DOCUMENT))) for path in paths)
    return {path: value for path, value in found if value is not ABSENT and value is not None}
