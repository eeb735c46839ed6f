"""Webhooks of Ecwid. The signature covers the event's id and time, not the body, which is a hint and no more.

`X-Ecwid-Webhook-Signature` is base64(HMAC-SHA256(client secret, "{eventCreated}.{eventId}")). Addresses are entered in
the settings of the app; there is no API for them. Ecwid repeats a failed delivery for 24 hours with the same time.
"""

from __future__ import annotations

from datetime import datetime, timedelta

from integrations.connectors.contract import Shop
from integrations.connectors.kit.signatures import hmac_sha256, is_base64_of, object_in
from integrations.connectors.notifications import Hint, Notification

REPLAY = timedelta(hours=25)
AHEAD = timedelta(minutes=5)


def is_signed(shop: Shop, secret: str, notification: Notification, now: datetime) -> bool:
    """By the app's own secret: `secret`, ours, plays no part."""
    client_secret, body = shop.credentials.get("client_secret", "").strip(), object_in(notification)
    created, event = body.get("eventCreated"), body.get("eventId")
    if not client_secret or type(created) is not int or not isinstance(event, str) or not event:
        return False
    if str(body.get("storeId", "")) != shop.credentials.get("store_id", "").strip():
        return False
    age = now.timestamp() - created
    if not -AHEAD.total_seconds() <= age <= REPLAY.total_seconds():
        return False
    signature = notification.headers.get("x-ecwid-webhook-signature", "")
    return is_base64_of(signature, hmac_sha256(client_secret, f"{created}.{event}".encode("utf-8", "replace")))


def read(notification: Notification) -> Hint:
    """`data.orderId` is the id people see; `entityId`, the internal one, serves where it is missing."""
    body = object_in(notification)
    topic = body.get("eventType")
    topic = topic[:100] if isinstance(topic, str) else ""
    data = body.get("data")
    named = data.get("orderId") if isinstance(data, dict) else None
    found = str(named if named else body.get("entityId", ""))
    if not topic.startswith("order.") or not 0 < len(found) <= 255 or not found.isprintable():
        return Hint(topic=topic)
    return Hint((found,), topic)
