"""What endpoints are sent, and how they know that it is from us.

The body is that of Voucherify's webhooks v2024-01-01. Two headers sign it with the endpoint's secret:

- `x-voucherify-signature`: hex HMAC-SHA256 of the body, as published.
- `x-countinghouse-signature`: `t=<Unix time of the try>,v1=<hex HMAC-SHA256 of "t.body">`. A receiver that also looks
  at the age of `t`, e.g. five minutes at most, cannot be told an old event again by somebody who has overheard it.

Sources: their pages "Introduction to webhooks" and "Migration guide"; `verifySignature` of their SDKs signs what
`JSON.stringify` makes of the parsed body, which is why it is written as that would write it.
"""

from __future__ import annotations

import hashlib
import hmac
import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from config.kit.public_ids import PublicIds
from config.kit.times import iso
from integrations.models import WebhookEndpoint
from orders.models import Customer, Order

# Names up to this number come first in JavaScript's objects.
LARGEST_INDEX = 2**32 - 2


@dataclass(frozen=True)
class Event:
    """What happened. `id` and `subject` are published ids."""

    id: str
    type: str
    at: datetime
    subject: str
    data: Mapping[str, Any]
    channel: str = "INTERNAL"
    """API: of a partner's order; INTERNAL: of a shop's."""


def order_data(ids: PublicIds, order: Order, published: Mapping[str, Any]) -> dict[str, Any]:
    """The data of an order's event; `order` in it is what GET /v1/orders/{id} answers."""
    return {
        "customer": person(ids, order.customer),
        "referrer": person(ids, order.referrer),
        "order": published,
        "redemption": None,
    }


def person(ids: PublicIds, customer: Customer | None) -> dict[str, Any] | None:
    """A customer as events show them."""
    if customer is None:
        return None
    return {
        "id": ids.give("cust", customer.pk),
        "name": customer.name or None,
        "email": customer.email or None,
        "source_id": customer.source_id or None,
        "metadata": customer.metadata,
        "object": "customer",
    }


def body(ids: PublicIds, endpoint: WebhookEndpoint, delivery_id: int, event: Event, at: datetime) -> bytes:
    """The bytes of a delivery, the same at every try."""
    return compact(
        {
            "id": ids.give("del", delivery_id),
            "project_id": ids.give("proj", endpoint.project_id),
            "created_at": iso(at),
            "type": event.type,
            "data": event.data,
            "source": {"id": ids.give("wh", endpoint.pk), "object": "webhook", "target_url": endpoint.url},
            "event": {
                "id": event.id,
                "type": event.type,
                "created_at": iso(event.at),
                "entity_id": event.subject or None,
                "group_id": None,
                "event_source": {"channel": event.channel},
            },
        }
    )


def compact(value: Any) -> bytes:
    """JSON without spaces, as JavaScript writes what it has read; floats with an exponent excepted."""
    return json.dumps(_as_javascript(value), ensure_ascii=False, separators=(",", ":")).encode()


def _as_javascript(value: Any) -> Any:
    """Whole floats without a point, and names that are array indices first."""
    if isinstance(value, Mapping):
        numbers = sorted(filter(_is_index, value), key=int)
        names = [*numbers, *(name for name in value if not _is_index(name))]
        return {name: _as_javascript(value[name]) for name in names}
    if isinstance(value, list | tuple):
        return [_as_javascript(part) for part in value]
    if isinstance(value, float) and value.is_integer() and abs(value) < 1e21:
        return int(value)
    return value


def _is_index(name: str) -> bool:
    return name.isascii() and name.isdecimal() and str(int(name)) == name and int(name) <= LARGEST_INDEX


def signed_headers(secret: str, body: bytes, at: datetime) -> dict[str, str]:
    """The headers of a try at this time."""
    stamp = str(int(at.timestamp()))
    return {
        "x-voucherify-signature": signature(secret, body),
        "x-countinghouse-signature": f"t={stamp},v1={signature(secret, stamp.encode() + b'.' + body)}",
    }


def signature(secret: str, message: bytes) -> str:
    """Hex HMAC-SHA256. An empty secret signs nothing that anybody should believe."""
    if not secret:
        raise ValueError("there is no secret to sign with")
    return hmac.new(secret.encode(), message, hashlib.sha256).hexdigest()
