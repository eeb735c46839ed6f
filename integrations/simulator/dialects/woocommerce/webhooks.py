"""WooCommerce's webhooks: `wc/v3/webhooks`, the unsigned ping, signed deliveries without retries."""

from __future__ import annotations

import base64
import hmac
import json
import re

from integrations.simulator.dialects.woocommerce.auth import error
from integrations.simulator.dialects.woocommerce.orders import Json, order_document
from integrations.simulator.messages import Answered, Asked, as_json
from integrations.simulator.shop import SimulatedShop
from integrations.simulator.switchboard import Event, Hook, Parcel, Switchboard

TOPICS = {"order.created", "order.updated", "order.deleted", "order.restored"}


def answer(board: Switchboard, asked: Asked, path: str) -> Answered:
    """The `webhooks` resource; the caller has checked the keys."""
    one = re.fullmatch(r"webhooks/(\d+)", path)
    if asked.method == "GET" and path == "webhooks":
        return as_json([_document(hook) for hook in board.hooks.values()])
    try:
        wanted = json.loads(asked.body or b"{}")
    except ValueError:
        return error("rest_invalid_json", "Invalid JSON body passed.", 400)
    if asked.method == "POST" and path == "webhooks":
        return _create(board, wanted)
    if one and asked.method in {"PUT", "POST"}:
        return _change(board, int(one[1]), wanted)
    return error("rest_no_route", "No route was found matching the URL and request method.", 404)


def _create(board: Switchboard, wanted: Json) -> Answered:
    if wanted.get("topic") not in TOPICS:
        return error("woocommerce_rest_webhook_invalid_topic", "Webhook topic is required and must be valid.", 400)
    if not str(wanted.get("delivery_url", "")).startswith(("http://", "https://")):
        return error("woocommerce_rest_webhook_invalid_delivery_url", "Webhook delivery URL must be a valid URL.", 400)
    hook = board.add(wanted["topic"], wanted["delivery_url"], str(wanted.get("secret", "")))
    board.send(hook, Parcel({"Content-Type": "application/x-www-form-urlencoded"}, f"webhook_id={hook.id}".encode()))
    return as_json(_document(hook), 201)


def _change(board: Switchboard, hook_id: int, wanted: Json) -> Answered:
    hook = board.hooks.get(hook_id)
    if hook is None:
        return error("woocommerce_rest_shop_webhook_invalid_id", "Invalid ID.", 404)
    hook.address = wanted.get("delivery_url", hook.address)
    hook.secret = wanted.get("secret", hook.secret)
    if "status" in wanted:
        hook.active, hook.failures = wanted["status"] == "active", 0
    return as_json(_document(hook))


def _document(hook: Hook) -> Json:
    return {
        "id": hook.id,
        "name": "Countinghouse",
        "status": "active" if hook.active else "disabled",
        "topic": hook.topic,
        "resource": "order",
        "event": hook.topic.partition(".")[2],
        "delivery_url": hook.address,
    }


def parcel(shop: SimulatedShop, hook: Hook, event: Event) -> Parcel | None:
    """A delivery: the whole order as it is now, or only its id when it was trashed."""
    if hook.topic != f"order.{event.kind}":
        return None
    document = {"id": event.sale.id} if event.kind == "deleted" else order_document(shop, event.sale)
    body = json.dumps(document, separators=(",", ":")).encode()
    signature = base64.b64encode(hmac.digest(hook.secret.encode(), body, "sha256")).decode()
    headers = {
        "Content-Type": "application/json",
        "X-WC-Webhook-Source": f"http://{shop.name.lower().replace(' ', '-')}.example/",
        "X-WC-Webhook-Topic": hook.topic,
        "X-WC-Webhook-Resource": "order",
        "X-WC-Webhook-Event": event.kind,
        "X-WC-Webhook-Signature": signature,
        "X-WC-Webhook-ID": str(hook.id),
        # Seen to repeat: several orders of one second had the same.
        "X-WC-Webhook-Delivery-ID": f"{int(shop.now().timestamp()):x}",
    }
    return Parcel(headers, body)
