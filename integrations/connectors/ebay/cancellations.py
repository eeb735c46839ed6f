"""Why a cancellation was asked for: only `GET order/{orderId}` says it, lists leave `cancelRequests` empty."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from msgspec import Struct

from integrations.connectors.contract import Shop
from integrations.connectors.ebay.requests import FULFILLMENT, ask
from integrations.connectors.ebay.status import NOT_CANCELLED
from integrations.connectors.http import Operation
from integrations.connectors.kit.json_answers import part
from integrations.connectors.kit.json_documents import lenient
from integrations.connectors.listings import Touched

# What a document says that tells the reason.
MENTION = '"cancelReason"'


class _Brief(Struct):
    orderId: Any = None
    cancelStatus: Any = None


_brief = lenient(_Brief)


def unexplained(document: bytes) -> str:
    """The id of an order that was cancelled, or is to be, without saying why; else ""."""
    order = _brief(document)
    about = part(order.cancelStatus)
    state = str(about.get("cancelState") or "")
    return str(order.orderId or "") if state not in NOT_CANCELLED and not about.get("cancelRequests") else ""


def touched(documents: Iterable[bytes]) -> tuple[Touched, ...]:
    """The orders of a page to be read again by their ids, where they are in the book."""
    return tuple(Touched(order, MENTION) for document in documents if (order := unexplained(document)))


def explained(shop: Shop, documents: Iterable[bytes]) -> Operation[tuple[bytes, ...]]:
    """The documents, those of cancelled orders with their reasons where eBay gives them: a request for each."""
    found = []
    for document in documents:
        order = unexplained(document)
        response = (yield from ask(shop, f"{FULFILLMENT}/order/{order}")) if order else None
        told = response is not None and response.status == 200 and _brief(response.body).orderId == order
        found.append(response.body if response is not None and told else document)
    return tuple(found)
