"""Barcodes on paper: Code 128, as handheld scanners read it."""

from __future__ import annotations

from reportlab.graphics.barcode.code128 import Code128
from reportlab.lib.units import mm

# Widths of the narrowest bar: scanners of desks read from a fifth of a millimetre on.
WIDEST, NARROWEST = 0.38 * mm, 0.2 * mm
HIGH = 11 * mm
# Clear space at either side, in narrowest bars (ISO/IEC 15417).
QUIET = 10


def barcode(text: str, room: float, *, high: float = HIGH) -> Code128 | None:
    """The bars of a text no wider than `room` points; None where it is empty, not ASCII, or too long to be read."""
    if not text or not text.isascii() or not text.isprintable():
        return None
    modules = Code128(text, barWidth=1, quiet=False).width + QUIET
    bar = min(WIDEST, room / modules)
    if bar < NARROWEST:
        return None
    return Code128(text, barWidth=bar, barHeight=high, quiet=False, humanReadable=False)
