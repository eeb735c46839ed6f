"""EANs and their kin, written so that two of them are the same when they mean the same article. Pure.

A UPC-A is an EAN-13 without its leading zero, and a GTIN-14 that begins with one is an EAN-13 with one more (GS1
General Specifications, 3.3.2). Check digits are not asked for: shops keep house numbers and slips in the same field,
and what counts is whether both sides say the same.
"""

from __future__ import annotations

import re

LONGEST = 50
_BETWEEN = re.compile(r"[\s-]+")


def canonical(text: str) -> str:
    """The number as it is kept and compared; "" for none, for zeros alone, and for what is too long to be one."""
    plain = _BETWEEN.sub("", text)
    if len(plain) > LONGEST or not plain.strip("0") or not plain.isprintable():
        return ""
    if plain.isascii() and plain.isdigit():
        if len(plain) == 12:
            return f"0{plain}"
        if len(plain) == 14 and plain.startswith("0"):
            return plain[1:]
    return plain
