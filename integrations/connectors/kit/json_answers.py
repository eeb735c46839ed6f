"""HTTP answers of shops: their JSON as data, as a list of documents, or as a known shape."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any, TypeVar

import msgspec

from integrations.connectors.errors import Failure, ShopError
from integrations.connectors.http import Response
from integrations.connectors.kit import values
from integrations.connectors.kit.json_documents import repaired, split, too_deep, utf8
from integrations.connectors.kit.mending import mended
from integrations.connectors.notifications import Notification

T = TypeVar("T")

# More documents in one list are not believed; no platform gives more than 250.
MOST_ENTRIES = 1000
_CODE = re.compile(r"[A-Za-z0-9_]{1,80}")


def decoded(response: Response | Notification) -> Any:
    """The JSON of any answer or notification, fit to be stored, or None."""
    try:
        return msgspec.json.decode(repaired(response.body.removeprefix(b"\xef\xbb\xbf")))
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return None


def decoded_object(response: Response | Notification) -> dict[str, Any]:
    """The JSON object of any answer or notification; empty for anything else. Never raises."""
    return part(decoded(response))


def decoded_list(response: Response) -> list[dict[str, Any]]:
    """The JSON objects in the list of a 200; empty for anything else."""
    return objects(decoded(response)) if response.status == 200 else []


def part(value: Any, name: str = "") -> dict[str, Any]:
    """`value`, or what it holds by `name`, where that is an object; else an empty one."""
    if name:
        value = value.get(name) if isinstance(value, dict) else None
    return value if isinstance(value, dict) else {}


def objects(value: Any) -> list[dict[str, Any]]:
    """The objects of a list; nothing for what is no list."""
    return [entry for entry in value if isinstance(entry, dict)] if isinstance(value, list) else []


def label(value: Any) -> str:
    """A name for people, at most 200 characters; "" for what is no text."""
    return values.label(value, 200) if isinstance(value, str) else ""


def code_named(*names: str) -> Callable[[Response], str]:
    """Reads the error code of an answer: the first of these fields that its object has, or "" for no plain code."""

    def code_of(response: Response) -> str:
        body = decoded_object(response)
        code = next((body[name] for name in names if body.get(name)), None)
        return code if isinstance(code, str) and _CODE.fullmatch(code) else ""

    return code_of


def entries(response: Response, refusal: Callable[[Response], ShopError]) -> tuple[bytes, ...]:
    """The documents of a JSON list, byte for byte. Raises `refusal` for any status but 200, NONSENSE for no list."""
    if response.status != 200:
        raise refusal(response)
    try:
        return split(response.body, MOST_ENTRIES)
    except ValueError as error:
        raise ShopError(Failure.NONSENSE, str(error), status=response.status) from None


def shaped(response: Response, decoder: msgspec.json.Decoder[T], otherwise: str) -> T:
    """The body in the shape of `decoder`. ShopError NONSENSE with the sentence `otherwise` for anything else.

    Parts of the shape that are `msgspec.Raw` stay as they came, but for what `repaired` and `mended` change where
    reading needs it.
    """
    try:
        try:
            return _in_shape(response.body, decoder)
        except (ValueError, RecursionError):
            return _in_shape(mended(response.body), decoder)
    except (ValueError, RecursionError):  # msgspec's and Unicode's errors are ValueErrors
        raise ShopError(Failure.NONSENSE, otherwise, status=response.status) from None


def _in_shape(body: bytes, decoder: msgspec.json.Decoder[T]) -> T:
    """Raises ValueError, RecursionError."""
    body = utf8(body)
    if too_deep(body):
        raise ValueError("too deep")
    try:
        return decoder.decode(body)
    except msgspec.DecodeError:
        return decoder.decode(repaired(body))


def listed(
    response: Response, decoder: msgspec.json.Decoder[T], refusal: Callable[[Response], ShopError], otherwise: str
) -> T:
    """A page of a list in the shape of `decoder`, a struct whose defaults say that nothing is there.

    Raises `refusal` for any status but 200, NONSENSE with the sentence `otherwise` for a body without the shape.
    """
    if response.status != 200:
        raise refusal(response)
    page = shaped(response, decoder, otherwise)
    if page == type(page)():
        raise ShopError(Failure.NONSENSE, otherwise, status=response.status)
    return page
