"""Answers that no JSON reader takes because of one part: the part is left out and marked, so that the rest can be read.

One order can hold what its shop prints and nobody can read: a value nested thousands deep, `NaN`, text in another
encoding. The order that holds a mark is refused by `left_out`, the others of its page are whole.
"""

from __future__ import annotations

import codecs
import re

from integrations.connectors.errors import PayloadError

# Levels of an answer; the documents of orders have about ten.
MAX_DEPTH = 64

MARK = b"[left out by Countinghouse: %s]"
_MARKED = re.compile(rb"\[left out by Countinghouse: ([A-Za-z0-9 -]{1,60})\]")
DEEP, NO_NUMBER, NO_TEXT = b"nested too deeply", b"a number that JSON does not have", b"text that is not UTF-8"
# For `bytes.decode`: marks text that is not UTF-8.
MARKING = "countinghouse.left_out"
# A string, a bracket, or one of the numbers that some languages print and JSON does not have.
_TOKEN = re.compile(rb'"[^"\\]*(?:\\.[^"\\]*)*"|[\[\]{}]|-?Infinity\b|\bNaN\b', re.DOTALL)
_NUMBERS = (b"NaN", b"Infinity", b"-Infinity")


def _unreadable(error: UnicodeError) -> tuple[str, int]:
    if not isinstance(error, UnicodeDecodeError):
        raise error
    return (MARK % NO_TEXT).decode(), error.end


codecs.register_error(MARKING, _unreadable)


def mended(body: bytes) -> bytes:
    """An answer with everything left out that keeps its JSON from being read; what is cut off stays cut off."""
    text = body.removeprefix(codecs.BOM_UTF8)
    try:
        text.decode()
    except UnicodeDecodeError:
        text = text.decode(errors=MARKING).encode()
    parts: list[bytes] = []
    depth = kept = 0
    for token in _TOKEN.finditer(text):
        mark = token[0]
        if mark in (b"[", b"{"):
            depth += 1
            if depth == MAX_DEPTH + 1:
                parts += [text[kept : token.start()], b'"%b"' % (MARK % DEEP)]
        elif mark in (b"]", b"}"):
            if depth == MAX_DEPTH + 1:
                kept = token.end()
            depth -= 1
        elif mark in _NUMBERS and depth <= MAX_DEPTH:
            parts += [text[kept : token.start()], b'"%b"' % (MARK % NO_NUMBER)]
            kept = token.end()
    return b"".join(parts) + (text[kept:] if depth <= MAX_DEPTH else b"")


def left_out(document: bytes) -> PayloadError | None:
    """Why an order from a mended answer cannot be taken; None for one that is whole."""
    found = _MARKED.search(document)
    if found is None:
        return None
    return PayloadError(
        "damaged",
        f"The shop sends this order with a part that cannot be read: {found[1].decode()}. A plugin writes it there as a"
        " rule. Once that is mended and the order saved again in the shop, it comes by itself.",
    )
