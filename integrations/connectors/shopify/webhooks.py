"""Webhooks: signed with the app's client secret over the raw body; bodies are shaped like the old REST API's.

`X-Shopify-Hmac-Sha256` is base64 of HMAC-SHA256. Shopify gives no stamp that the signature covers; deliveries repeat
with the same `X-Shopify-Event-Id`. A notification is only a hint: the order is read again.
"""

from __future__ import annotations

import re
from collections.abc import Container
from datetime import datetime
from typing import Any
from urllib.parse import urlsplit

from msgspec import Struct

from integrations.connectors.contract import Shop
from integrations.connectors.errors import Failure, ShopError
from integrations.connectors.http import Operation
from integrations.connectors.kit.json_answers import decoded_object, part
from integrations.connectors.kit.lookups import is_whole_number
from integrations.connectors.kit.signatures import hmac_sha256, is_base64_of
from integrations.connectors.kit.webhook_registrations import Registered, register_each
from integrations.connectors.notifications import Erasure, Hint, Notification, RemoteWebhook
from integrations.connectors.shopify import queries
from integrations.connectors.shopify.requests import Connection, call, read_part

TOPICS = ("ORDERS_CREATE", "ORDERS_UPDATED", "ORDERS_CANCELLED", "ORDERS_EDITED", "ORDERS_DELETE", "REFUNDS_CREATE")
# Told to apps of the app store (its address is set in the app, not by API): the customer asks to be forgotten.
REDACT = "customers/redact"
WEBHOOK_ID = re.compile(r"[0-9A-Za-z-]{8,100}")


def is_signed(shop: Shop, secret: str, notification: Notification, now: datetime) -> bool:
    """Signed with `secret` or with the client secret on record, and meant for this shop (one app may serve several)."""
    given = _header(notification, "hmac-sha256")
    secrets = {each for each in (secret, shop.credentials.get("client_secret", "").strip()) if each}
    matches = [is_base64_of(given, hmac_sha256(each, notification.body)) for each in sorted(secrets)]
    return any(matches) and _is_for(shop, notification)


def _header(notification: Notification, name: str) -> str:
    """Newer deliveries leave out the X-; Shopify's own library takes both."""
    return notification.headers.get(f"x-shopify-{name}") or notification.headers.get(f"shopify-{name}", "")


def _is_for(shop: Shop, notification: Notification) -> bool:
    """The shop a notification names, where the integration's address is a .myshopify.com one to compare it with."""
    named = _header(notification, "shop-domain").lower()
    own = (urlsplit(shop.base_url).hostname or "").lower()
    return not named or not own.endswith(".myshopify.com") or named == own


def read(notification: Notification) -> Hint:
    """`orders/*` name the order as `id`, an edit in `order_edit.order_id`, refunds and the like as `order_id`."""
    topic = _header(notification, "topic").strip().lower()
    if not topic.isascii() or not topic.isprintable() or len(topic) > 100:
        return Hint()
    body, found = decoded_object(notification), None
    if topic == REDACT:
        return Hint(topic=topic, erasure=_erasure(notification, body))
    if topic == "orders/edited":
        found = part(body, "order_edit").get("order_id")
    elif topic.startswith("orders/"):
        found = body.get("id")
    elif topic.startswith(("refunds/", "order_transactions/", "fulfillments/")):
        found = body.get("order_id")
    return Hint((str(found),) if _is_id(found) else (), topic)


def _erasure(notification: Notification, body: dict[str, Any]) -> Erasure | None:
    """`{shop_id, customer: {id, email, phone}, orders_to_redact}`; repeated with the same webhook id."""
    person = part(body, "customer").get("id")
    if not _is_id(person):
        return None
    named = _header(notification, "webhook-id")
    return Erasure(named if WEBHOOK_ID.fullmatch(named) else f"{REDACT} {person}", str(person))


def _is_id(value: Any) -> bool:
    return isinstance(value, int | str) and value not in (0, "0") and is_whole_number(str(value))


class _Webhook(Struct):
    id: str = ""
    topic: str = ""
    uri: str = ""

    def remote(self) -> RemoteWebhook:
        """Shopify removes a subscription that fails for long; what is listed is active."""
        return RemoteWebhook(self.id, self.topic, self.uri, active=True)


class _Created(Struct, rename="camel"):
    webhook_subscription: _Webhook | None = None


def webhooks(shop: Shop) -> Registered:
    """Those of this app in this shop; Shopify shows no others."""
    found: list[RemoteWebhook] = []
    after = None
    while True:
        data, _ = yield from call(shop, queries.WEBHOOKS, {"after": after})
        page = read_part(data.get("webhookSubscriptions"), Connection)
        found += [read_part(node, _Webhook).remote() for node in page.nodes]
        end = page.page_info.end_cursor
        if not page.page_info.has_next_page or end in (None, after):
            return tuple(found)
        after = end


def register(shop: Shop, address: str, secret: str, only: Container[str] | None = None) -> Registered:
    """One subscription a topic. The signing secret is the app's own and cannot be chosen."""
    if not shop.credentials.get("client_secret", "").strip():
        raise ShopError(
            Failure.REFUSED,
            "Webhooks are signed with the app's client secret (in an older app: API secret key). Enter it in the "
            "settings first, then register again. Orders are loaded all the same.",
        )

    def write(topic: str, known: RemoteWebhook | None) -> Operation[RemoteWebhook]:
        if known is not None:
            return known
        data, _ = yield from call(shop, queries.REGISTER, {"topic": topic, "uri": address}, changes=True)
        created = read_part(data.get("webhookSubscriptionCreate"), _Created).webhook_subscription
        if created is None:
            raise ShopError(
                Failure.REFUSED,
                "Shopify refuses the webhook's address: it must be a public https address that is not a shop's.",
            )
        return created.remote()

    return (yield from register_each(webhooks(shop), address, TOPICS, write, only))
