"""JSON documents of shops: cut into orders without re-encoding, refused where decoding them would be unsafe.

`ValueError`s here carry a sentence for staff; what they mean for the run is the caller's to say.
"""

from __future__ import annotations

import codecs
import re
from collections.abc import Callable
from typing import TypeVar

import msgspec

from integrations.connectors.kit.mending import MAX_DEPTH, mended

T = TypeVar("T")

# Bytes of one order; a real one has 3-20 thousand.
MAX_ORDER_SIZE = 1_000_000

_BRACKETS = bytes.maketrans(b"{}", b"[]")
_NOT_BRACKETS = bytes(set(range(256)) - set(b"[]{}"))
_STRING = re.compile(rb'"[^"\\]*(?:\\.[^"\\]*)*"', re.DOTALL)
_ESCAPE = re.compile(
    rb"\\u[dD][89abAB][0-9a-fA-F]{2}\\u[dD][c-fC-F][0-9a-fA-F]{2}|\\u(?:0000|[dD][89a-fA-F][0-9a-fA-F]{2})|\\."
)
_RAWS = msgspec.json.Decoder(list[msgspec.Raw])


def too_deep(document: bytes, limit: int = MAX_DEPTH) -> bool:
    """Whether the JSON is nested deeper than `limit`, for any bytes: pairs of brackets are taken out level by level."""
    return not (_nests(document, limit) or _nests(_STRING.sub(b"", document), limit))


def _nests(document: bytes, limit: int) -> bool:
    brackets = document.translate(_BRACKETS, _NOT_BRACKETS)
    for level in range(limit + 1):
        inner = brackets.replace(b"[]", b"")
        if inner == brackets:
            return level + brackets.count(b"[") <= limit  # what is left has no partner: a cut-off document, or a text
        brackets = inner
    return False


def repaired(document: bytes) -> bytes:
    """NUL and lone surrogates, which neither UTF-8 nor PostgreSQL can hold, become U+FFFD; the rest stays as it was."""

    def replace(match: re.Match[bytes]) -> bytes:
        found = match[0]
        return b"\\ufffd" if len(found) == 6 else found

    return _ESCAPE.sub(replace, document)


def whole(document: bytes) -> bytes:
    """`repaired`, which costs too much for documents that need no repair; those come back as they are."""
    if b"\\u" not in document:
        return document
    odd = b"\\u0000" in document or b"\\ud" in document or b"\\uD" in document
    return repaired(document) if odd else document


def utf8(body: bytes) -> bytes:
    """The document as UTF-8 without a byte order mark. ValueError for any other encoding; none is guessed."""
    if body.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        try:
            return body.decode("utf-16").encode()
        except UnicodeError:
            raise ValueError("The shop's answer is damaged UTF-16 text.") from None
    body = body.removeprefix(codecs.BOM_UTF8)
    try:
        body.decode("utf-8")
    except UnicodeDecodeError:
        raise ValueError("The shop's answer is not UTF-8 text.") from None
    return body


def lenient(shape: type[T]) -> Callable[[bytes], T]:
    """A reader that never raises: of what cannot be decoded it makes an empty `shape`, whose fields need defaults."""
    decoder = msgspec.json.Decoder(shape)

    def read(document: bytes) -> T:
        try:
            return decoder.decode(whole(document))
        except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
            return shape()

    return read


def split(body: bytes, most: int) -> tuple[bytes, ...]:
    """The elements of a JSON list, byte for byte but for what `repaired` and `mended` change where reading needs it."""
    try:
        parts = _elements(body)
    except ValueError as refused:
        try:
            parts = _elements(mended(body))
        except ValueError:
            raise refused from None
    if len(parts) > most:
        raise ValueError(f"The shop's answer holds {len(parts)} entries, more than {most}.")
    return tuple(bytes(part) for part in parts)


def _elements(body: bytes) -> list[msgspec.Raw]:
    body = utf8(body)
    start = body.lstrip()[:1]
    if start != b"[":
        raise ValueError(_what_it_is(body))
    if too_deep(body):
        raise ValueError("The shop's answer is nested too deeply to be a list of orders.")
    try:
        return _RAWS.decode(body)
    except msgspec.DecodeError:
        try:
            return _RAWS.decode(repaired(body))
        except msgspec.DecodeError:
            raise ValueError("The shop's answer is not valid JSON; it may have been cut off.") from None


def _what_it_is(body: bytes) -> str:
    """A sentence about an answer that is no JSON list, without quoting it: it may hold anything."""
    start = body.lstrip()[:2000]
    if not start:
        return "The shop answered with nothing where a list was expected."
    if start[:1] == b"{":
        return "The shop answered with a single object where a list was expected."
    if start[:1] != b"<":
        return "The shop's answer is not a JSON list."
    if re.match(rb"(?i)<!doctype html|<html", start):
        return "The shop answered with a web page (a login, maintenance or error page) where a list was expected."
    return (
        "The shop printed a PHP notice or other text before its answer. Ask whoever runs the shop to switch off the "
        "display of PHP errors or to repair the plugin that causes them."
    )
