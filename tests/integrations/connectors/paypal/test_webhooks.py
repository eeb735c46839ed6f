"""PayPal's webhooks: the signature, whose certificate is believed, registration, and payments that are listed late."""

from __future__ import annotations

import base64
import json
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any
from zlib import crc32

import pytest
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import padding, rsa
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from cryptography.x509 import Certificate
from cryptography.x509.verification import Store
from django.utils import timezone
from pytest_django import Settings

from integrations import client
from integrations.client import certificates
from integrations.connectors import get
from integrations.connectors.contract import Shop
from integrations.connectors.errors import Failure, ShopError
from integrations.connectors.notifications import Notification
from integrations.models import OrderHint, Webhook
from integrations.shop_webhooks import hints
from integrations.simulator.dialects.paypal.webhooks import SIGNER, issued
from integrations.simulator.shop import SimulatedShop
from orders.models import Order
from tests.integrations.shop_webhooks.shops import connected, selling, tell, work
from tests.recorded import able, answer, play

NOW = datetime(2026, 11, 1, 12, tzinfo=UTC)
LIVE = "https://api-m.paypal.com"
SHOP = Shop(LIVE, {"client_id": "A1", "client_secret": "E1"})
WEBHOOK = "0EH40505U7160970P"
BODY = b'{"event_type":"PAYMENT.CAPTURE.COMPLETED"}'
paypal = get("paypal")


@pytest.fixture(scope="module")
def keys() -> tuple[rsa.RSAPrivateKey, rsa.RSAPrivateKey]:
    """An authority's and a signer's."""
    root, signer = (rsa.generate_private_key(public_exponent=65537, key_size=2048) for _ in range(2))
    return root, signer


def pem(key: rsa.RSAPrivateKey) -> str:
    return key.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo).decode()


def delivery(key: rsa.RSAPrivateKey, body: bytes = BODY, sent: datetime = NOW) -> Notification:
    """Signed as PayPal documents it: `id|time|webhook id|crc32 of the body, decimal`."""
    time = sent.strftime("%Y-%m-%dT%H:%M:%SZ")
    message = f"69cd13f0|{time}|{WEBHOOK}|{crc32(body)}".encode()
    headers = {
        "paypal-transmission-id": "69cd13f0",
        "paypal-transmission-time": time,
        "paypal-transmission-sig": base64.b64encode(key.sign(message, padding.PKCS1v15(), hashes.SHA256())).decode(),
        "paypal-cert-url": f"{LIVE}/v1/notifications/certs/CERT-360caa42-fca2a594",
        "paypal-auth-algo": "SHA256withRSA",
    }
    return Notification(headers, body, key=pem(key), registered_as=WEBHOOK)


def verified(given: Notification) -> bool:
    return able(paypal.webhooks).verify(SHOP, "", given, NOW)


def test_a_signed_delivery_is_believed(keys: tuple[rsa.RSAPrivateKey, rsa.RSAPrivateKey]) -> None:
    assert verified(delivery(keys[1]))
    assert verified(delivery(keys[1], sent=NOW - timedelta(days=3)))  # as long as PayPal repeats it


def test_anything_odd_is_not(keys: tuple[rsa.RSAPrivateKey, rsa.RSAPrivateKey]) -> None:
    right = delivery(keys[1])
    odd = [
        replace(right, body=BODY + b" "),
        replace(right, key=pem(keys[0])),
        replace(right, key=""),
        replace(right, key="-----BEGIN PUBLIC KEY-----\nAAAA\n-----END PUBLIC KEY-----\n"),
        replace(right, registered_as="another"),
        replace(right, registered_as=""),
        delivery(keys[1], sent=NOW - timedelta(days=5)),
        delivery(keys[1], sent=NOW + timedelta(minutes=6)),
    ]
    for header, values in {
        "paypal-auth-algo": ("", "SHA1withRSA", "none"),
        "paypal-transmission-id": ("", "é", "other"),
        "paypal-transmission-time": ("", "now", "2026-11-01", "9" * 40),
        "paypal-transmission-sig": ("", "é", "aG!!k=", "A" * 344),
    }.items():
        odd += [replace(right, headers={**right.headers, header: value}) for value in values]
    assert [verified(each) for each in odd] == [False] * len(odd)


@pytest.mark.parametrize(
    "address",
    [
        "",
        "http://127.0.0.1/x.pem",
        "https://evil.example/v1/notifications/certs/CERT-1",
        "http://api.paypal.com/v1/notifications/certs/CERT-1",
        "https://api.paypal.com.evil.example/v1/notifications/certs/CERT-1",
        "https://api.paypal.com@evil.example/v1/notifications/certs/CERT-1",
        "https://api.paypal.com:8443/v1/notifications/certs/CERT-1",
        "https://api.sandbox.paypal.com/v1/notifications/certs/CERT-1",
        "https://www.paypal.com/v1/notifications/certs/CERT-1",
        "https://api.paypal.com/v1/notifications/certs/../../oauth2/token",
        "https://api.paypal.com/v1/notifications/certs/CERT-1?x=1",
        "https://api.paypal.com/v1/notifications/certs/CERT-1#x",
        "https://api.paypal.com/v1/notifications/certs/CERT-1\n",
        f"https://api.paypal.com/v1/notifications/certs/{'A' * 200}",
    ],
)
def test_certificates_of_other_addresses_are_never_fetched(address: str) -> None:
    assert (
        able(able(paypal.webhooks).signing_keys).claimed(SHOP, Notification({"paypal-cert-url": address}, b"")) is None
    )


@pytest.mark.parametrize(
    ("base", "hosts"),
    [
        (LIVE, ("api.paypal.com", "api-m.paypal.com")),
        ("https://api-m.sandbox.paypal.com", ("api.sandbox.paypal.com", "api-m.sandbox.paypal.com")),
    ],
)
def test_certificates_of_paypals_own_hosts_are(base: str, hosts: tuple[str, ...]) -> None:
    for host in hosts:
        address = f"https://{host}/v1/notifications/certs/CERT-360caa42-fca2a594"
        named = able(able(paypal.webhooks).signing_keys).claimed(
            Shop(base, {}), Notification({"paypal-cert-url": address}, b"")
        )
        assert named is not None and named.name == address
        assert SIGNER in named.certified_for
        [request] = play(able(able(paypal.webhooks).signing_keys).fetch(Shop(base, {}), address), [answer(b"PEM")])[1]
        assert (request.method, request.url, request.auth) == ("GET", address, None)


def chain(*parts: Certificate) -> str:
    return b"".join(each.public_bytes(Encoding.PEM) for each in parts).decode()


def test_a_certificate_must_lead_to_a_known_authority(
    keys: tuple[rsa.RSAPrivateKey, rsa.RSAPrivateKey], monkeypatch: pytest.MonkeyPatch
) -> None:
    root, signer = keys
    authority = issued("Our authority", root, "Our authority", root)
    right = issued(SIGNER, signer, "Our authority", root)
    today = datetime.now(UTC)
    believed = certificates.certified_key(chain(right, authority), (SIGNER,), today, trust_its_root=True)
    assert believed == pem(signer)
    other = issued("evil.example", signer, "Our authority", root)
    own = issued(SIGNER, signer, SIGNER, signer)
    pretended = issued(SIGNER, signer, "Our authority", signer)
    refused: list[tuple[str, datetime, bool]] = [
        (chain(right, authority), today, False),  # no authority that anybody knows
        (chain(other, authority), today, True),
        (chain(pretended, authority), today, True),
        (chain(own), today, True),
        (chain(right, authority), today + timedelta(days=60), True),
        (chain(right, authority), today - timedelta(days=60), True),
        (chain(right, *[authority] * 6), today, True),
        ("", today, True),
        ("-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n", today, True),
        ("é" * 70_000, today, True),
    ]
    for text, at, trusting in refused:
        with pytest.raises(ShopError) as caught:
            certificates.certified_key(text, ("other.paypal.com", SIGNER), at, trust_its_root=trusting)
        assert caught.value.kind == Failure.NOT_FOUND
    # The same, once that authority is known.
    monkeypatch.setattr(certificates, "known_authorities", lambda: Store([authority]))
    assert client.certified_key(chain(right), ("other.paypal.com", SIGNER), today) == pem(signer)


def test_the_authorities_of_https_are_known() -> None:
    assert certificates.known_authorities()


# --- registration ---

EVENTS = [{"name": "PAYMENT.CAPTURE.COMPLETED"}]
ADDRESS = "https://office.example/hooks/t/"


@pytest.fixture(autouse=True)
def token() -> None:
    SHOP.memory["paypal_token"] = "t"


def test_one_webhook_is_made_and_known_by_its_id() -> None:
    foreign = {"id": "F", "url": "https://other.example/", "event_types": []}
    made = {"id": WEBHOOK, "url": ADDRESS, "event_types": []}
    [registered], requests = play(
        able(able(paypal.webhooks).register)(SHOP, ADDRESS, ""), [answer({"webhooks": [foreign]}), answer(made, 201)]
    )
    assert (registered.external_id, registered.address, registered.active) == (WEBHOOK, ADDRESS, True)
    written = json.loads(requests[1].body or b"")
    assert written["url"] == ADDRESS
    assert {each["name"] for each in written["event_types"]} >= {"PAYMENT.CAPTURE.COMPLETED", "PAYMENT.CAPTURE.DENIED"}


def test_one_that_lacks_events_is_given_them_and_a_whole_one_stays() -> None:
    ours = {"id": WEBHOOK, "url": ADDRESS, "event_types": EVENTS}
    [registered], requests = play(
        able(able(paypal.webhooks).register)(SHOP, ADDRESS, ""), [answer({"webhooks": [ours]}), answer(ours)]
    )
    assert (requests[1].method, requests[1].url) == ("PATCH", f"{LIVE}/v1/notifications/webhooks/{WEBHOOK}")
    whole = {**ours, "event_types": json.loads(requests[1].body or b"")[0]["value"]}
    assert play(able(able(paypal.webhooks).register)(SHOP, ADDRESS, ""), [answer({"webhooks": [whole]})])[0] == (
        registered,
    )
    listed, _ = play(able(able(paypal.webhooks).registered)(SHOP), [answer({"webhooks": [ours, whole]})])
    assert [webhook.active for webhook in listed] == [False, True]


@pytest.mark.parametrize(
    ("name", "status", "words"),
    [
        ("WEBHOOK_NUMBER_LIMIT_EXCEEDED", 400, "ten webhooks"),
        ("VALIDATION_ERROR", 400, "public https address"),
        ("NOT_AUTHORIZED", 403, "does not let this app"),
        ("INTERNAL_SERVICE_ERROR", 500, "fault of its own"),
    ],
)
def test_what_paypal_refuses_says_how_to_go_on(name: str, status: int, words: str) -> None:
    with pytest.raises(ShopError, match=words):
        play(
            able(able(paypal.webhooks).register)(SHOP, ADDRESS, ""),
            [answer({"webhooks": []}), answer({"name": name}, status)],
        )


# --- what a delivery tells ---


def told(event: str, resource: Any) -> tuple[str, ...]:
    body = json.dumps({"event_type": event, "resource": resource}).encode()
    return able(paypal.webhooks).read(Notification({}, body)).external_ids


def test_a_payment_is_named_by_id_and_time() -> None:
    capture = {"id": "5O190127TN364715T", "create_time": "2026-11-01T10:00:00Z"}
    assert told("PAYMENT.CAPTURE.COMPLETED", capture) == ("5O190127TN364715T.T9999.20261101T100000Z",)
    assert told("PAYMENT.CAPTURE.REFUNDED", capture) == ()  # the refund's own id and time
    assert told("CHECKOUT.ORDER.APPROVED", capture) == ()
    odds: tuple[Any, ...] = (None, [], {**capture, "create_time": 3}, {"create_time": "2026-11-01T10:00:00Z"})
    for odd in odds:
        assert told("PAYMENT.CAPTURE.COMPLETED", odd) == ()
    assert told("PAYMENT.CAPTURE.COMPLETED", {**capture, "id": "not an id"}) == ()


@pytest.fixture
def moving(settings: Settings) -> Iterator[Any]:
    """A simulated PayPal whose clock can be set forward."""
    ahead = [timedelta(0)]
    shop = SimulatedShop("Told", seed=3, clock=lambda: datetime.now(UTC) + ahead[0])
    with selling("paypal", shop) as running:
        settings.ALLOWED_SHOP_ADDRESSES = frozenset({running.address})
        yield running, ahead


@pytest.mark.django_db(transaction=True)
def test_a_payment_that_is_not_listed_yet_is_looked_for_again(
    moving: Any, live_server: Any, settings: Settings
) -> None:
    settings.PUBLIC_URL = live_server.url
    server, ahead = moving
    connected(server, "paypal")
    server.site.shop.place("processing", {"MUG-WHITE": 1})
    tell(server)
    work()
    hint = OrderHint.objects.get()
    assert not Order.objects.exists()
    assert timedelta(minutes=14) < hint.look_at - timezone.now() < timedelta(minutes=16)
    asked = len(server.site.log)
    work()
    assert len(server.site.log) == asked  # nothing is due
    ahead[0] = timedelta(minutes=41)
    OrderHint.objects.update(look_at=timezone.now())

    assert hints.start_leftovers() == 1
    work()
    assert Order.objects.count() == 1
    assert not OrderHint.objects.filter(pk=hint.pk).exists()


@pytest.mark.django_db(transaction=True)
def test_a_payment_that_never_comes_is_given_up(moving: Any, live_server: Any, settings: Settings) -> None:
    settings.PUBLIC_URL = live_server.url
    server, _ = moving
    integration = connected(server, "paypal")
    long_ago = timezone.now() - timedelta(hours=3, minutes=1)
    name = f"5O190127TN364715T.T9999.{long_ago:%Y%m%dT%H%M%SZ}"
    OrderHint.objects.create(integration=integration, external_id=name, first_at=long_ago, last_at=long_ago)

    assert hints.start_leftovers() == 1
    work()
    assert not OrderHint.objects.exists()
    assert Webhook.objects.get().external_id.startswith("0EH")
