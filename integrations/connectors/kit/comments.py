"""Comments on an order: lines of its status history, messages of its buyer."""

from __future__ import annotations

import re
from collections.abc import Iterable
from datetime import datetime

from integrations.connectors.kit.order_reading import OrderReading
from orders.intake.incoming import IncomingComment

LONGEST = 4000
# More of them is a fault of the shop, or a robot: the newest are kept.
MOST = 200
_BREAK = re.compile(r"<\s*(?:br|/p|/div|/li)\b[^<>]*>", re.IGNORECASE)
_TAG = re.compile(r"</?[a-z][^<>]*>", re.IGNORECASE)


def comment(
    reading: OrderReading, key: str, at: datetime, text: str | None, author: str | None = ""
) -> IncomingComment | None:
    """A comment as people read it, without the HTML that shops leave in; None where nothing is said."""
    plain = _TAG.sub("", _BREAK.sub("\n", text or ""))
    said = reading.name(plain, LONGEST, "A comment")
    if not said:
        return None
    return IncomingComment(key=key[:100], at=at, text=said, author=reading.name(author, 200, "The author of a comment"))


def comments(reading: OrderReading, found: Iterable[IncomingComment | None]) -> tuple[IncomingComment, ...]:
    """Those that say something, each key once, the oldest first; a note where there are too many."""
    by_key = {each.key: each for each in found if each is not None}
    kept = sorted(by_key.values(), key=lambda each: each.at)
    if len(kept) > MOST:
        reading.notes.append(f"Of {len(kept)} comments the newest {MOST} were taken in.")
    return tuple(kept[-MOST:])
