"""Numbers with their nouns, for sentences that are kept as they are written."""

from __future__ import annotations


def counted(number: int, one: str, many: str = "") -> str:
    """1 unit, 2 units, 1,000 units; `many` where an s does not do."""
    return f"{number:,} {one if number == 1 else many or one + 's'}"


def are(number: int) -> str:
    return "is" if number == 1 else "are"
