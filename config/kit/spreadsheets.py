"""Cells that no spreadsheet takes for a formula."""

from __future__ import annotations

import re

FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n", "\0", "＝", "＋", "－", "＠")
# What a spreadsheet reads as a number; there is nothing to calculate.
NEGATIVE = re.compile(r"-[0-9]+(?:\.[0-9]+)?")


def plain(text: str) -> str:
    """The text, with an apostrophe before it where a spreadsheet would begin to calculate; -5.00 stays a number."""
    return f"'{text}" if text.startswith(FORMULA) and not NEGATIVE.fullmatch(text) else text
