"""Rows of orders that are too large to be kept whole: of each only what is read stays. Other orders stay as they came.

A row has a hundred fields, and all that the buyer chose as a text of PHP's: some hundreds are more than is read.
"""

from __future__ import annotations

from typing import Any

import msgspec

from integrations.connectors.kit.json_documents import MAX_ORDER_SIZE
from integrations.connectors.magento1.shapes import RawItem

READ = {field.encode_name for field in msgspec.structs.fields(RawItem)}
# An object whose values stay as they are written.
Parts = dict[str, msgspec.Raw]
_PARTS, _LIST = msgspec.json.Decoder(Parts), msgspec.json.Decoder(list[Parts])


def without_the_unread(document: bytes) -> bytes:
    """Never raises."""
    if len(document) <= MAX_ORDER_SIZE:
        return document
    try:
        order: dict[str, Any] = dict(_PARTS.decode(document))
        rows = _LIST.decode(order["items"])
        order["items"] = [{name: part for name, part in row.items() if name in READ} for row in rows]
        return msgspec.json.encode(order)
    except (msgspec.DecodeError, KeyError, UnicodeDecodeError, RecursionError):
        return document
