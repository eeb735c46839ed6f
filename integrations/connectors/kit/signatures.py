"""Notifications: signatures over raw bytes, in constant time, and what they say of an order."""

from __future__ import annotations

import base64
import hmac
from datetime import datetime, timedelta
from typing import Any

from integrations.connectors.notifications import Hint

# How far a platform's clock may be ahead of ours.
AHEAD = timedelta(minutes=5)


def is_recent(sent: float, now: datetime, repeated_for: timedelta) -> bool:
    """Whether a notification of that time (seconds since 1970) may come now: failed ones are repeated for a time."""
    return -AHEAD.total_seconds() <= now.timestamp() - sent <= repeated_for.total_seconds()


def hmac_sha256(secret: str, body: bytes) -> bytes:
    return hmac.digest(secret.encode(), body, "sha256")


def is_base64_of(text: str, expected: bytes) -> bool:
    """Whether a header's text is the base64 of `expected`. Never raises; False for an empty or non-ASCII text."""
    # compare_digest raises on text that is not ASCII, so bytes are compared.
    return bool(text) and hmac.compare_digest(text.strip().encode("utf-8", "replace"), base64.b64encode(expected))


def from_base64(text: str) -> bytes:
    """The bytes of a header's text; none for an odd one. Never raises."""
    try:
        return base64.b64decode(text, validate=True)
    except ValueError:  # binascii's errors are ValueErrors, as is what is not ASCII
        return b""


def topic_of(value: Any) -> str:
    """The topic as it is kept: at most 100 characters; "" for what is no text."""
    return value[:100] if isinstance(value, str) else ""


def numbered(topic: str, order_id: Any) -> Hint:
    """A hint at the order with this number; at none for what is no positive 64-bit integer."""
    return Hint((str(order_id),) if type(order_id) is int and 0 < order_id < 2**63 else (), topic)
