"""Cells that no spreadsheet takes for a formula."""

from __future__ import annotations

FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n", "\0", "＝", "＋", "－", "＠")


def plain(text: str) -> str:
    """The text, with an apostrophe before it where a spreadsheet would begin to calculate."""
    return f"'{text}" if text.startswith(FORMULA) else text
