"""Notifications of eBay's Notification API: signature and challenge, as pure functions.

A signature is base64 of `{"alg": "ecdsa", "kid", "signature", "digest": "SHA1"}` in `X-EBAY-SIGNATURE`; it covers the
message as compact JSON in the order it came in, and is checked with the key `kid` from
`GET commerce/notification/v1/public_key/{kid}`, whose PEM arrives without line breaks (eBay's event notification SDK).

Not connected yet (`capabilities.signed_webhooks` is False): eBay wants its challenge (a GET) answered before an address
is taken, and the key must be fetched before a delivery can be verified, which a connector's `verify_webhook` cannot do.
Once something does both, keys belong in `Shop.memory` by `remember_key`; eBay recommends to keep one for an hour.
"""

from __future__ import annotations

import base64
import hashlib
import re
from binascii import Error as Base64Error
from collections.abc import Generator
from typing import Any

import msgspec
from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import load_der_public_key

from integrations.connectors.base import Delivery, Hint, Request, Response, Shop
from integrations.connectors.ebay.orders import ORDER_ID
from integrations.connectors.ebay.requests import ask, decoded, refusal
from integrations.failures import Failure, ShopError

KEY_ID = re.compile(r"[0-9a-zA-Z-]{8,64}")
DIGESTS: dict[str, hashes.HashAlgorithm] = {
    "SHA1": hashes.SHA1(),  # noqa: S303 - eBay's choice; within ECDSA over a message with a random id
    "SHA256": hashes.SHA256(),
}
KEYS = "ebay_public_keys"
LONGEST_CHALLENGE = 100
ORDER_TOPICS = {"ORDER_CONFIRMATION", "ITEM_MARKED_SHIPPED"}


def challenge_response(challenge_code: str, verification_token: str, endpoint: str) -> dict[str, str] | None:
    """What to answer to `GET ?challenge_code=`; None for a code that is too long to be one."""
    if not 0 < len(challenge_code) <= LONGEST_CHALLENGE:
        return None
    asked = (challenge_code + verification_token + endpoint).encode("utf-8", "replace")
    return {"challengeResponse": hashlib.sha256(asked).hexdigest()}


def key_id(delivery: Delivery) -> str:
    """Which key the delivery claims to be signed with; "" for anything odd."""
    return _header(delivery).get("kid", "")


def is_signed(public_key: str, delivery: Delivery) -> bool:
    """Whether the raw body, or else its compact form, is signed with this key (PEM). Never raises."""
    header = _header(delivery)
    digest = DIGESTS.get(header.get("digest", "").upper())
    key = _key(public_key)
    if key is None or digest is None:
        return False
    try:
        signature = base64.b64decode(header.get("signature", ""), validate=True)
    except (Base64Error, ValueError):
        return False
    return any(_verifies(key, signature, message, digest) for message in _messages(delivery.body))


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


def _header(delivery: Delivery) -> dict[str, str]:
    text = delivery.headers.get("x-ebay-signature", "")
    if not 0 < len(text) <= 4000:
        return {}
    try:
        header = msgspec.json.decode(base64.b64decode(text.encode("ascii"), validate=True))
    except (Base64Error, ValueError, RecursionError):
        return {}
    if not isinstance(header, dict) or str(header.get("alg", "")).lower() != "ecdsa":
        return {}
    kid = header.get("kid")
    if not isinstance(kid, str) or not KEY_ID.fullmatch(kid):
        return {}
    return {name: value for name, value in header.items() if isinstance(value, str)}


def _key(pem: str) -> ec.EllipticCurvePublicKey | None:
    inner = re.sub(r"-----(?:BEGIN|END) PUBLIC KEY-----|\s", "", pem)
    try:
        key = load_der_public_key(base64.b64decode(inner, validate=True))
    except (Base64Error, ValueError, UnsupportedAlgorithm):
        return None
    return key if isinstance(key, ec.EllipticCurvePublicKey) else None


def public_key(shop: Shop, kid: str) -> Generator[Request, Response, str]:
    """The PEM of a key, from memory or from eBay. Raises ShopError."""
    if not KEY_ID.fullmatch(kid):
        raise ShopError(Failure.NOT_FOUND, "The notification names a key that eBay cannot have.")
    known = shop.memory.get(KEYS, {}).get(kid)
    if isinstance(known, str):
        return known
    response = yield from ask(shop, f"commerce/notification/v1/public_key/{kid}")
    body = decoded(response)
    key = body.get("key") if isinstance(body, dict) else None
    if response.status != 200 or not isinstance(key, str):
        raise refusal(response)
    remember_key(shop, kid, key)
    return key


def remember_key(shop: Shop, kid: str, key: str) -> None:
    shop.memory.setdefault(KEYS, {})[kid] = key


def is_signed_by_known_key(shop: Shop, delivery: Delivery) -> bool:
    """With the keys in memory; False where the delivery's is not among them."""
    key = shop.memory.get(KEYS, {}).get(key_id(delivery))
    return isinstance(key, str) and is_signed(key, delivery)


def read(delivery: Delivery) -> Hint:
    """The orders a notification names; its content is not believed. Never raises."""
    try:
        body = msgspec.json.decode(delivery.body)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return Hint()
    metadata = body.get("metadata") if isinstance(body, dict) else None
    topic = metadata.get("topic") if isinstance(metadata, dict) else None
    topic = topic[:100] if isinstance(topic, str) else ""
    if topic not in ORDER_TOPICS:
        return Hint(topic=topic)
    return Hint(tuple(sorted(_order_ids(body.get("notification"), 6))), topic)


def _order_ids(value: Any, depth: int) -> set[str]:
    """Every `orderId` in the data; where exactly it stands differs by topic."""
    if depth == 0 or not isinstance(value, dict | list):
        return set()
    parts = value.values() if isinstance(value, dict) else value[:100]
    found = {identifier for part in parts for identifier in _order_ids(part, depth - 1)}
    own = value.get("orderId") if isinstance(value, dict) else None
    return found | {own} if isinstance(own, str) and ORDER_ID.fullmatch(own) else found
