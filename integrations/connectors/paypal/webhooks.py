"""Webhooks of PayPal: registered by API, signed with a certificate of PayPal's own.

The signature (`PAYPAL-TRANSMISSION-SIG`, RSA with SHA-256) covers
`{transmission id}|{transmission time}|{webhook id}|{CRC-32 of the raw body, decimal}`; `PAYPAL-CERT-URL` says where the
certificate is. It is fetched from PayPal's own hosts only, and it must be a known authority's for the name that PayPal
signs under. A failed delivery is repeated for three days (developer.paypal.com > Webhooks).

PayPal tells of payments made through this very app. A refund names its payment without saying when it was, so it
cannot be looked for; the next load finds it in the list (`paypal.refunds`).
"""

from __future__ import annotations

import re
from collections.abc import Container
from dataclasses import replace
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
from integrations.connectors.http import Operation, Request
from integrations.connectors.kit import stamps
from integrations.connectors.kit.json_answers import decoded_object, objects, part
from integrations.connectors.kit.signatures import from_base64, is_recent, topic_of
from integrations.connectors.kit.tokens import Exchange
from integrations.connectors.kit.webhook_registrations import Registered
from integrations.connectors.notifications import Hint, Notification, RemoteWebhook, SigningKey
from integrations.connectors.paypal.identity import ANY_EVENT, external_id, is_id
from integrations.connectors.paypal.requests import REFUSALS, refusal, send

PATH = "v1/notifications/webhooks"
PAYMENTS = tuple(f"PAYMENT.CAPTURE.{each}" for each in ("COMPLETED", "PENDING", "DENIED", "DECLINED"))
EVENTS = (*PAYMENTS, "PAYMENT.CAPTURE.REFUNDED", "PAYMENT.CAPTURE.REVERSED")
REPEATED_FOR = timedelta(days=4)
CERTIFICATE = re.compile(r"/v1/notifications/certs/[0-9A-Za-z_-]{1,100}")
LIVE, SANDBOX = "paypal.com", "sandbox.paypal.com"
SIGNERS = ("messageverificationcerts.paypal.com", "messageverificationcerts.sandbox.paypal.com")
REGISTERING = replace(
    REFUSALS,
    rows={
        **REFUSALS.rows,
        (400, "WEBHOOK_NUMBER_LIMIT_EXCEEDED"): (
            Failure.REFUSED,
            "The PayPal app has ten webhooks already, which is all it may have: delete one in the app's settings.",
        ),
        (400, None): (Failure.ADDRESS, "PayPal refuses the webhook's address: it must be a public https address."),
        (403, None): (Failure.REFUSED, "PayPal does not let this app have webhooks."),
    },
)


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
    webhook, signature = notification.registered_as, from_base64(headers.get("paypal-transmission-sig", ""))
    if headers.get("paypal-auth-algo") != "SHA256withRSA" or not (identifier and webhook):
        return False
    signed = f"{identifier}|{time}|{webhook}|{crc32(notification.body)}".encode("utf-8", "replace")
    try:
        sent = stamps.instant(time, "PAYPAL-TRANSMISSION-TIME").timestamp()
        key = load_pem_public_key(notification.key.encode())
        if not isinstance(key, rsa.RSAPublicKey):
            return False
        key.verify(signature, signed, padding.PKCS1v15(), hashes.SHA256())
    except (InvalidSignature, UnsupportedAlgorithm, PayloadError, ValueError):
        return False
    return is_recent(sent, now, REPEATED_FOR)


def read(notification: Notification) -> Hint:
    body = decoded_object(notification)
    topic = topic_of(body.get("event_type"))
    payment = part(body, "resource") if topic in PAYMENTS else {}
    try:
        began = stamps.instant(payment.get("create_time"), "create_time")
        named = external_id(payment.get("id"), ANY_EVENT, began)
    except PayloadError:
        return Hint(topic=topic)
    return Hint((named,) if is_id(named) else (), topic)


def webhooks(shop: Shop) -> Registered:
    """Those of this app; active ones are told of every event. PayPal switches none off, it gives deliveries up."""
    listed = yield from _listed(shop)
    return tuple(replace(_webhook(entry), active=_is_whole(entry)) for entry in listed)


def register(shop: Shop, address: str, secret: str, only: Container[str] | None = None) -> Registered:
    """One webhook for all events of payments, so `only` says nothing; one of this address that lacks some gets them."""
    listed = yield from _listed(shop)
    ours = next((entry for entry in listed if entry.get("url") == address), None)
    events = [{"name": name} for name in EVENTS]
    if ours is None:
        response = yield from _write(shop, "POST", PATH, {"url": address, "event_types": events})
    elif _is_whole(ours):
        return (_webhook(ours),)
    else:
        change = [{"op": "replace", "path": "/event_types", "value": events}]
        response = yield from _write(shop, "PATCH", f"{PATH}/{ours.get('id')}", change)
    entry = decoded_object(response)
    if response.status not in (200, 201) or not entry.get("id"):
        raise REGISTERING.of(response)
    return (_webhook(entry),)


def _is_whole(entry: dict[str, Any]) -> bool:
    """Whether it is told of all events we need."""
    return set(EVENTS) <= {str(each.get("name")) for each in objects(entry.get("event_types"))}


def _listed(shop: Shop) -> Operation[list[dict[str, Any]]]:
    response = yield from send(shop, Request("GET", f"{shop.base_url}/{PATH}"))
    listed = decoded_object(response).get("webhooks")
    if response.status != 200 or not isinstance(listed, list):
        raise REGISTERING.of(response)
    return objects(listed)


def _write(shop: Shop, method: str, path: str, body: Any) -> Exchange:
    return (yield from send(shop, Request(method, f"{shop.base_url}/{path}", body=msgspec.json.encode(body))))


def _webhook(entry: dict[str, Any]) -> RemoteWebhook:
    return RemoteWebhook(str(entry.get("id", "")), "PAYMENT.CAPTURE.*", str(entry.get("url", "")), active=True)
