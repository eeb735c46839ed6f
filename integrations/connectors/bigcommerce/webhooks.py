"""Webhooks of BigCommerce: thin bodies that name an order, signed by the Standard Webhooks scheme.

`webhook-signature` holds one or several `v1,<base64>` divided by spaces, each an HMAC-SHA256 of
`{webhook-id}.{webhook-timestamp}.{raw body}` keyed with the bytes of the API account's client secret. Every webhook we
register carries a secret header of our own beside; where it is there, it must be right, too.
"""

from __future__ import annotations

import hmac
import re
from datetime import datetime, timedelta
from typing import Any

import msgspec

from integrations.connectors.bigcommerce.requests import HEADERS, address, auth, data_of, decoded, get, refusal
from integrations.connectors.contract import Shop
from integrations.connectors.errors import Failure, ShopError
from integrations.connectors.http import Operation, Request
from integrations.connectors.kit.signatures import hmac_sha256, is_base64_of, object_in
from integrations.connectors.notifications import Hint, Notification, RemoteWebhook

SCOPES = ("store/order/*",)
"""All events of orders: created, updated, archived, statusUpdated, refund/created and others."""
REPLAY = timedelta(minutes=5)
MOST_SIGNATURES = 5
OUR_HEADER = "x-countinghouse-webhook"
TIMESTAMP = re.compile(r"[0-9]{1,12}", re.ASCII)


def is_signed(shop: Shop, secret: str, notification: Notification, now: datetime) -> bool:
    """False without a client secret, for a time more than five minutes off, and for anything odd."""
    client_secret = shop.credentials.get("client_secret", "").strip()
    headers = notification.headers
    identifier, timestamp = headers.get("webhook-id", ""), headers.get("webhook-timestamp", "")
    if not client_secret or not identifier or TIMESTAMP.fullmatch(timestamp) is None:
        return False
    if abs(now.timestamp() - int(timestamp)) > REPLAY.total_seconds():
        return False
    own = headers.get(OUR_HEADER, "")
    if own and not hmac.compare_digest(own.encode("utf-8", "replace"), secret.encode()):
        return False
    signed = f"{identifier}.{timestamp}.".encode("utf-8", "replace") + notification.body
    expected = hmac_sha256(client_secret, signed)
    given = headers.get("webhook-signature", "").split(" ")[:MOST_SIGNATURES]
    return any(is_base64_of(text[3:], expected) for text in given if text.startswith("v1,"))


def read(notification: Notification) -> Hint:
    body = object_in(notification)
    scope, data = body.get("scope"), body.get("data")
    topic = scope[:100] if isinstance(scope, str) else ""
    if not topic.startswith("store/order/") or not isinstance(data, dict) or data.get("type") not in ("order", None):
        # A refund's and a message's data names the order elsewhere.
        order_id = data.get("order_id", data.get("orderId")) if isinstance(data, dict) else None
    else:
        order_id = data.get("id")
    if not topic.startswith("store/order/") or type(order_id) is not int or not 0 < order_id < 2**63:
        return Hint(topic=topic)
    return Hint((str(order_id),), topic)


def webhooks(shop: Shop) -> Operation[tuple[RemoteWebhook, ...]]:
    found: list[RemoteWebhook] = []
    for page in range(1, 11):
        response = yield get(shop, "v3/hooks", limit="250", page=str(page))
        if response.status == 404:
            break
        listed, _, more = data_of(response)
        found += [_webhook(entry) for entry in listed]
        if not more:
            break
    return tuple(found)


def register(shop: Shop, address_: str, secret: str) -> Operation[tuple[RemoteWebhook, ...]]:
    """One webhook for all events of orders; one of this address that BigCommerce has switched off is switched on."""
    there = yield from webhooks(shop)
    ours = {webhook.topic: webhook for webhook in there if webhook.address == address_}
    registered = []
    for scope in SCOPES:
        known = ours.get(scope)
        wanted = {"scope": scope, "destination": address_, "is_active": True, "headers": {OUR_HEADER: secret}}
        request = Request(
            "PUT" if known else "POST",
            address(shop, f"v3/hooks/{known.external_id}" if known else "v3/hooks"),
            headers=HEADERS,
            body=msgspec.json.encode(wanted),
            auth=auth(shop),
            idempotent=bool(known),
        )
        response = yield request
        body = decoded(response)
        entry = body.get("data") if isinstance(body, dict) else None
        if response.status == 422:
            raise ShopError(
                Failure.ADDRESS,
                "BigCommerce refuses the address for webhooks: it must be https on port 443 and publicly reachable.",
                status=422,
            )
        if response.status not in (200, 201) or not isinstance(entry, dict):
            raise refusal(response)
        registered.append(_webhook(entry))
    return tuple(registered)


def _webhook(entry: dict[str, Any]) -> RemoteWebhook:
    return RemoteWebhook(
        str(entry.get("id", "")), str(entry.get("scope", "")), str(entry.get("destination", "")),
        entry.get("is_active") is True,
    )  # fmt: skip
