"""Naming an order without reading it whole: for payloads that are on record already, and for those that are refused."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import datetime
from typing import Any, TypeVar

import msgspec

from integrations.connectors.contract import Identity, Shop
from integrations.connectors.errors import PayloadError
from integrations.connectors.kit.json_documents import utf8, whole

T = TypeVar("T")


def identifying(
    brief: type[T],
    lost_id: bytes,
    *,
    external_id: Callable[[T], str],
    status: Callable[[T], str],
    modified_at: Callable[[T], datetime | None],
    number: Callable[[T], Any] | None = None,
    searched: int = 1000,
    within: str = "",
) -> Callable[[bytes, Shop], Identity]:
    """A `Connector.identify`, which never raises.

    `brief` is a msgspec struct with the few fields that are needed, each of type Any. `external_id` and `modified_at`
    may raise PayloadError, and TypeError or AttributeError for values of a wrong type: that part then stays empty.
    `number` may give anything; what is no text or number stands for the id. What cannot be decoded at all is searched
    for `lost_id`, a pattern whose first group is the id, within the first `searched` bytes. `within` is the field of
    the document that holds the order; "" where the document is the order.
    """
    document = msgspec.defstruct("Document", [(within, brief)]) if within else brief
    decoder, pattern = msgspec.json.Decoder[Any](document), re.compile(lost_id)

    def identify(payload: bytes, shop: Shop) -> Identity:
        try:
            read = decoder.decode(whole(utf8(payload)))
            read = getattr(read, within) if within else read
        except (ValueError, RecursionError):
            found = pattern.search(payload[:searched])
            return Identity(found[1].decode("utf-8", "replace") if found else "")
        return identified(read, external_id=external_id, status=status, modified_at=modified_at, number=number)

    return identify


def identified(
    brief: T,
    *,
    external_id: Callable[[T], str],
    status: Callable[[T], str],
    modified_at: Callable[[T], datetime | None],
    number: Callable[[T], Any] | None = None,
) -> Identity:
    """What a brief says of its order; see `identifying`."""
    known = _or_none(external_id, brief) or ""
    shown = number(brief) if number is not None else known
    if not isinstance(shown, str | int) or isinstance(shown, bool):
        shown = known
    return Identity(known, _printable(str(shown)), status(brief), _or_none(modified_at, brief))


def _or_none(read: Callable[[T], Any], brief: T) -> Any:
    try:
        return read(brief)
    except (PayloadError, TypeError, AttributeError):
        return None


def _printable(text: str) -> str:
    return (text if text.isprintable() else "".join(filter(str.isprintable, text)))[:100]
