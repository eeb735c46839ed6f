"""Notifications of eBay's Notification API: challenge, signature, and what they tell of.

A signature is base64 of `{"alg": "ecdsa", "kid", "signature", "digest": "SHA1"}` in `X-EBAY-SIGNATURE`; it covers the
message as compact JSON in the order it came in, and is checked with the key `kid` from
`GET commerce/notification/v1/public_key/{kid}`, whose PEM arrives without line breaks (eBay's event notification SDK).
Before eBay takes an address it asks it with a GET for the SHA-256 of a challenge code.
"""

from __future__ import annotations

import hashlib
import re
from datetime import datetime
from typing import Any, TypeGuard

import msgspec
from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import load_der_public_key

from integrations.connectors.contract import Shop
from integrations.connectors.ebay.orders import ORDER_ID
from integrations.connectors.ebay.requests import refusal, send
from integrations.connectors.errors import Failure, ShopError
from integrations.connectors.http import Operation, Request
from integrations.connectors.kit.json_answers import decoded_object, part
from integrations.connectors.kit.signatures import from_base64, topic_of
from integrations.connectors.notifications import Erasure, Hint, Notification, SigningKey

KEY_ID = re.compile(r"[0-9a-zA-Z-]{8,64}")
DIGESTS: dict[str, hashes.HashAlgorithm] = {
    "SHA1": hashes.SHA1(),  # noqa: S303 - eBay's choice; within ECDSA over a message with a random id
    "SHA256": hashes.SHA256(),
}
LONGEST_CHALLENGE = 100
ACCOUNT_DELETION = "MARKETPLACE_ACCOUNT_DELETION"
ORDER_TOPICS = ("ORDER_CONFIRMATION", "ITEM_MARKED_SHIPPED")
PUBLIC_KEY = "commerce/notification/v1/public_key"
# Characters.
LONGEST_HEADER, LONGEST_KEY = 4000, 2000


def challenge_response(code: str, verification_token: str, endpoint: str) -> dict[str, str] | None:
    """What to answer to `GET ?challenge_code=`; None for a code that is too long to be one."""
    if not 0 < len(code) <= LONGEST_CHALLENGE:
        return None
    asked = (code + verification_token + endpoint).encode("utf-8", "replace")
    return {"challengeResponse": hashlib.sha256(asked).hexdigest()}


def answer_challenge(secret: str, address: str, code: str) -> dict[str, str] | None:
    return challenge_response(code, secret, address)


def key_id(notification: Notification) -> str:
    """Which key the notification claims to be signed with; "" for anything odd."""
    return _header(notification).get("kid", "")


def signing_key(shop: Shop, notification: Notification) -> SigningKey | None:
    name = key_id(notification)
    return SigningKey(name) if name else None


def verify(shop: Shop, secret: str, notification: Notification, now: datetime) -> bool:
    """By the notification's own key: keys are eBay's and the same for everybody, so `secret` plays no part."""
    return is_signed(notification.key, notification)


def is_signed(public_key: str, notification: Notification) -> bool:
    """Whether the raw body, or else its compact form, is signed with this key (PEM). Never raises."""
    header = _header(notification)
    digest = DIGESTS.get(header.get("digest", "").upper())
    key = _key(public_key)
    if key is None or digest is None:
        return False
    signature = from_base64(header.get("signature", ""))
    return any(_verifies(key, signature, message, digest) for message in _messages(notification.body))


def _verifies(key: ec.EllipticCurvePublicKey, signature: bytes, message: bytes, digest: hashes.HashAlgorithm) -> bool:
    try:
        key.verify(signature, message, ec.ECDSA(digest))
    except (InvalidSignature, UnsupportedAlgorithm, ValueError):
        return False
    return True


def _messages(body: bytes) -> list[bytes]:
    """eBay signs the compact JSON and sends that, too; a proxy may have spread it over lines."""
    messages = [body]
    try:
        compact = msgspec.json.format(body, indent=-1)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return messages
    return messages if compact == body else [*messages, compact]


def _header(notification: Notification) -> dict[str, str]:
    text = notification.headers.get("x-ebay-signature", "")
    try:
        header = msgspec.json.decode(from_base64(text) if len(text) <= LONGEST_HEADER else b"")
    except (ValueError, RecursionError):
        return {}
    known = {name: value for name, value in part(header).items() if isinstance(value, str)}
    return known if known.get("alg", "").lower() == "ecdsa" and KEY_ID.fullmatch(known.get("kid", "")) else {}


def _key(pem: str) -> ec.EllipticCurvePublicKey | None:
    inner = re.sub(r"-----(?:BEGIN|END) PUBLIC KEY-----|\s", "", pem)
    try:
        key = load_der_public_key(from_base64(inner))
    except (ValueError, UnsupportedAlgorithm):
        return None
    return key if isinstance(key, ec.EllipticCurvePublicKey) else None


def public_key(shop: Shop, kid: str) -> Operation[str]:
    """The PEM of a key. Raises ShopError, NOT_FOUND for one that eBay does not have."""
    if not KEY_ID.fullmatch(kid):
        raise ShopError(Failure.NOT_FOUND, "The notification names a key that eBay cannot have.")
    request = Request("GET", f"{shop.base_url}/{PUBLIC_KEY}/{kid}")
    response = yield from send(shop, request, as_application=True)
    key = decoded_object(response).get("key")
    if response.status in (400, 404):
        raise ShopError(Failure.NOT_FOUND, "eBay has no key by this id.", status=response.status)
    if response.status != 200 or not isinstance(key, str) or len(key) > LONGEST_KEY:
        raise refusal(response)
    return key


def read(notification: Notification) -> Hint:
    """The orders a notification names, or who asked to be forgotten. Never raises."""
    body = decoded_object(notification)
    topic, told = topic_of(part(body, "metadata").get("topic")), part(body, "notification")
    if topic == ACCOUNT_DELETION:
        return Hint(topic=topic, erasure=_erasure(told))
    return Hint(tuple(sorted(_order_ids(told, 6))) if topic in ORDER_TOPICS else (), topic)


def _erasure(told: dict[str, Any]) -> Erasure | None:
    """`data` is {username, userId, eiasToken}; the user name is what orders carry. For some users it is the id."""
    data, identifier = part(told, "data"), told.get("notificationId")
    named = [data[name] for name in ("username", "userId") if isinstance(data.get(name), str)]
    person = named[0].strip() if named else ""
    return Erasure(identifier, person) if _is_name(identifier) and _is_name(person) else None


def _is_name(value: Any) -> TypeGuard[str]:
    return isinstance(value, str) and 0 < len(value) <= 255 and value.isprintable()


def _order_ids(value: Any, depth: int) -> set[str]:
    """Every `orderId` in the data; where exactly it stands differs by topic."""
    if depth == 0 or not isinstance(value, dict | list):
        return set()
    parts = value.values() if isinstance(value, dict) else value[:100]
    found = {identifier for part in parts for identifier in _order_ids(part, depth - 1)}
    own = value.get("orderId") if isinstance(value, dict) else None
    return found | {own} if isinstance(own, str) and ORDER_ID.fullmatch(own) else found
