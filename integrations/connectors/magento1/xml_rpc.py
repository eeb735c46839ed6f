"""XML-RPC as Magento 1 speaks it (Zend_XmlRpc): calls are written, answers become JSON.

The text of the JSON is written while the XML is read, so nothing is lost in between: not a name that comes twice, nor
the digits of a number. XML is read by expat without a document type, and so without entities that grow or fetch
something. What XML or JSON cannot hold is replaced, or marked as `kit.mending` marks it.
"""

from __future__ import annotations

import re
from typing import Any
from xml.parsers import expat
from xmlrpc.client import dumps

import msgspec

from integrations.connectors.http import Response
from integrations.connectors.kit.json_documents import utf8
from integrations.connectors.kit.mending import DEEP, MARK, MARKING, MAX_DEPTH, NO_NUMBER

# What no XML may hold, as it is or by its number: controls, halves of pairs, U+FFFE and U+FFFF.
_FORBIDDEN = re.compile(
    rb"[\x00-\x08\x0b\x0c\x0e-\x1f]|\xef\xbf[\xbe\xbf]"
    rb"|&#(?:0*(?:[0-8]|1[124-9]|2[0-9]|3[01])|[xX]0*(?:[0-8bcefBCEF]|1[0-9a-fA-F]|[dD][89a-fA-F]..|[fF]{3}[eEfF]));"
)
_NUMBER = re.compile(r"-?(?:0|[1-9][0-9]*)(?:\.[0-9]+)?(?:[eE][+-]?[0-9]+)?", re.ASCII)
_NO_NUMBER = re.compile(r"[+-]?(?:nan|inf|infinity)", re.ASCII | re.IGNORECASE)
_BRACKETS = {"array": ("[", "]"), "struct": ("{", "}")}
_FRAME = {"methodResponse", "params", "param", "fault", "data", "member"}


class NotXmlRpc(ValueError):
    """What came is no answer of XML-RPC."""


def call(method: str, *arguments: Any) -> bytes:
    """The body that calls `method`."""
    return dumps(arguments, method, encoding="utf-8").encode(errors="replace")


def as_json(response: Response) -> tuple[Response, bool]:
    """The answer with its value, as JSON, for its body; and whether that is a fault. Raises NotXmlRpc."""
    writer = _Writer()
    parser = expat.ParserCreate("utf-8")
    parser.buffer_text = True
    parser.StartDoctypeDeclHandler = _refuse_doctype
    parser.StartElementHandler, parser.EndElementHandler = writer.start, writer.end
    parser.CharacterDataHandler = writer.text.append
    try:
        parser.Parse(_FORBIDDEN.sub("\ufffd".encode(), _utf8(response.body)), True)
        written = "".join(writer.parts).encode()
        msgspec.json.decode(written, type=msgspec.Raw)
    except (expat.ExpatError, IndexError, ValueError) as error:  # msgspec's errors are ValueErrors
        raise NotXmlRpc("no answer of XML-RPC") from error
    return Response(response.status, response.headers, written), writer.is_fault


def _refuse_doctype(*_: Any) -> None:
    raise NotXmlRpc("a document type")


def _utf8(body: bytes) -> bytes:
    """What is in another encoding is marked where it stands."""
    try:
        return utf8(body)
    except ValueError:
        return body.decode(errors=MARKING).encode()


class _Writer:
    """Writes JSON while it is told of tags. What is out of place makes no JSON, which is found out at the end."""

    def __init__(self) -> None:
        self.parts: list[str] = []
        # Since the last tag.
        self.text: list[str] = []
        self.is_fault = False
        self._open: list[str] = []
        # How many parts each open array and struct has.
        self._counts: list[int] = []
        # Whether the open value has something in it; one without a type is a text.
        self._filled = False

    def start(self, tag: str, _: dict[str, str]) -> None:
        self.text.clear()
        if not self._open and tag != "methodResponse":
            raise NotXmlRpc(tag)
        if tag == "fault":
            self.is_fault = True
        elif tag == "value":
            self._filled = False
            if self._open[-1] == "data":
                self._separate()
        elif tag in _BRACKETS:
            self._write(_BRACKETS[tag][0] if len(self._counts) < MAX_DEPTH else _text((MARK % DEEP).decode()))
            self._counts.append(0)
        self._open.append(tag)

    def end(self, tag: str) -> None:
        text = "".join(self.text)
        self.text.clear()
        self._open.pop()
        if tag in _FRAME:
            return
        if tag == "name":
            self._separate()
            self._write(f"{_text(text)}:")
            return
        if tag in _BRACKETS:
            self._counts.pop()
            if len(self._counts) < MAX_DEPTH:
                self._write(_BRACKETS[tag][1])
        elif tag != "value":
            self._write(_scalar(tag.rpartition(":")[2], text))
        elif not self._filled:
            self._write(_text(text))
        self._filled = True

    def _separate(self) -> None:
        if self._counts[-1]:
            self._write(",")
        self._counts[-1] += 1

    def _write(self, part: str) -> None:
        """But for what is nested too deeply."""
        if len(self._counts) <= MAX_DEPTH:
            self.parts.append(part)


def _text(text: str) -> str:
    return msgspec.json.encode(text).decode()


def _scalar(kind: str, text: str) -> str:
    """PHP writes a null as `nil`, a truth value as 0 or 1, and what is no number as NAN or INF."""
    if kind == "nil":
        return "null"
    if kind == "boolean":
        return "true" if text.strip() == "1" else "false"
    if kind in {"int", "i4", "i8", "double"}:
        if _NUMBER.fullmatch(text.strip()):
            return text.strip()
        if _NO_NUMBER.fullmatch(text.strip()):
            return _text((MARK % NO_NUMBER).decode())
    return _text(text)
