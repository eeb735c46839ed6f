"""Bodies of the partner API: read within limits, checked as they are parsed; DRF's parsers and its renderer."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any, TypeVar

import msgspec
from django.conf import settings
from rest_framework.parsers import BaseParser
from rest_framework.renderers import BaseRenderer
from rest_framework.request import Request

from config.kit.api.faults_in_words import of_text, of_value
from config.kit.api.problems import ApiError, bad_payload, unsupported_media_type

T = TypeVar("T")
# Levels of nesting in free values such as metadata.
DEEPEST = 20
# What msgspec says of a number with a point where an integer is wanted.
FRACTION = "got `float`"
JSON = "application/json"


def read(request: Request, limit: int) -> bytes:
    """The body as sent, chunked or with its length. Raises 411, 413 and 415 with the way out."""
    kind, _, parameters = request.headers.get("Content-Type", "").partition(";")
    charset = parameters.lower().replace('"', "").strip()
    if kind.strip().lower() != "application/json" or charset not in {"", "charset=utf-8"}:
        raise unsupported_media_type("Send the body as Content-Type: application/json, in UTF-8.")
    if request.headers.get("Content-Encoding", "identity").lower() != "identity":
        raise unsupported_media_type("Send the body as it is, without Content-Encoding.")
    if request.headers.get("Content-Length"):
        return _measured(request, limit)
    if not request.headers.get("Transfer-Encoding"):
        return b""
    if not request.META.get("wsgi.input_terminated"):
        details = "Send the body with Content-Length: this server cannot tell where it ends."
        raise ApiError(411, "length_required", "Length required", details)
    body: bytes = request.META["wsgi.input"].read(limit + 1)
    if len(body) > limit:
        raise _too_large(limit)
    return body


def _measured(request: Request, limit: int) -> bytes:
    try:
        length = int(request.headers["Content-Length"])
    except ValueError:
        length = 0
    if length > limit:
        raise _too_large(limit)
    body: bytes = request._request.read(length)
    if len(body) < length:
        raise bad_payload(f"The body has {len(body)} bytes, and Content-Length says {length}: send all of it.")
    return body


def _too_large(limit: int) -> ApiError:
    details = f"Payload content length greater than maximum allowed: {limit}"
    return ApiError(413, "payload_too_large", "Payload too large", details)


def decode(body: bytes, decoder: msgspec.json.Decoder[T]) -> T:
    """The body in its type. Raises 400 naming the property."""
    try:
        return parse(body, decoder)
    except msgspec.ValidationError as error:
        raise bad_payload(of_value(error, decoder.type)) from error
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise bad_payload(malformed(body, error)) from error


def parse(body: bytes, decoder: msgspec.json.Decoder[T]) -> T:
    """The body in its type; 100.0 is the integer 100, as JSON knows one kind of numbers. Raises msgspec's errors."""
    try:
        return decoder.decode(body)
    except msgspec.ValidationError as error:
        if FRACTION not in str(error):
            raise
        return decoder.decode(msgspec.json.encode(_whole(msgspec.json.decode(body))))


def converted(value: Any, kind: Any) -> Any:
    """Python values of JSON in a type, 100.0 as the integer 100. Raises msgspec's errors."""
    try:
        return msgspec.convert(value, kind)
    except msgspec.ValidationError as error:
        if FRACTION not in str(error):
            raise
        return msgspec.convert(_whole(value), kind)


def _whole(value: Any) -> Any:
    """With numbers such as 100.0 as integers; free values stay as they were sent."""
    if isinstance(value, float):
        return int(value) if value.is_integer() else value
    if isinstance(value, list):
        return [_whole(each) for each in value]
    if isinstance(value, dict):
        return {name: part if name == "metadata" else _whole(part) for name, part in value.items()}
    return value


def malformed(body: bytes, error: Exception) -> str:
    if isinstance(error, RecursionError):
        return f"The body is nested too deeply: at most {DEEPEST} levels."
    if isinstance(error, UnicodeDecodeError):
        return f"The body is not UTF-8 (byte {error.start})."
    return of_text(body, error) if isinstance(error, msgspec.DecodeError) else str(error)


def unstorable(value: Any, path: str = "", depth: int = 0) -> Iterator[str]:
    """What of a parsed body a database cannot keep: NUL characters and endless nesting, as sentences."""
    if isinstance(value, str):
        if "\x00" in value:
            yield f"Property {path} holds a NUL character: take it out"
    elif isinstance(value, dict | list):
        if depth > DEEPEST:
            yield f"Property {path[:200]} is nested deeper than {DEEPEST} levels: flatten it"
            return
        inner = value.items() if isinstance(value, dict) else enumerate(value)
        for name, part in inner:
            if isinstance(name, str) and "\x00" in name:
                yield f"Property {path} has a name with a NUL character: take it out"
            yield from unstorable(part, f"{path}[{name}]" if isinstance(value, list) else f"{path}.{name}", depth + 1)


def repeated_names(body: bytes) -> str:
    """A name given twice in one object of the body, or "": whoever reads JSON keeps one of the two, silently."""
    found: list[str] = []

    def pairs(items: list[tuple[str, Any]]) -> dict[str, Any]:
        names = [name for name, _ in items]
        if len(set(names)) < len(names):
            found.append(next(name for name in names if names.count(name) > 1))
        return {}

    json.loads(body, object_pairs_hook=pairs)
    return found[0] if found else ""


def decode_one(body: bytes, decoder: msgspec.json.Decoder[T]) -> T:
    """As `decode`, for a body that is one object: a name in it that is given twice is refused. Raises 400."""
    found = decode(body, decoder)
    repeated = repeated_names(body)
    if repeated:
        raise bad_payload(f"Property .{repeated[:100]} is given twice: give it once")
    return found


class UnparsedJsonParser(BaseParser):
    """JSON as the bytes that were sent, for serializers that read their type straight from them."""

    media_type = JSON

    def parse(self, stream: Any, media_type: str | None = None, parser_context: Any = None) -> Any:
        """Raises 411, 413 and 415."""
        return read(parser_context["request"], settings.API_BODY_LIMIT)


class JsonParser(UnparsedJsonParser):
    """JSON as Python values, for any serializer."""

    def parse(self, stream: Any, media_type: str | None = None, parser_context: Any = None) -> Any:
        """Raises 400, 411, 413 and 415."""
        body: bytes = super().parse(stream, media_type, parser_context)
        try:
            return msgspec.json.decode(body)
        except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
            raise bad_payload(malformed(body, error)) from error


class BodyRequest(Request):
    """A request whose body is always read by a parser.

    DRF takes a body without Content-Length, which is how a chunked one comes, for none at all.
    """

    def _load_stream(self) -> None:
        self._stream: Any = self._request


class JsonRenderer(BaseRenderer):
    media_type = JSON
    format = "json"
    charset = "utf-8"

    def render(self, data: Any, accepted_media_type: str | None = None, renderer_context: Any = None) -> bytes:
        return b"" if data is None else msgspec.json.encode(data)
