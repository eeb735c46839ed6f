"""Webhooks: signed with the app's client secret over the raw body; bodies are shaped like the old REST API's.

`X-Shopify-Hmac-Sha256` is base64 of HMAC-SHA256. Shopify gives no stamp that the signature covers; deliveries repeat
with the same `X-Shopify-Event-Id`. A notification is only a hint: the order is read again.
"""

from __future__ import annotations

import re
from datetime import datetime
from typing import Any
from urllib.parse import urlsplit

from msgspec import Struct

from integrations.connectors.contract import Shop
from integrations.connectors.errors import Failure, ShopError
from integrations.connectors.http import Operation
from integrations.connectors.kit.signatures import hmac_sha256, is_base64_of
from integrations.connectors.notifications import Erasure, Hint, Notification, RemoteWebhook
from integrations.connectors.shopify import queries
from integrations.connectors.shopify.orders import Connection, read_part
from integrations.connectors.shopify.requests import call, decoded

Registered = Operation[tuple[RemoteWebhook, ...]]

TOPICS = ("ORDERS_CREATE", "ORDERS_UPDATED", "ORDERS_CANCELLED", "ORDERS_EDITED", "ORDERS_DELETE", "REFUNDS_CREATE")
SIGNATURES = ("x-shopify-hmac-sha256", "shopify-hmac-sha256")
"""The second is the form of newer deliveries; Shopify's own library takes both."""
DOMAINS = ("x-shopify-shop-domain", "shopify-shop-domain")
REDACT = "customers/redact"
"""Told to apps of the app store (its address is set in the app, not by API): the customer asks to be forgotten."""
WEBHOOK_IDS = ("x-shopify-webhook-id", "shopify-webhook-id")
TOPIC_HEADERS = ("x-shopify-topic", "shopify-topic")


def verify(shop: Shop, secret: str, notification: Notification, now: datetime) -> bool:
    """Signed with `secret` or with the client secret on record, and meant for this shop (one app may serve several)."""
    given = _header(notification, SIGNATURES)
    if not _is_for(shop, notification):
        return False
    secrets = {each for each in (secret, shop.credentials.get("client_secret", "").strip()) if each}
    matches = [is_base64_of(given, hmac_sha256(each, notification.body)) for each in sorted(secrets)]
    return any(matches)


def _header(notification: Notification, names: tuple[str, ...]) -> str:
    return next((notification.headers[name] for name in names if notification.headers.get(name)), "")


def _is_for(shop: Shop, notification: Notification) -> bool:
    """The shop a notification names, where the integration's address is a .myshopify.com one to compare it with."""
    named = _header(notification, DOMAINS).lower()
    own = (urlsplit(shop.base_url).hostname or "").lower()
    return not named or not own.endswith(".myshopify.com") or named == own


def read(notification: Notification) -> Hint:
    """`orders/*` name the order as `id`, an edit in `order_edit.order_id`, refunds and the like as `order_id`."""
    topic = _header(notification, TOPIC_HEADERS).strip().lower()
    body = decoded(notification.body)
    if not topic.isascii() or not topic.isprintable() or len(topic) > 100:
        return Hint()
    if not isinstance(body, dict):
        return Hint(topic=topic)
    if topic == "orders/edited":
        edit = body.get("order_edit")
        found = edit.get("order_id") if isinstance(edit, dict) else None
    elif topic.startswith("orders/"):
        found = body.get("id")
    elif topic == REDACT:
        return Hint(topic=topic, erasure=_erasure(notification, body))
    elif topic.startswith(("refunds/", "order_transactions/", "fulfillments/")):
        found = body.get("order_id")
    else:
        return Hint(topic=topic)
    return Hint((str(found),), topic) if _is_id(found) else Hint(topic=topic)


def _erasure(notification: Notification, body: dict[str, Any]) -> Erasure | None:
    """`{shop_id, customer: {id, email, phone}, orders_to_redact}`; repeated with the same webhook id."""
    customer = body.get("customer")
    person = customer.get("id") if isinstance(customer, dict) else None
    if not _is_id(person):
        return None
    named = _header(notification, WEBHOOK_IDS)
    return Erasure(named if re.fullmatch(r"[0-9A-Za-z-]{8,100}", named) else f"{REDACT} {person}", str(person))


def _is_id(value: Any) -> bool:
    if isinstance(value, bool):
        return False
    return (isinstance(value, int) and 0 < value < 10**18) or (
        isinstance(value, str) and value.isascii() and value.isdigit() and len(value) < 19
    )


class _Webhook(Struct):
    id: str = ""
    topic: str = ""
    uri: str = ""

    def remote(self) -> RemoteWebhook:
        """Shopify removes a subscription that fails for long; what is listed is active."""
        return RemoteWebhook(self.id, self.topic, self.uri, active=True)


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


class _UserError(Struct):
    field: Any = None
    message: Any = None


class _Created(Struct, rename="camel"):
    webhook_subscription: _Webhook | None = None
    user_errors: list[_UserError] = []


def register(shop: Shop, address: str, secret: str) -> Registered:
    """One subscription a topic. The signing secret is the app's own and cannot be chosen."""
    if not shop.credentials.get("client_secret", "").strip():
        raise ShopError(
            Failure.REFUSED,
            "Webhooks are signed with the app's client secret (in an older app: API secret key). Enter it in the "
            "settings first, then register again. Orders are loaded all the same.",
        )
    there = yield from webhooks(shop)
    ours = {each.topic: each for each in there if each.address == address}
    for topic in TOPICS:
        if topic in ours:
            continue
        data, _ = yield from call(shop, queries.REGISTER, {"topic": topic, "uri": address}, changes=True)
        created = read_part(data.get("webhookSubscriptionCreate"), _Created)
        if created.webhook_subscription is None:
            raise ShopError(
                Failure.REFUSED,
                "Shopify refuses the webhook's address: it must be a public https address that is not a shop's.",
            )
        ours[topic] = created.webhook_subscription.remote()
    return tuple(ours[topic] for topic in TOPICS)
