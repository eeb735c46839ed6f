"""Webhooks of BigCommerce: thin bodies that name an order, signed by the Standard Webhooks scheme.

`webhook-signature` holds one or several `v1,<base64>` divided by spaces, each an HMAC-SHA256 of
`{webhook-id}.{webhook-timestamp}.{raw body}` keyed with the bytes of the API account's client secret. Every webhook we
register carries a secret header of our own beside; where it is there, it must be right, too.
"""

from __future__ import annotations

import hmac
import re
from collections.abc import Container
from datetime import datetime, timedelta
from typing import Any

from integrations.connectors.bigcommerce.requests import HEADERS, address, all_data, auth, refusal
from integrations.connectors.contract import Shop
from integrations.connectors.errors import Failure, ShopError
from integrations.connectors.http import Operation
from integrations.connectors.kit.json_answers import decoded_object, part
from integrations.connectors.kit.signatures import hmac_sha256, is_base64_of, is_recent, numbered, topic_of
from integrations.connectors.kit.webhook_registrations import Registered, register_each, writing, written
from integrations.connectors.notifications import Hint, Notification, RemoteWebhook

# All events of orders: created, updated, archived, statusUpdated, refund/created and others.
SCOPES = ("store/order/*",)
REPLAY = timedelta(minutes=5)
MOST_SIGNATURES = 5
MOST_PAGES = 10
OUR_HEADER = "x-countinghouse-webhook"
TIMESTAMP = re.compile(r"[0-9]{1,12}", re.ASCII)


def is_signed(shop: Shop, secret: str, notification: Notification, now: datetime) -> bool:
    """False without a client secret, for a time more than five minutes off, and for anything odd."""
    client_secret = shop.credentials.get("client_secret", "").strip()
    headers = notification.headers
    identifier, timestamp = headers.get("webhook-id", ""), headers.get("webhook-timestamp", "")
    if not client_secret or not identifier or TIMESTAMP.fullmatch(timestamp) is None:
        return False
    own = headers.get(OUR_HEADER, "")
    if own and not hmac.compare_digest(own.encode("utf-8", "replace"), secret.encode()):
        return False
    signed = f"{identifier}.{timestamp}.".encode("utf-8", "replace") + notification.body
    expected = hmac_sha256(client_secret, signed)
    given = headers.get("webhook-signature", "").split(" ")[:MOST_SIGNATURES]
    matches = any(is_base64_of(text[3:], expected) for text in given if text.startswith("v1,"))
    return matches and is_recent(int(timestamp), now, REPLAY)


def read(notification: Notification) -> Hint:
    """The data of an order has its `id`; that of a refund or a message names it as `order_id` or `orderId`."""
    body = decoded_object(notification)
    topic, data = topic_of(body.get("scope")), part(body, "data")
    if not topic.startswith("store/order/"):
        return Hint(topic=topic)
    is_order = data.get("type") in ("order", None)
    return numbered(topic, data.get("id") if is_order else data.get("order_id", data.get("orderId")))


def webhooks(shop: Shop) -> Registered:
    listed = yield from all_data(shop, "v3/hooks", MOST_PAGES)
    return tuple(_webhook(entry) for entry in listed)


def register(shop: Shop, address_: str, secret: str, only: Container[str] | None = None) -> Registered:
    """One webhook for all events of orders; one of this address that BigCommerce has switched off is switched on."""

    def write(scope: str, known: RemoteWebhook | None) -> Operation[RemoteWebhook]:
        wanted = {"scope": scope, "destination": address_, "is_active": True, "headers": {OUR_HEADER: secret}}
        response = yield writing(address(shop, "v3/hooks"), known, wanted, auth(shop), **HEADERS)
        if response.status == 422:
            raise ShopError(
                Failure.ADDRESS,
                "BigCommerce refuses the address for webhooks: it must be https on port 443 and publicly reachable.",
                status=422,
            )
        return _webhook(written(response, refusal, "data"))

    return (yield from register_each(webhooks(shop), address_, SCOPES, write, only))


def _webhook(entry: dict[str, Any]) -> RemoteWebhook:
    return RemoteWebhook(
        str(entry.get("id", "")), str(entry.get("scope", "")), str(entry.get("destination", "")),
        entry.get("is_active") is True,
    )  # fmt: skip
