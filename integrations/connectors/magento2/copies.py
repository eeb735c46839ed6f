"""Copies of rows, left out of orders that are too large to be kept whole.

Magento writes every row twice, once in `shipping_assignments`, and in each child all of its parent: an order of some
hundred rows has more bytes than are read. Others stay as they came.
"""

from __future__ import annotations

from typing import Any

import msgspec

from integrations.connectors.kit.json_documents import MAX_ORDER_SIZE

# An object whose values stay as they are written.
Parts = dict[str, msgspec.Raw]
_PARTS, _LIST = msgspec.json.Decoder(Parts), msgspec.json.Decoder(list[Parts])


def without_copies(document: bytes) -> bytes:
    """The order, without copies and amounts in the base currency of rows where it is too large. Never raises."""
    if len(document) <= MAX_ORDER_SIZE:
        return document
    try:
        order: dict[str, Any] = dict(_PARTS.decode(document))
        order["items"] = [
            {name: part for name, part in row.items() if name != "parent_item" and not name.startswith("base_")}
            for row in _LIST.decode(order["items"])
        ]
        extras: dict[str, Any] = dict(_PARTS.decode(order.get("extension_attributes", b"{}")))
        extras["shipping_assignments"] = [
            {name: part for name, part in each.items() if name != "items"}
            for each in _LIST.decode(extras.get("shipping_assignments", b"[]"))
        ]
        order["extension_attributes"] = extras
        return msgspec.json.encode(order)
    except (msgspec.DecodeError, KeyError, UnicodeDecodeError, RecursionError):
        return document
