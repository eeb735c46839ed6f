"""eBay's Notification API v1: alert address, destinations proved by a challenge, subscriptions, signed notifications.

A destination is asked for a SHA-256 before it is taken; only receivers on this machine are asked. Keys and signatures
are as eBay's event notification SDK has them: ECDSA with SHA-1 over the compact JSON, the PEM without line breaks.
"""

from __future__ import annotations

import base64
import hashlib
import json
import re
from urllib.parse import quote

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from integrations.simulator.dialects.ebay.orders import Json, order_id
from integrations.simulator.messages import Answered, Asked, as_json
from integrations.simulator.shop import SimulatedShop
from integrations.simulator.switchboard import Event, Hook, Parcel, ask

ROOT = "/commerce/notification/v1/"
TOPICS = {"MARKETPLACE_ACCOUNT_DELETION": "APPLICATION", "ORDER_CONFIRMATION": "USER", "ITEM_MARKED_SHIPPED": "USER"}
STATUSES = {"processing": "ORDER_CONFIRMATION", "completed": "ITEM_MARKED_SHIPPED"}
CODE = "a8628072-3d33-45ee-9004-bee86830a22d"


class Wrong(Exception):
    """Status and error number of a refusal."""

    def __init__(self, status: int, number: int) -> None:
        super().__init__(number)
        self.status, self.number = status, number


def answer(shop: SimulatedShop, asked: Asked) -> Answered:
    """The token has been checked."""
    try:
        return _route(shop, asked, asked.path.removeprefix(ROOT).split("/"))
    except Wrong as wrong:
        error = {"errorId": wrong.number, "domain": "API_NOTIFICATION", "category": "REQUEST", "message": "Refused."}
        return as_json({"errors": [error]}, wrong.status)


def _route(shop: SimulatedShop, asked: Asked, place: list[str]) -> Answered:
    given: Json = json.loads(asked.body or b"{}")
    match asked.method, place:
        case "GET", ["public_key", kid] if kid == key_id(shop):
            return as_json({"key": public_pem(shop), "algorithm": "ECDSA", "digest": "SHA1"})
        case "GET", ["config"] if _alert(shop):
            return as_json({"alertEmail": _alert(shop)})
        case "PUT", ["config"]:
            if not re.fullmatch(r"[^@\s]+@[^@\s]+", str(given.get("alertEmail"))):
                raise Wrong(400, 195025)
            shop.webhooks.kept["alert"] = given["alertEmail"]
            return Answered(204, b"")
        case "GET", ["topic", topic] if topic in TOPICS:
            payload = {"format": ["JSON"], "deliveryProtocol": "HTTPS", "schemaVersion": "1.0", "deprecated": False}
            return as_json({"topicId": topic, "scope": TOPICS[topic], "supportedPayloads": [payload]})
        case "GET", ["destination"]:
            return as_json({"total": len(_destinations(shop)), "destinations": list(_destinations(shop).values())})
        case "POST", ["destination"]:
            return _destination(shop, f"d{len(_destinations(shop)) + 1}", given, 201)
        case "PUT", ["destination", known] if known in _destinations(shop):
            return _destination(shop, known, given, 204)
        case "GET", ["subscription"]:
            shown = [_document(hook) for hook in shop.webhooks.hooks.values()]
            return as_json({"total": len(shown), "subscriptions": shown})
        case "POST", ["subscription"]:
            return _subscribe(shop, given)
        case "POST", ["subscription", known, "enable"] if known.removeprefix("s").isdigit():
            hook = shop.webhooks.hooks[int(known.removeprefix("s"))]
            hook.active, hook.failures = True, 0
            return Answered(204, b"")
    raise Wrong(404, 195013)


def _alert(shop: SimulatedShop) -> str:
    return str(shop.webhooks.kept.get("alert", ""))


def _destinations(shop: SimulatedShop) -> dict[str, Json]:
    found: dict[str, Json] = shop.webhooks.kept.setdefault("destinations", {})
    return found


def _destination(shop: SimulatedShop, name: str, given: Json, status: int) -> Answered:
    delivery = given.get("deliveryConfig") or {}
    endpoint, token = str(delivery.get("endpoint", "")), str(delivery.get("verificationToken", ""))
    if not endpoint.startswith(("https://", "http://127.0.0.1", "http://localhost")):
        raise Wrong(400, 195017)
    if not re.fullmatch(r"[0-9a-zA-Z_-]{32,80}", token):
        raise Wrong(400, 195019)
    if not _alert(shop):
        raise Wrong(409, 195003)
    if any(key != name and endpoint == each["deliveryConfig"]["endpoint"] for key, each in _destinations(shop).items()):
        raise Wrong(409, 195021)
    expected = hashlib.sha256(f"{CODE}{token}{endpoint}".encode()).hexdigest()
    replied = ask(f"{endpoint}?challenge_code={quote(CODE)}")
    if replied is None or json.loads(replied).get("challengeResponse") != expected:
        raise Wrong(409, 195020)
    _destinations(shop)[name] = {**given, "destinationId": name}
    return Answered(status, b"", {"Location": f"https://api.ebay.com{ROOT}destination/{name}"} if status == 201 else {})


def _subscribe(shop: SimulatedShop, given: Json) -> Answered:
    destination = _destinations(shop).get(str(given.get("destinationId")))
    if given.get("topicId") not in TOPICS or destination is None:
        raise Wrong(400, 195007)
    if any((hook.topic, hook.secret) == (given["topicId"], given["destinationId"]) for hook in _hooks(shop)):
        raise Wrong(409, 195012)
    hook = shop.webhooks.add(given["topicId"], destination["deliveryConfig"]["endpoint"], given["destinationId"])
    return Answered(201, b"", {"Location": f"https://api.ebay.com{ROOT}subscription/s{hook.id}"})


def _hooks(shop: SimulatedShop) -> list[Hook]:
    return list(shop.webhooks.hooks.values())


def _document(hook: Hook) -> Json:
    """What stands for a hook's secret is the id of its destination."""
    return {
        "subscriptionId": f"s{hook.id}",
        "topicId": hook.topic,
        "status": "ENABLED" if hook.active else "DISABLED",
        "destinationId": hook.secret,
    }


def _key(shop: SimulatedShop) -> ec.EllipticCurvePrivateKey:
    return ec.derive_private_key(10_000 + shop.seed, ec.SECP256R1())


def key_id(shop: SimulatedShop) -> str:
    return f"{shop.seed:08x}-7d7b-4621-a0f1-96ccb428af49"


def public_pem(shop: SimulatedShop) -> str:
    """As eBay sends it: without line breaks."""
    pem = _key(shop).public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
    return pem.decode().replace("\n", "")


def parcel(shop: SimulatedShop, hook: Hook, event: Event) -> Parcel | None:
    """Orders are told of when they are paid and when they are shipped, and of nothing else."""
    state = event.sale.state(shop.now())
    if STATUSES.get(state.status) != hook.topic or event.kind == "deleted":
        return None
    return notification(shop, hook.topic, f"{event.sale.id}-{event.kind}", {"orderId": order_id(shop, event.sale)})


def notification(shop: SimulatedShop, topic: str, name: str, data: Json) -> Parcel:
    """A signed notification about anything."""
    at = shop.now().strftime("%Y-%m-%dT%H:%M:%S.000Z")
    about = {"notificationId": f"49feeaeb-{name}", "eventDate": at, "publishDate": at, "publishAttemptCount": 1}
    message = {
        "metadata": {"topic": topic, "schemaVersion": "1.0", "deprecated": False},
        "notification": {**about, "data": data},
    }
    body = json.dumps(message, separators=(",", ":")).encode()
    signature = base64.b64encode(_key(shop).sign(body, ec.ECDSA(hashes.SHA1()))).decode()  # noqa: S303 - eBay's choice
    header = {"alg": "ecdsa", "kid": key_id(shop), "signature": signature, "digest": "SHA1"}
    signed = base64.b64encode(json.dumps(header, separators=(",", ":")).encode()).decode()
    return Parcel({"Content-Type": "application/json", "X-EBAY-SIGNATURE": signed}, body)
