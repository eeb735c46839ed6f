"""BigCommerce's webhooks: `v3/hooks`, deliveries by the Standard Webhooks scheme, signed with the client secret."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import re

from integrations.simulator.dialects.bigcommerce.orders import Json
from integrations.simulator.messages import Answered, Asked, as_json
from integrations.simulator.shop import SimulatedShop
from integrations.simulator.switchboard import Event, Hook, Parcel

SCOPES = {"created": "created", "updated": "statusUpdated", "deleted": "archived"}
OPEN_TO = re.compile(r"https://[^/:]+(:443)?/.*|http://(127\.0\.0\.1|localhost)(:\d+)?/.*")


def documents(shop: SimulatedShop) -> list[Json]:
    return [_document(hook) for hook in shop.webhooks.hooks.values()]


def write(shop: SimulatedShop, asked: Asked, path: str) -> Answered | None:
    """POST hooks and PUT hooks/{id}; None for what is neither. A hook's secret holds its headers, as JSON."""
    one = re.fullmatch(r"hooks/(\d+)", path)
    known = shop.webhooks.hooks.get(int(one[1])) if one else None
    if (asked.method, path) != ("POST", "hooks") and (asked.method != "PUT" or known is None):
        return None
    wanted = json.loads(asked.body or b"{}")
    address, scope = str(wanted.get("destination", "")), str(wanted.get("scope", ""))
    if OPEN_TO.fullmatch(address) is None or not scope.startswith("store/"):
        title = "The destination must be https on port 443." if scope else "The scope is missing."
        return as_json({"status": 422, "title": title, "type": "https://developer.bigcommerce.com/", "errors": {}}, 422)
    hook = known or shop.webhooks.add(scope, address, "")
    hook.topic, hook.address, hook.secret = scope, address, json.dumps(wanted.get("headers") or {})
    hook.active, hook.failures = bool(wanted.get("is_active", True)), 0
    return as_json({"data": _document(hook), "meta": {}})


def _document(hook: Hook) -> Json:
    return {
        "id": hook.id,
        "client_id": "simulated",
        "store_hash": "simulated",
        "scope": hook.topic,
        "destination": hook.address,
        "is_active": hook.active,
        "headers": json.loads(hook.secret),
    }


def parcel(shop: SimulatedShop, hook: Hook, event: Event) -> Parcel | None:
    """Which order and what kind of event, no more."""
    scope = f"store/order/{SCOPES[event.kind]}"
    if hook.topic not in {scope, "store/order/*"}:
        return None
    at = int(shop.now().timestamp())
    told = {"scope": scope, "store_id": "1003", "data": {"type": "order", "id": event.sale.id}}
    digest = hashlib.sha1(f"{told}{at}".encode(), usedforsecurity=False).hexdigest()
    body = json.dumps({**told, "hash": digest, "created_at": at, "producer": "stores/simulated"}).encode()
    identifier = f"{hook.id}-{digest}"
    signature = hmac.digest(shop.secret.encode(), f"{identifier}.{at}.".encode() + body, "sha256")
    headers = {
        "Content-Type": "application/json",
        "webhook-id": identifier,
        "webhook-timestamp": str(at),
        "webhook-signature": f"v1,{base64.b64encode(signature).decode()}",
        **json.loads(hook.secret),
    }
    return Parcel(headers, body)
