"""Webhooks of Ecwid. The signature covers the event's id and time, not the body, which is a hint and no more.

`X-Ecwid-Webhook-Signature` is base64(HMAC-SHA256(client secret, "{eventCreated}.{eventId}")). Addresses are entered in
the settings of the app; there is no API for them. Ecwid repeats a failed delivery for 24 hours with the same time.
"""

from __future__ import annotations

from datetime import datetime, timedelta

from integrations.connectors.contract import Shop
from integrations.connectors.kit.json_answers import decoded_object, part
from integrations.connectors.kit.signatures import hmac_sha256, is_base64_of, is_recent, topic_of
from integrations.connectors.notifications import Hint, Notification

REPEATED_FOR = timedelta(hours=25)


def is_signed(shop: Shop, secret: str, notification: Notification, now: datetime) -> bool:
    """By the app's own secret: `secret`, ours, plays no part."""
    client_secret, body = shop.credentials.get("client_secret", "").strip(), decoded_object(notification)
    created, event = body.get("eventCreated"), body.get("eventId")
    if not client_secret or type(created) is not int or not isinstance(event, str) or not event:
        return False
    if str(body.get("storeId", "")) != shop.credentials.get("store_id", "").strip():
        return False
    signature = notification.headers.get("x-ecwid-webhook-signature", "")
    expected = hmac_sha256(client_secret, f"{created}.{event}".encode("utf-8", "replace"))
    return is_recent(created, now, REPEATED_FOR) and is_base64_of(signature, expected)


def read(notification: Notification) -> Hint:
    """`data.orderId` is the id people see; `entityId`, the internal one, serves where it is missing."""
    body = decoded_object(notification)
    topic = topic_of(body.get("eventType"))
    found = str(part(body, "data").get("orderId") or body.get("entityId", ""))
    if not topic.startswith("order.") or not 0 < len(found) <= 255 or not found.isprintable():
        return Hint(topic=topic)
    return Hint((found,), topic)
