"""Shopify's webhooks: subscriptions by GraphQL, deliveries shaped like the old REST API and signed by the app."""

from __future__ import annotations

import base64
import hmac
import json
from urllib.parse import urlsplit

from integrations.simulator.dialects.shopify.fulfilling import states_of
from integrations.simulator.dialects.shopify.graphql import Json
from integrations.simulator.shop import SimulatedShop
from integrations.simulator.switchboard import HERE, Event, Hook, Parcel, Switchboard

KINDS = {"ORDERS_CREATE": {"created"}, "ORDERS_UPDATED": {"updated"}, "ORDERS_DELETE": {"deleted"}}


def documents(board: Switchboard) -> list[Json]:
    return [_document(hook) for hook in board.hooks.values() if hook.active]


def _document(hook: Hook) -> Json:
    return {
        "__typename": "WebhookSubscription",
        "id": f"gid://shopify/WebhookSubscription/{hook.id}",
        "topic": hook.topic,
        "uri": hook.address,
    }


def create(shop: SimulatedShop, given: Json) -> Json:
    """`userErrors` beside HTTP 200 for what Shopify refuses. Only https, but for receivers on this machine."""
    topic, address = given["topic"], str(given["webhookSubscription"].get("uri"))
    parts = urlsplit(address)
    taken = any((each["topic"], each["uri"]) == (topic, address) for each in documents(shop.webhooks))
    if taken or (parts.scheme != "https" and parts.hostname not in HERE):
        message = "Address for this topic has already been taken" if taken else "Address is invalid"
        error = {"__typename": "UserError", "field": ["webhookSubscription", "callbackUrl"], "message": message}
        return _payload(None, [error])
    return _payload(_document(shop.webhooks.add(topic, address, shop.secret)), [])


def _payload(webhook: Json | None, errors: list[Json]) -> Json:
    typename = "WebhookSubscriptionCreatePayload"
    return {"__typename": typename, "webhookSubscription": webhook, "userErrors": errors}


def parcel(shop: SimulatedShop, hook: Hook, event: Event) -> Parcel | None:
    if event.kind not in KINDS.get(hook.topic, ()):
        return None
    sale, state = event.sale, event.sale.state(shop.now())
    paid, shipped = states_of(shop, sale)
    whole = {
        "id": sale.id,
        "admin_graphql_api_id": f"gid://shopify/Order/{sale.id}",
        "name": f"#{sale.number}",
        "created_at": sale.placed_at.isoformat(),
        "updated_at": state.at.isoformat(),
        "currency": shop.currency,
        "financial_status": paid.lower(),
        "fulfillment_status": {"FULFILLED": "fulfilled", "PARTIALLY_FULFILLED": "partial"}.get(shipped),
    }
    body = json.dumps({"id": sale.id} if event.kind == "deleted" else whole, separators=(",", ":")).encode()
    headers = {
        "Content-Type": "application/json",
        "X-Shopify-Topic": hook.topic.lower().replace("_", "/", 1),
        "X-Shopify-Shop-Domain": "simulated.myshopify.com",
        "X-Shopify-API-Version": "2026-07",
        "X-Shopify-Webhook-Id": f"{hook.id:08x}-0000-4000-8000-{sale.id:012x}",
        "X-Shopify-Event-Id": f"{sale.id:08x}-0000-4000-8000-{int(state.at.timestamp()):012x}",
        "X-Shopify-Triggered-At": state.at.strftime("%Y-%m-%dT%H:%M:%S.000000000Z"),
        "X-Shopify-Hmac-Sha256": base64.b64encode(hmac.digest(hook.secret.encode(), body, "sha256")).decode(),
    }
    return Parcel(headers, body)
