"""Orders of JSON platforms: decoded into their raw shape, or refused in plain words."""

from __future__ import annotations

import json
from typing import Any, TypeVar

import msgspec

from integrations.connectors.errors import PayloadError
from integrations.connectors.kit.json_documents import MAX_ORDER_SIZE, whole

T = TypeVar("T")


def decode(decoder: msgspec.json.Decoder[T], payload: bytes, notes: list[str]) -> T:
    """Raises PayloadError: too_large, wrong_type, not_json, too_deep."""
    if len(payload) > MAX_ORDER_SIZE:
        raise PayloadError("too_large", f"The order has {len(payload):,} bytes; at most {MAX_ORDER_SIZE:,} are read.")
    document = whole(payload)
    if document is not payload and document != payload:
        notes.append("Unreadable characters (NUL or half of a pair) were replaced.")
    try:
        return decoder.decode(document)
    except msgspec.ValidationError as error:
        reason, _, path = str(error).partition(" - at `")
        path = path.rstrip("`") or "$"
        raise PayloadError("wrong_type", f"The order's field {path} is not as documented: {reason}.", path) from None
    except (msgspec.DecodeError, UnicodeDecodeError):
        raise PayloadError("not_json", "The order is not valid JSON.") from None
    except RecursionError:
        raise PayloadError("too_deep", "The order is nested too deeply.") from None


def refuse_repeated_keys(payload: bytes) -> None:
    """The last of two equal JSON keys wins silently, which could swap an amount. Searched where the sum is off."""

    def once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
        if len(result := dict(pairs)) != len(pairs):
            raise PayloadError("duplicate_key", "The order holds a field twice, so its amounts cannot be trusted.")
        return result

    # Numbers stay text: Python refuses to read more than 4300 digits, which an unread field may well hold.
    json.loads(payload, object_pairs_hook=once, parse_int=str)
