"""PayPal's webhooks: `v1/notifications/webhooks`, certificates of its own authority, deliveries signed with RSA."""

from __future__ import annotations

import base64
import json
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from uuid import NAMESPACE_URL, uuid5
from zlib import crc32

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import padding, rsa
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from integrations.simulator.dialects.paypal.transactions import (
    LETTERS,
    Json,
    Refused,
    began_at,
    stamp,
    transaction_id,
)
from integrations.simulator.messages import Answered, Asked, as_json
from integrations.simulator.shop import SimulatedShop
from integrations.simulator.switchboard import Event, Hook, Parcel

ROOT = "/v1/notifications/webhooks"
CERTIFICATES = "/v1/notifications/certs/"
MOST = 10
SIGNER = "messageverificationcerts.paypal.com"
TOPICS = {"S": "PAYMENT.CAPTURE.COMPLETED", "P": "PAYMENT.CAPTURE.PENDING", "D": "PAYMENT.CAPTURE.DENIED"}


def answer(shop: SimulatedShop, asked: Asked) -> Answered:
    """The token has been checked. A hook's topic holds its events, divided by spaces."""
    board = shop.webhooks
    board.kept["host"] = asked.host
    if asked.method == "GET" and asked.path == ROOT:
        return as_json({"webhooks": [_document(hook) for hook in board.hooks.values()]})
    wanted = json.loads(asked.body or b"{}")
    if asked.method == "POST" and asked.path == ROOT:
        url = str(wanted.get("url", ""))
        if not url.startswith(("https://", "http://127.0.0.1", "http://localhost")):
            raise Refused(400, "VALIDATION_ERROR", "URL_NOT_HTTPS")
        if any(hook.address == url for hook in board.hooks.values()):
            raise Refused(400, "WEBHOOK_URL_ALREADY_EXISTS")
        if len(board.hooks) >= MOST:
            raise Refused(400, "WEBHOOK_NUMBER_LIMIT_EXCEEDED")
        return as_json(_document(board.add(_topics(wanted.get("event_types")), url, "")), 201)
    hook = next((hook for hook in board.hooks.values() if asked.path == f"{ROOT}/{_id(hook)}"), None)
    if hook is None or asked.method != "PATCH":
        raise Refused(404, "INVALID_RESOURCE_ID")
    hook.topic = _topics(wanted[0]["value"])
    return as_json(_document(hook))


def _topics(types: list[Json] | None) -> str:
    return " ".join(sorted(each["name"] for each in types or ()))


def _id(hook: Hook) -> str:
    return f"0EH40505U7160{hook.id:05}P"


def _document(hook: Hook) -> Json:
    types = [{"name": name, "status": "ENABLED"} for name in hook.topic.split()]
    return {"id": _id(hook), "url": hook.address, "event_types": types, "links": []}


def parcel(shop: SimulatedShop, hook: Hook, event: Event) -> Parcel | None:
    """What became of a payment, long before it is listed."""
    sale, state = event.sale, event.sale.state(shop.now())
    topic = TOPICS.get(LETTERS.get(state.status, ""), "")
    if topic not in hook.topic.split() or event.kind == "deleted":
        return None
    resource = {"id": transaction_id(shop, sale), "create_time": stamp(began_at(sale)), "status": topic.split(".")[-1]}
    body = json.dumps(
        {
            "id": f"WH-{sale.id}-{int(state.at.timestamp())}",
            "create_time": stamp(shop.now()),
            "event_type": topic,
            "resource_type": "capture",
            "resource": resource,
        },
        separators=(",", ":"),
    ).encode()
    return signed(shop, hook, body)


def signed(shop: SimulatedShop, hook: Hook, body: bytes) -> Parcel:
    name, key, _ = credentials()
    sent, identifier = shop.now().strftime("%Y-%m-%dT%H:%M:%SZ"), str(uuid5(NAMESPACE_URL, body.hex()))
    message = f"{identifier}|{sent}|{_id(hook)}|{crc32(body)}".encode()
    headers = {
        "Content-Type": "application/json",
        "PAYPAL-TRANSMISSION-ID": identifier,
        "PAYPAL-TRANSMISSION-TIME": sent,
        "PAYPAL-TRANSMISSION-SIG": base64.b64encode(key.sign(message, padding.PKCS1v15(), hashes.SHA256())).decode(),
        "PAYPAL-CERT-URL": f"http://{shop.webhooks.kept['host']}{CERTIFICATES}{name}",
        "PAYPAL-AUTH-ALGO": "SHA256withRSA",
    }
    return Parcel(headers, body)


def certificate(asked: Asked) -> Answered:
    name, _, chain = credentials()
    if asked.path != f"{CERTIFICATES}{name}":
        raise Refused(404, "RESOURCE_NOT_FOUND")
    return Answered(200, chain, {"Content-Type": "application/x-x509-ca-cert"})


@lru_cache(maxsize=1)
def credentials() -> tuple[str, rsa.RSAPrivateKey, bytes]:
    """The certificate's name, the signing key, and the chain (PEM): the certificate and the authority behind it."""
    root, key = (rsa.generate_private_key(public_exponent=65537, key_size=2048) for _ in range(2))
    authority = issued("Simulated authority", root, "Simulated authority", root)
    leaf = issued(SIGNER, key, "Simulated authority", root)
    chain = b"".join(each.public_bytes(Encoding.PEM) for each in (leaf, authority))
    return f"CERT-{leaf.fingerprint(hashes.SHA256()).hex()[:24]}", key, chain


def issued(
    name: str, key: rsa.RSAPrivateKey, issuer: str, signer: rsa.RSAPrivateKey, days: int = 30
) -> x509.Certificate:
    """A certificate of an authority (one that signs itself) or for a host name; valid from yesterday."""
    since = datetime.now(UTC) - timedelta(days=1)
    authority = name == issuer
    built = (
        x509.CertificateBuilder()
        .subject_name(x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)]))
        .issuer_name(x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, issuer)]))
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(since)
        .not_valid_after(since + timedelta(days=days))
        .add_extension(x509.BasicConstraints(ca=authority, path_length=None), critical=True)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
        .add_extension(x509.AuthorityKeyIdentifier.from_issuer_public_key(signer.public_key()), critical=False)
        .add_extension(_usage(authority), critical=True)
    )
    if not authority:
        usage = x509.ExtendedKeyUsage([ExtendedKeyUsageOID.SERVER_AUTH])
        built = built.add_extension(x509.SubjectAlternativeName([x509.DNSName(name)]), critical=False)
        built = built.add_extension(usage, critical=False)
    return built.sign(signer, hashes.SHA256())


def _usage(authority: bool) -> x509.KeyUsage:
    return x509.KeyUsage(
        digital_signature=not authority,
        key_cert_sign=authority,
        crl_sign=authority,
        content_commitment=False,
        key_encipherment=False,
        data_encipherment=False,
        key_agreement=False,
        encipher_only=False,
        decipher_only=False,
    )
