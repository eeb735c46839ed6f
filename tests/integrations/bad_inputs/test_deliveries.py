"""Odd deliveries of webhooks, on every platform: never an error of ours, nothing forged is stored."""

from __future__ import annotations

import base64
import gzip
import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass

import pytest
from django.test import Client
from pytest_django import Settings

from integrations.models import OrderHint, Run, Webhook
from integrations.secrets import Secrets
from integrations.shop_webhooks import registration
from integrations.simulator import dialects
from integrations.simulator.dialects.ebay import notifications
from integrations.simulator.hooks import parcels
from integrations.simulator.switchboard import Event
from tests.integrations.bad_inputs.playing import Playing
from tests.integrations.shop_webhooks.shops import TOLD_BY_HAND
from tests.rows import EveryRow

pytestmark = pytest.mark.django_db

SITE = "https://office.example"
SIGNATURES = {
    "woocommerce": "X-WC-Webhook-Signature",
    "shopify": "X-Shopify-Hmac-Sha256",
    "bigcommerce": "webhook-signature",
    "ebay": "X-EBAY-SIGNATURE",
    "ecwid": "X-Ecwid-Webhook-Signature",
    "paypal": "PAYPAL-TRANSMISSION-SIG",
}
UNSIGNED_BODY = {"ecwid": "Ecwid signs the event's id and time, not the body, whose content is read again in the shop"}
SIGNED_MEANING = {"ebay": "eBay signs what the JSON says, however it is written"}
OWN_KEYS = {
    "ebay": "eBay signs with keys of its own, whichever seller a notification is about",
    "paypal": "PayPal signs with a key of its own, and over the webhook's id",
}
A_LIST = {"bigcommerce": "the header is a list of signatures, while a secret is changed"}


def but(*without: Mapping[str, str]) -> pytest.MarkDecorator:
    """On every platform but these, each with its reason."""
    left_out = {platform for reasons in without for platform in reasons}
    return pytest.mark.parametrize("door", [each for each in SIGNATURES if each not in left_out], indirect=True)


@dataclass
class Door:
    """A shop with its webhooks registered, and a delivery of it, signed as the platform signs."""

    playing: Playing
    headers: dict[str, str]
    body: bytes
    token: str

    @property
    def signature(self) -> str:
        return self.headers[SIGNATURES[self.playing.platform]]

    def post(self, headers: Mapping[str, str | None] | None = None, body: bytes | None = None) -> int:
        """The answer's status; a header that is None is left out."""
        sent = {name: value for name, value in {**self.headers, **(headers or {})}.items() if value is not None}
        kind = sent.pop("Content-Type", "application/json")
        content = self.body if body is None else body
        return Client().post(f"/hooks/{self.token}/", content, content_type=kind, headers=sent).status_code

    def signed(self, value: str | None) -> int:
        return self.post({SIGNATURES[self.playing.platform]: value})


def opened(platform: str, patch: pytest.MonkeyPatch, seed: int = 4) -> Door:
    def asked(address: str) -> bytes | None:
        answer = Client().get(address.removeprefix(SITE))
        return answer.content if answer.status_code == 200 else None

    patch.setattr(notifications, "ask", asked)
    here = "http://127.0.0.1:8000" if platform == "paypal" else "https://shop.example"
    playing = Playing(platform, patch, here, seed)
    if seed != 4:
        playing.sold.webhooks.add("none", "https://elsewhere.example/", "{}")  # ids of webhooks are never the same
    registered = registration.register(playing.integration)
    webhook = Webhook.objects.get(integration=playing.integration)
    if platform in TOLD_BY_HAND:
        playing.sold.webhooks.add("order.*", registration.address_of(webhook), playing.sold.secret)
    else:
        assert registered.ok, registered.summary
    sale = playing.sold.place("processing", {"MUG-BLUE": 1}, age=9000)
    _, parcel = parcels(playing.sold, dialects.get(platform).parcel, [Event("updated", sale)])[0]
    return Door(playing, dict(parcel.headers), parcel.body, webhook.token)


@pytest.fixture(params=SIGNATURES)
def door(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch, settings: Settings) -> Door:
    settings.PUBLIC_URL = SITE
    return opened(request.param, monkeypatch)


def nothing_is_stored() -> bool:
    return not OrderHint.objects.exists() and not Run.objects.filter(kind="hints").exists()


def test_control_the_delivery_as_it_was_sent_is_taken(door: Door) -> None:
    assert door.post() == 200
    assert OrderHint.objects.count() == 1


def test_w01_without_a_signature(door: Door) -> None:
    with EveryRow() as every:
        for value in (None, "", "é", "x" * 10_000, "=", "\x7f"):
            with every.apart(repr(value)[:10]):
                assert door.signed(value) == 401
                assert nothing_is_stored()
                assert (Webhook.objects.get().accepted, Webhook.objects.get().refused) == (0, 1)


@but(A_LIST)
def test_w01_two_signatures_in_one_header(door: Door) -> None:
    assert door.signed(f"{door.signature}, {door.signature}") == 401
    assert nothing_is_stored()


SPOILED_BODIES: dict[str, Callable[[bytes], bytes]] = {
    "W02-a-digit": lambda body: body.replace(b"1", b"2", 1),
    "W02-another-order": lambda body: body.replace(b"100", b"101"),
    "W20-gzip": gzip.compress,
    "W25-byte-order-mark": lambda body: b"\xef\xbb\xbf" + body,
}


@but(UNSIGNED_BODY)
def test_another_body(door: Door) -> None:
    with EveryRow() as every:
        for name, spoil in SPOILED_BODIES.items():
            with every.apart(name):
                assert door.post(body=spoil(door.body)) == 401
                assert nothing_is_stored()


@but(UNSIGNED_BODY, SIGNED_MEANING)
def test_w02_the_same_written_anew(door: Door) -> None:
    with EveryRow() as every:
        for spaces in (None, 1):
            with every.apart(f"indented by {spaces}"):
                assert door.post(body=json.dumps(json.loads(door.body), indent=spaces).encode() + b" ") == 401
                assert nothing_is_stored()


@pytest.mark.parametrize("door", UNSIGNED_BODY, indirect=True)
def test_w02_what_ecwid_signs(door: Door) -> None:
    event = json.loads(door.body)
    with EveryRow() as every:
        for name in ("eventId", "eventCreated"):
            with every.apart(name):
                assert door.post(body=json.dumps({**event, name: event[name] * 2}).encode()) == 401
                assert nothing_is_stored()


SPOILED_SIGNATURES: dict[str, Callable[[str], str]] = {
    "hex": lambda text: base64.b64decode(text + "==").hex(),
    "prefix": lambda text: f"sha256={text}",
    "lower-case": str.lower,
    "junk": lambda text: f"{text[:4]}!!{text[4:]}",
    "cut": lambda text: text[:-6],
    "twice": lambda text: text + text,
}


def test_w03_another_way_to_write_the_signature(door: Door) -> None:
    version, comma, text = door.signature.rpartition(",")  # BigCommerce: "v1,..."
    with EveryRow() as every:
        for name, spoil in SPOILED_SIGNATURES.items():
            with every.apart(name):
                assert door.signed(version + comma + spoil(text)) == 401
                assert nothing_is_stored()


@but({"ebay": OWN_KEYS["ebay"]})
def test_w04_the_signature_of_another_shop(door: Door, monkeypatch: pytest.MonkeyPatch) -> None:
    other = opened(door.playing.platform, monkeypatch, seed=5)
    assert Door(door.playing, other.headers, other.body, door.token).post() == 401
    assert nothing_is_stored()


@but(OWN_KEYS)
def test_w05_without_a_secret_nothing_is_believed(door: Door) -> None:
    shop = door.playing.integration
    Webhook.objects.update(secrets=Secrets(signing=""))
    shop.credentials = Secrets({**shop.credentials, "client_secret": ""})
    shop.save()
    assert door.post() == 401
    assert nothing_is_stored()


def test_w06_the_same_again_is_one_look(door: Door) -> None:
    assert [door.post() for _ in range(3)] == [200, 200, 200]
    assert OrderHint.objects.get().deliveries == 3
    assert Run.objects.filter(kind="hints").count() == 1


def test_w07_times_that_are_none(door: Door) -> None:
    with EveryRow() as every:
        for name in ("webhook-timestamp", "PAYPAL-TRANSMISSION-TIME"):
            signs_time = name in door.headers
            for value in ("abc", "-1", "1" * 20, "", "2999-01-01T00:00:00Z"):
                with every.apart(f"{name}: {value}"):
                    assert door.post({name: value}) == (401 if signs_time else 200)
                    assert nothing_is_stored() == signs_time


def test_w08_an_unknown_address_says_nothing(door: Door) -> None:
    token, door.token = door.token, "nobody"
    assert door.post() == 404
    door.token = token
    assert nothing_is_stored()


def test_w08_a_shop_that_is_switched_off_is_not_asked(door: Door) -> None:
    shop = door.playing.integration
    shop.enabled = False
    shop.save()
    assert door.post() == 200
    assert not Run.objects.filter(kind="hints").exists()


def test_w09_other_methods(door: Door) -> None:
    with EveryRow() as every:
        for method in ("get", "put", "patch", "delete", "head", "options"):
            with every.apart(method):
                assert getattr(Client(), method)(f"/hooks/{door.token}/").status_code == 405


def test_w10_more_than_is_read(door: Door, settings: Settings) -> None:
    settings.DATA_UPLOAD_MAX_MEMORY_SIZE = 100
    assert door.post(body=door.body * 3) == 413
    assert nothing_is_stored()


TOPICS = ("X-WC-Webhook-Topic", "X-Shopify-Topic")


def test_w13_topics_that_are_none(door: Door) -> None:
    with EveryRow() as every:
        for value in (None, "", "orders/nothing", "ORDERS/UPDATED", "x" * 5000, "é"):
            with every.apart(repr(value)[:20]):
                assert door.post(dict.fromkeys((name for name in TOPICS if name in door.headers), value)) == 200


def test_w19_headers_of_proxies_change_nothing(door: Door) -> None:
    assert door.post({"X-Forwarded-For": "1.2.3.4, 127.0.0.1", "X-Forwarded-Host": "evil.example"}) == 200
