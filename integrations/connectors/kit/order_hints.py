"""What a notification says, as a hint."""

from __future__ import annotations

from typing import Any

from integrations.connectors.notifications import Hint


def topic_of(value: Any) -> str:
    """The topic as it is kept: at most 100 characters; "" for what is no text."""
    return value[:100] if isinstance(value, str) else ""


def numbered(topic: str, order_id: Any) -> Hint:
    """A hint at the order with this number; at none for what is no positive 64-bit integer."""
    return Hint((str(order_id),) if type(order_id) is int and 0 < order_id < 2**63 else (), topic)
