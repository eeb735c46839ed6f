"""Webhooks of PayPal: registered by API, signed with a certificate of PayPal's own.

The signature (`PAYPAL-TRANSMISSION-SIG`, RSA with SHA-256) covers
`{transmission id}|{transmission time}|{webhook id}|{CRC-32 of the raw body, decimal}`; `PAYPAL-CERT-URL` says where the
certificate is. It is fetched from PayPal's own hosts only, and it must be a known authority's for the name that PayPal
signs under. A failed delivery is repeated for three days (developer.paypal.com > Webhooks).

PayPal tells of payments made through this very app. A refund names its payment without saying when it was, so it
cannot be looked for; the open orders are read again hourly.
"""

from __future__ import annotations

import base64
import re
from binascii import Error as Base64Error
from datetime import datetime, timedelta
from typing import Any
from zlib import crc32

import msgspec
from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import padding, rsa
from cryptography.hazmat.primitives.serialization import load_pem_public_key

from integrations.connectors.contract import Shop
from integrations.connectors.errors import Failure, PayloadError, ShopError
from integrations.connectors.http import Operation, Request, Response
from integrations.connectors.kit import stamps
from integrations.connectors.kit.answers import decoded
from integrations.connectors.kit.signatures import object_in
from integrations.connectors.kit.tokens import Exchange
from integrations.connectors.notifications import Hint, Notification, RemoteWebhook, SigningKey
from integrations.connectors.paypal.identity import ANY_EVENT, external_id, parts
from integrations.connectors.paypal.requests import error_name, refusal, send

PATH = "v1/notifications/webhooks"
PAYMENTS = tuple(f"PAYMENT.CAPTURE.{each}" for each in ("COMPLETED", "PENDING", "DENIED", "DECLINED"))
EVENTS = (*PAYMENTS, "PAYMENT.CAPTURE.REFUNDED", "PAYMENT.CAPTURE.REVERSED")
REPEATED_FOR, AHEAD = timedelta(days=4), timedelta(minutes=5)
CERTIFICATE = re.compile(r"/v1/notifications/certs/[0-9A-Za-z_-]{1,100}")
LIVE, SANDBOX = "paypal.com", "sandbox.paypal.com"
SIGNERS = ("messageverificationcerts.paypal.com", "messageverificationcerts.sandbox.paypal.com")


def signing_key(shop: Shop, notification: Notification) -> SigningKey | None:
    """The certificate by its address; None for one that is not at PayPal's API."""
    address = notification.headers.get("paypal-cert-url", "")
    for host in _hosts(shop):
        if address.startswith(f"{host}/") and CERTIFICATE.fullmatch(address.removeprefix(host)):
            return SigningKey(address, SIGNERS)
    return None


def _hosts(shop: Shop) -> tuple[str, ...]:
    """The API has two names. At a shop's address of another kind only that one."""
    for domain in (SANDBOX, LIVE):
        if shop.base_url in (known := (f"https://api-m.{domain}", f"https://api.{domain}")):
            return known
    return (shop.base_url,)


def certificate(shop: Shop, address: str) -> Operation[str]:
    """The certificate and those behind it. NOT_FOUND where there is none."""
    response = yield Request("GET", address, headers={"Accept": "*/*"})
    if response.status in (400, 404):
        raise ShopError(Failure.NOT_FOUND, "PayPal has no certificate by this name.", status=response.status)
    if response.status != 200 or not response.body.isascii():
        raise refusal(response)
    return response.body.decode()


def is_signed(shop: Shop, secret: str, notification: Notification, now: datetime) -> bool:
    """Whether the raw body is signed with `notification.key` for our webhook. Never raises.

    Certificates are PayPal's own and the same for everybody, so `secret` plays no part.
    """
    headers = notification.headers
    identifier, time = headers.get("paypal-transmission-id", ""), headers.get("paypal-transmission-time", "")
    if headers.get("paypal-auth-algo") != "SHA256withRSA" or not identifier or not _is_recent(time, now):
        return False
    if not notification.key or not notification.registered_as:
        return False
    signed = f"{identifier}|{time}|{notification.registered_as}|{crc32(notification.body)}".encode("utf-8", "replace")
    try:
        key = load_pem_public_key(notification.key.encode())
        signature = base64.b64decode(headers.get("paypal-transmission-sig", ""), validate=True)
        if not isinstance(key, rsa.RSAPublicKey):
            return False
        key.verify(signature, signed, padding.PKCS1v15(), hashes.SHA256())
    except (InvalidSignature, UnsupportedAlgorithm, Base64Error, ValueError):
        return False
    return True


def _is_recent(time: str, now: datetime) -> bool:
    try:
        sent = stamps.instant(time, "PAYPAL-TRANSMISSION-TIME")
    except PayloadError:
        return False
    return -AHEAD <= now - sent <= REPEATED_FOR


def read(notification: Notification) -> Hint:
    body = object_in(notification)
    topic = body.get("event_type")
    topic = topic[:100] if isinstance(topic, str) else ""
    resource = body.get("resource")
    payment = resource if isinstance(resource, dict) and topic in PAYMENTS else {}
    try:
        began = stamps.instant(payment.get("create_time"), "create_time")
        named = external_id(payment.get("id"), ANY_EVENT, began)
    except PayloadError:
        return Hint(topic=topic)
    return Hint((named,), topic) if parts(named) else Hint(topic=topic)


def webhooks(shop: Shop) -> Operation[tuple[RemoteWebhook, ...]]:
    """Those of this app. PayPal switches none off; it only gives single deliveries up."""
    listed = yield from _listed(shop)
    return tuple(_webhook(entry) for entry in listed)


def register(shop: Shop, address: str, secret: str) -> Operation[tuple[RemoteWebhook, ...]]:
    """One webhook for all events of payments; one of this address that lacks some is given them."""
    listed = yield from _listed(shop)
    ours = next((entry for entry in listed if entry.get("url") == address), None)
    events = [{"name": name} for name in EVENTS]
    if ours is None:
        response = yield from _write(shop, "POST", PATH, {"url": address, "event_types": events})
    elif set(EVENTS) <= _events(ours):
        return (_webhook(ours),)
    else:
        change = [{"op": "replace", "path": "/event_types", "value": events}]
        response = yield from _write(shop, "PATCH", f"{PATH}/{ours.get('id')}", change)
    entry = decoded(response)
    if response.status not in (200, 201) or not isinstance(entry, dict) or not entry.get("id"):
        raise _refused(response)
    return (_webhook(entry),)


def _listed(shop: Shop) -> Operation[list[dict[str, Any]]]:
    response = yield from send(shop, Request("GET", f"{shop.base_url}/{PATH}"))
    body = decoded(response)
    listed = body.get("webhooks") if isinstance(body, dict) else None
    if response.status != 200 or not isinstance(listed, list):
        raise _refused(response)
    return [entry for entry in listed if isinstance(entry, dict)]


def _events(entry: dict[str, Any]) -> set[str]:
    types = entry.get("event_types")
    return {str(each.get("name")) for each in types if isinstance(each, dict)} if isinstance(types, list) else set()


def _write(shop: Shop, method: str, path: str, body: Any) -> Exchange:
    return (yield from send(shop, Request(method, f"{shop.base_url}/{path}", body=msgspec.json.encode(body))))


def _webhook(entry: dict[str, Any]) -> RemoteWebhook:
    return RemoteWebhook(str(entry.get("id", "")), "PAYMENT.CAPTURE.*", str(entry.get("url", "")), active=True)


def _refused(response: Response) -> ShopError:
    name, status = error_name(response), response.status
    if name == "WEBHOOK_NUMBER_LIMIT_EXCEEDED":
        return ShopError(
            Failure.REFUSED,
            "The PayPal app has ten webhooks already, which is all it may have: delete one in the app's settings.",
            status=status,
        )
    if status == 400:
        return ShopError(
            Failure.ADDRESS, "PayPal refuses the webhook's address: it must be a public https address.", status=status
        )
    if status == 403:
        return ShopError(Failure.REFUSED, "PayPal does not let this app have webhooks.", status=status)
    return refusal(response)
