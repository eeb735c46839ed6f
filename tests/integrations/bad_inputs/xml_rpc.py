"""Answers of XML-RPC as JSON and back, so that one table of bad JSON serves a platform that speaks XML.

Pieces of JSON that are none, endless, too deep or in another encoding become such pieces of XML.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from xml.parsers.expat import ExpatError
from xml.sax.saxutils import escape
from xmlrpc.client import Error, loads

TOKEN = re.compile(rb'"((?:[^"\\]|\\.)*)"|[\[\]{},:]|[^\s\[\]{},:"]+', re.DOTALL)
OPENS = {b"[": b"<value><array><data>", b"{": b"<value><struct>"}
CLOSES = {b"]": b"</data></array></value>", b"}": b"</struct></value>"}
SCALARS = {
    b"null": b"<nil/>", b"true": b"<boolean>1</boolean>", b"false": b"<boolean>0</boolean>",
    b"NaN": b"<double>NAN</double>", b"Infinity": b"<double>INF</double>", b"-Infinity": b"<double>-INF</double>",
}  # fmt: skip


def json_of(body: bytes) -> bytes:
    """The value of an answer, b"" for a fault and for what is none."""
    try:
        return json.dumps(loads(body)[0][0], separators=(",", ":")).encode()
    except (ExpatError, Error, ValueError):
        return b""


def spoiled_answer(page: bytes, spoil: Callable[[bytes], bytes]) -> bytes:
    """The answer with these values, spoiled: within them, where they still are a list then, else as a whole."""
    spoiled = spoil(page)
    is_list = spoiled.startswith(b"[{") and spoiled.endswith(b"]")
    return xml_of(spoiled) if is_list else spoil(xml_of(page))


def xml_of(page: bytes) -> bytes:
    parts = [b'<?xml version="1.0" encoding="UTF-8"?>\n<methodResponse><params><param>']
    above: list[bytes] = []
    is_name = False
    for token in TOKEN.finditer(page):
        mark = token[0]
        if mark in OPENS:
            parts.append(OPENS[mark])
            above.append(mark)
            is_name = mark == b"{"
            continue
        if mark in b",:":
            is_name = mark == b"," and above[-1:] == [b"{"]
            continue
        if is_name and mark not in CLOSES:
            parts.append(b"<member><name>" + _text(token[1]) + b"</name>")
            continue
        if mark in CLOSES:
            above.pop()
            is_name = False
            parts.append(CLOSES[mark])
        elif token[1] is not None:
            parts.append(b"<value><string>" + _text(token[1]) + b"</string></value>")
        else:
            kind = b"double" if b"." in mark or b"e" in mark else b"int"
            parts.append(b"<value>" + SCALARS.get(mark, b"<%b>%b</%b>" % (kind, mark, kind)) + b"</value>")
        if above[-1:] == [b"{"]:
            parts.append(b"</member>")
    return b"".join(parts) + b"</param></params></methodResponse>"


def _text(written: bytes) -> bytes:
    """Halves of pairs, and bytes that are no UTF-8, stay what they are."""
    text = escape(json.loads(f'"{written.decode(errors="surrogateescape")}"', strict=False))
    try:
        return text.encode()
    except UnicodeEncodeError:
        how = {True: "surrogateescape", False: "surrogatepass"}
        return b"".join(each.encode(errors=how["\udc80" <= each <= "\udcff"]) for each in text)
