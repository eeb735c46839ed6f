"""Orders of JSON platforms: decoded into their raw shape, or refused in plain words."""

from __future__ import annotations

import json
import re
from datetime import UTC, datetime, timedelta, timezone
from typing import Any, TypeVar

import msgspec

from integrations.connectors.errors import PayloadError
from integrations.connectors.kit import values
from integrations.connectors.kit.json_documents import MAX_ORDER_SIZE, repaired

T = TypeVar("T")

INSTANT = re.compile(
    r"([0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2})(?:\.[0-9]{1,9})?(?:Z|([+-])([0-9]{2}):?([0-9]{2}))"
)


def decode(decoder: msgspec.json.Decoder[T], payload: bytes, notes: list[str]) -> T:
    """Raises PayloadError: too_large, wrong_type, not_json, too_deep."""
    if len(payload) > MAX_ORDER_SIZE:
        raise PayloadError("too_large", f"The order has {len(payload):,} bytes; at most {MAX_ORDER_SIZE:,} are read.")
    if b"\\u0000" in payload or b"\\ud" in payload or b"\\uD" in payload:
        whole = repaired(payload)
        if whole != payload:
            notes.append("Unreadable characters (NUL or half of a pair) were replaced.")
            payload = whole
    try:
        return decoder.decode(payload)
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


def instant(value: Any, field: str) -> datetime:
    """An ISO 8601 stamp with a zone (`...Z`, `+0000`, `+00:00`) as UTC, whole seconds. Raises PayloadError."""
    match = INSTANT.fullmatch(value) if isinstance(value, str) else None
    if match is not None:
        stamp, sign, hours, minutes = match.groups()
        try:
            zone = (
                timezone(timedelta(hours=int(hours), minutes=int(minutes)) * (-1 if sign == "-" else 1))
                if sign
                else UTC
            )
            return values.in_range(datetime.fromisoformat(stamp).replace(tzinfo=zone).astimezone(UTC), field)
        except (ValueError, OverflowError):
            pass
    raise PayloadError(
        "bad_date", f"The date {str(value)[:40]!r} in {field} is not a date and time with a zone.", field
    )


def optional_instant(value: Any, field: str, notes: list[str]) -> datetime | None:
    """None with a note for a stamp that cannot be read."""
    if not value:
        return None
    try:
        return instant(value, field)
    except PayloadError as error:
        notes.append(f"{error.message} It was left out.")
        return None
