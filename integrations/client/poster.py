"""Post a body to a receiver, once, and say what it answered."""

from __future__ import annotations

from collections.abc import Mapping, Set
from dataclasses import dataclass
from time import monotonic

from django.conf import settings

from integrations.client.exchange import Exchange
from integrations.client.limits import Limits
from integrations.connectors.errors import ShopError
from integrations.connectors.http import Request

LIMITS = Limits(connect=5.0, read=10.0, total=10.0, size=2048)


@dataclass(frozen=True)
class Posted:
    """What came of it."""

    status: int | None
    """None: there was no answer, and `text` says why."""
    seconds: float
    text: str
    """How the answer begins, as it was sent: to be shown with care."""


def post(
    url: str, body: bytes, headers: Mapping[str, str], *, allowed: Set[str] | None = None, limits: Limits = LIMITS
) -> Posted:
    """One POST of JSON to an address, under the rule of `integrations.client.addresses`. Redirects are not followed.

    Nothing is tried again here, and no answer is an error.
    """
    exchange = Exchange(settings.ALLOWED_SHOP_ADDRESSES if allowed is None else allowed, limits, "receiver")
    started = monotonic()
    try:
        answer = exchange.beginning(Request("POST", url, headers={"Accept-Encoding": "identity", **headers}, body=body))
    except ShopError as error:
        return Posted(None, monotonic() - started, str(error))
    finally:
        exchange.close()
    return Posted(answer.status, monotonic() - started, answer.body.decode(errors="replace"))
