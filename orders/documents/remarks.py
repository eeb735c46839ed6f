"""What a packing slip says beside its goods: the buyer's note, and metadata that the letterhead chose."""

from __future__ import annotations

from typing import Any

from orders.intake.incoming import IncomingOrder
from orders.models import Letterhead, Order

NOTE = "Note of the buyer"
# Characters of one remark.
LONGEST = 1000


def chosen_keys(text: str) -> list[str]:
    """The names of metadata as typed: one a line, each once."""
    return list(dict.fromkeys(filter(None, (line.strip() for line in text.splitlines()))))


def remarks_of(order: IncomingOrder | Order, letterhead: Letterhead) -> list[list[str]]:
    """[[label, text]] of an order; what it does not have is left out."""
    metadata: dict[str, Any] = order.metadata or {}
    found = [[NOTE, order.note]]
    found += [[key, _text(metadata[key])] for key in chosen_keys(letterhead.slip_keys) if key in metadata]
    return [[label[:100], text.strip()[:LONGEST]] for label, text in found if text.strip()]


def _text(value: Any) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, list):
        return ", ".join(filter(None, map(_text, value)))
    if isinstance(value, dict):
        return ", ".join(f"{name}: {_text(part)}" for name, part in value.items())
    return "" if value is None else str(value)
