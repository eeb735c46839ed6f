"""Webhooks of WooCommerce (observed on 11.0.1: 28 signed deliveries verified).

The signature is base64(HMAC-SHA256(secret, raw body)) in `X-WC-Webhook-Signature`. What must be lived with: the ping at
creation is an unsigned form; delivery ids repeat; the body may be an error document with a right signature; nothing is
ever sent again, and after more than five failures the shop disables the webhook.
"""

from __future__ import annotations

from collections.abc import Container
from datetime import datetime
from typing import Any

from integrations.connectors.contract import Shop
from integrations.connectors.errors import Failure, ShopError
from integrations.connectors.http import Operation
from integrations.connectors.kit.json_answers import decoded, decoded_object
from integrations.connectors.kit.signatures import hmac_sha256, is_base64_of, numbered, topic_of
from integrations.connectors.kit.webhook_registrations import Registered, register_each, writing, written
from integrations.connectors.notifications import Hint, Notification, RemoteWebhook
from integrations.connectors.woocommerce.requests import address, auth, get, refusal

TOPICS = ("order.created", "order.updated", "order.deleted", "order.restored")


def is_signed(shop: Shop, secret: str, notification: Notification, now: datetime) -> bool:
    signature = notification.headers.get("x-wc-webhook-signature", "")
    return bool(secret) and is_base64_of(signature, hmac_sha256(secret, notification.body))


def is_ping(notification: Notification) -> bool:
    """The unsigned form `webhook_id=N` of a new webhook; it must be answered with 2xx."""
    key, _, value = notification.body.strip().partition(b"=")
    return key == b"webhook_id" and value.isdigit() and len(value) < 20


def read(notification: Notification) -> Hint:
    """An error document names no order: it was gone before the shop's queue ran."""
    topic = topic_of(notification.headers.get("x-wc-webhook-topic"))
    return numbered(topic, decoded_object(notification).get("id") if topic.startswith("order.") else None)


def webhooks(shop: Shop) -> Registered:
    response = yield get(shop, "webhooks", per_page="100", status="all")
    listed = decoded(response)
    if response.status != 200 or not isinstance(listed, list):
        raise refusal(response)
    return tuple(_webhook(entry) for entry in listed if isinstance(entry, dict))


def register(shop: Shop, address_: str, secret: str, only: Container[str] | None = None) -> Registered:
    """One webhook a topic; those of this address that the shop has disabled are switched on again."""

    def write(topic: str, known: RemoteWebhook | None) -> Operation[RemoteWebhook]:
        wanted = {"topic": topic, "delivery_url": address_, "secret": secret, "status": "active"}
        response = yield writing(address(shop, "webhooks"), known, {"name": "Countinghouse", **wanted}, auth(shop))
        if response.status in (401, 403):
            raise ShopError(
                Failure.CREDENTIALS,
                "The shop's keys may only read. Make a pair with the permission Read/Write under WooCommerce > Settings"
                " > Advanced > REST API, enter both parts, then register again. Orders are loaded all the same.",
                status=response.status,
            )
        return _webhook(written(response, refusal))

    return (yield from register_each(webhooks(shop), address_, TOPICS, write, only))


def _webhook(entry: dict[str, Any]) -> RemoteWebhook:
    return RemoteWebhook(
        str(entry.get("id", "")), str(entry.get("topic", "")), str(entry.get("delivery_url", "")),
        entry.get("status") == "active",
    )  # fmt: skip
