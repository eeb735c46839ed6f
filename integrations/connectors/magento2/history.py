"""What was said in the status history of an order."""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import UTC, datetime
from hashlib import sha256
from typing import Any

from integrations.connectors.kit import stamps, values
from integrations.connectors.kit.comments import comment, comments
from integrations.connectors.kit.order_reading import OrderReading
from integrations.connectors.magento2.shapes import RawHistory
from orders.intake.incoming import IncomingComment

STAMP = re.compile(r"\d{4}-\d\d-\d\d [0-2]\d:[0-5]\d:[0-5]\d", re.ASCII)


def moment(value: Any, field: str) -> datetime | None:
    """`2026-11-01 10:00:00`, which is UTC. Raises PayloadError."""
    if not value:
        return None
    try:
        if not isinstance(value, str) or STAMP.fullmatch(value) is None:
            raise ValueError(value)
        return stamps.in_range(datetime.fromisoformat(value).replace(tzinfo=UTC), field)
    except ValueError:
        raise stamps.bad_date(value, field) from None


def said(entries: Sequence[RawHistory] | None, reading: OrderReading) -> tuple[IncomingComment, ...]:
    """Comments, with the status where one was set along with them. Entries without a text tell no more than that."""
    found, before = [], None
    for entry in sorted(entries or (), key=lambda each: each.created_at or ""):
        is_set, before = entry.status not in (None, before), entry.status
        at = reading.optional(moment, entry.created_at, "created_at of a comment")
        if at is None or comment(reading, "", at, entry.comment) is None:
            continue
        text = entry.comment or ""
        # Magento 1 tells no ids.
        key = values.reference(entry.entity_id) or f"{entry.created_at} {sha256(text.encode()).hexdigest()[:16]}"
        found.append(comment(reading, key, at, f"{text}\nStatus: {entry.status}" if is_set else text))
    return comments(reading, found)
