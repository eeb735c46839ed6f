"""Webhooks of WooCommerce (observed on 11.0.1: 28 signed deliveries verified).

The signature is base64(HMAC-SHA256(secret, raw body)) in `X-WC-Webhook-Signature`. What must be lived with: the ping at
creation is an unsigned form; delivery ids repeat; the body may be an error document with a right signature; nothing is
ever sent again, and after more than five failures the shop disables the webhook.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any

import msgspec

from integrations.connectors.contract import Shop
from integrations.connectors.errors import Failure, ShopError
from integrations.connectors.http import Operation, Request
from integrations.connectors.kit.signatures import hmac_sha256, is_base64_of
from integrations.connectors.notifications import Hint, Notification, RemoteWebhook
from integrations.connectors.woocommerce.requests import auth, decoded, get, refusal

TOPICS = ("order.created", "order.updated", "order.deleted", "order.restored")


def is_signed(shop: Shop, secret: str, notification: Notification, now: datetime) -> bool:
    signature = notification.headers.get("x-wc-webhook-signature", "")
    return bool(secret) and is_base64_of(signature, hmac_sha256(secret, notification.body))


def is_ping(notification: Notification) -> bool:
    """The unsigned form `webhook_id=N` of a new webhook; it must be answered with 2xx."""
    key, _, value = notification.body.strip().partition(b"=")
    return key == b"webhook_id" and value.isdigit() and len(value) < 20


def read(notification: Notification) -> Hint:
    topic = notification.headers.get("x-wc-webhook-topic", "")
    if not topic.startswith("order."):
        return Hint(topic=topic[:100])
    try:
        body = msgspec.json.decode(notification.body)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return Hint(topic=topic[:100])
    order_id = body.get("id") if isinstance(body, dict) else None
    if isinstance(order_id, bool) or not isinstance(order_id, int) or not 0 < order_id < 2**63:
        return Hint(topic=topic[:100])  # an error document: the order was gone before the shop's queue ran
    return Hint((str(order_id),), topic[:100])


def webhooks(shop: Shop) -> Operation[tuple[RemoteWebhook, ...]]:
    response = yield get(shop, "webhooks", per_page="100", status="all")
    listed = decoded(response)
    if response.status != 200 or not isinstance(listed, list):
        raise refusal(response)
    return tuple(_webhook(entry) for entry in listed if isinstance(entry, dict))


def register(shop: Shop, address: str, secret: str) -> Operation[tuple[RemoteWebhook, ...]]:
    """One webhook a topic; those of this address that the shop has disabled are switched on again."""
    there = yield from webhooks(shop)
    ours = {webhook.topic: webhook for webhook in there if webhook.address == address}
    registered = []
    for topic in TOPICS:
        known = ours.get(topic)
        wanted = {
            "name": "Countinghouse",
            "topic": topic,
            "delivery_url": address,
            "secret": secret,
            "status": "active",
        }
        response = yield _write(shop, f"webhooks/{known.external_id}" if known else "webhooks", wanted, bool(known))
        if response.status in (401, 403):
            raise ShopError(
                Failure.CREDENTIALS,
                "The shop's keys may only read. Make a pair with the permission Read/Write under WooCommerce > Settings"
                " > Advanced > REST API, enter both parts, then register again. Orders are loaded all the same.",
                status=response.status,
            )
        entry = decoded(response)
        if response.status not in (200, 201) or not isinstance(entry, dict):
            raise refusal(response)
        registered.append(_webhook(entry))
    return tuple(registered)


def _write(shop: Shop, path: str, body: dict[str, str], known: bool) -> Request:
    return Request(
        "PUT" if known else "POST",
        f"{shop.base_url}/wp-json/wc/v3/{path}",
        body=msgspec.json.encode(body),
        auth=auth(shop),
        idempotent=known,
    )


def _webhook(entry: dict[str, Any]) -> RemoteWebhook:
    return RemoteWebhook(
        str(entry.get("id", "")), str(entry.get("topic", "")), str(entry.get("delivery_url", "")),
        entry.get("status") == "active",
    )  # fmt: skip
