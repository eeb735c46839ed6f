"""Webhooks: signatures over raw bytes, what deliveries are about, what is registered."""

from __future__ import annotations

import base64
import hmac
import json
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest

from integrations.connectors import get
from integrations.connectors.errors import Failure, ShopError
from integrations.connectors.notifications import Erasure, Hint, Notification
from integrations.simulator.dialects.shopify.webhooks import parcel
from integrations.simulator.server import SimulatedSite
from integrations.simulator.shop import SimulatedShop
from integrations.simulator.switchboard import Event
from tests.integrations.connectors.shopify.orders import SECRET, SHOP, keys
from tests.recorded import able, answer, from_site, play, serve

shopify = get("shopify")
NOON = datetime(2026, 11, 1, 12, tzinfo=UTC)
ADDRESS = "https://office.example/hooks/t/"
SIGNED = replace(SHOP, credentials={"access_token": "shpat_1", "client_secret": SECRET})
VECTORS = [
    ('{"test":{"test2": "testing"}}', "sphss_sjdnbsfsdjbgksbgksgb", "RJCzgKmUoGP/Ylod4MhDP+BXTVOaV4NVbdqa3xn9vw4="),
    ('"my secret message"', "hush", "hMTq0K2x7oyOjoBwGYeTj5oxfnaVYXzbanUG9aajpKI="),
]


def delivery(body: bytes, signature: str, **headers: str) -> Notification:
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return Notification({"x-shopify-hmac-sha256": signature, **named}, body)


def verified(given: Notification, secret: str = SECRET, shop: Any = SHOP) -> bool:
    return able(shopify.webhooks).verify(shop, secret, given, NOON)


@pytest.mark.parametrize(("body", "secret", "signature"), VECTORS)
def test_the_published_vectors(body: str, secret: str, signature: str) -> None:
    assert verified(delivery(body.encode(), signature), secret)
    assert verified(Notification({"shopify-hmac-sha256": signature}, body.encode()), secret), "the newer name"
    shop = replace(SHOP, credentials={"client_secret": secret})
    assert verified(delivery(body.encode(), signature), "our own", shop), "the app's secret signs"


BODY, GOOD = VECTORS[1][0].encode(), VECTORS[1][2]


@pytest.mark.parametrize(
    "signature",
    [
        "",
        "é",
        "x" * 10_000,
        GOOD[:-1],
        GOOD.rstrip("="),
        GOOD + "=",
        GOOD.lower(),
        f"sha256={GOOD}",
        "h!" + GOOD[1:],
        base64.b64decode(GOOD).hex(),
        f"{GOOD}, {GOOD}",
    ],
)
def test_only_the_exact_form_counts(signature: str) -> None:
    assert not verified(delivery(BODY, signature))


def test_what_is_not_signed() -> None:
    assert not verified(Notification({}, BODY))
    assert not verified(delivery(BODY + b" ", GOOD))
    assert not verified(delivery(BODY, GOOD), "another")
    assert not verified(delivery(BODY, base64.b64encode(hmac.digest(b"", BODY, "sha256")).decode()), "")


def test_a_delivery_for_another_shop_of_the_same_app() -> None:
    assert verified(delivery(BODY, GOOD, x_shopify_shop_domain="Tea.myshopify.com"))
    assert not verified(delivery(BODY, GOOD, x_shopify_shop_domain="coffee.myshopify.com"))
    local = replace(SHOP, base_url="http://127.0.0.1:8101")
    assert verified(delivery(BODY, GOOD, x_shopify_shop_domain="coffee.myshopify.com"), shop=local)


@pytest.mark.parametrize(
    ("topic", "body", "ids"),
    [
        ("orders/create", {"id": 450000002001}, ("450000002001",)),
        ("Orders/Updated", {"id": 7}, ("7",)),
        ("orders/edited", {"order_edit": {"id": 1, "order_id": 8}}, ("8",)),
        ("refunds/create", {"id": 1, "order_id": 9}, ("9",)),
        ("products/update", {"id": 7}, ()),
        ("", {"id": 7}, ()),
        ("orders/create", {"id": True}, ()),
        ("orders/create", {"id": "7; drop"}, ()),
        ("orders/create", {"id": 10**30}, ()),
        ("orders/edited", {"order_edit": [7]}, ()),
        ("orders/create\r\nX: y", {"id": 7}, ()),
        ("orders/create", [], ()),
        ("orders/create", None, ()),
    ],
)
def test_what_it_is_about(topic: str, body: Any, ids: tuple[str, ...]) -> None:
    given = Notification({"x-shopify-topic": topic}, json.dumps(body).encode())
    assert able(shopify.webhooks).read(given).external_ids == ids


def test_a_customer_who_asks_to_be_forgotten() -> None:
    """Body as Shopify documents it for customers/redact."""
    body = {"shop_id": 954889, "customer": {"id": 191167, "email": "john@example.com"}, "orders_to_redact": [299938]}
    headers = {"x-shopify-topic": "customers/redact", "x-shopify-webhook-id": "b54557e4-bdd9-4b37-8a5f-bf7d70bcd043"}

    def asked(body: Any, **changes: str) -> Erasure | None:
        hint = able(shopify.webhooks).read(Notification(headers | changes, json.dumps(body).encode()))
        assert hint.external_ids == ()
        return hint.erasure

    assert asked(body) == Erasure("b54557e4-bdd9-4b37-8a5f-bf7d70bcd043", "191167")
    assert asked(body, **{"x-shopify-webhook-id": "é"}) == Erasure("customers/redact 191167", "191167")
    for odd in ({**body, "customer": None}, {**body, "customer": {"id": True}}, {"customer": {"id": "1; drop"}}):
        assert asked(odd) is None


def test_an_unreadable_delivery_says_nothing() -> None:
    for body in (b"", b"webhook_id=1", b"\xff", b"[" * 100_000):
        assert able(shopify.webhooks).read(Notification({"x-shopify-topic": "orders/create"}, body)) == Hint(
            (), "orders/create"
        )


def test_registering_twice_registers_once() -> None:
    shop = SimulatedShop("Tea", seed=3)
    site, remote = (
        SimulatedSite(shop, "shopify"),
        replace(SHOP, credentials={**keys(shop), "client_secret": shop.secret}),
    )
    first, asked = serve(
        able(able(shopify.webhooks).register)(remote, ADDRESS, "x"), lambda request: from_site(site, request)
    )
    assert {each.topic for each in first} >= {"ORDERS_CREATE", "ORDERS_UPDATED", "ORDERS_CANCELLED"}
    assert all(not request.idempotent for request in asked[1:])
    again, asked = serve(
        able(able(shopify.webhooks).register)(remote, ADDRESS, "x"), lambda request: from_site(site, request)
    )
    assert (again, len(asked)) == (first, 1)


def test_an_address_that_is_refused() -> None:
    none = {"pageInfo": {"hasNextPage": False}, "nodes": []}
    created = {"webhookSubscription": None, "userErrors": [{"field": ["x"], "message": "is invalid"}]}
    answers = [
        answer({"data": {"webhookSubscriptions": none}}),
        answer({"data": {"webhookSubscriptionCreate": created}}),
    ]
    with pytest.raises(ShopError, match="public https address") as caught:
        play(able(able(shopify.webhooks).register)(SIGNED, "http://office.example/", "x"), answers)
    assert caught.value.kind == Failure.REFUSED


def test_without_the_secret_nothing_is_registered() -> None:
    with pytest.raises(ShopError, match="client secret"):
        play(able(able(shopify.webhooks).register)(SHOP, ADDRESS, "x"), [])


def test_what_the_simulated_shop_delivers_is_believed() -> None:
    shop = SimulatedShop("Tea", seed=3)
    hook, sale = shop.webhooks.add("ORDERS_CREATE", ADDRESS, shop.secret), shop.place()
    sent = parcel(shop, hook, Event("created", sale))
    assert sent is not None
    given = Notification({name.lower(): value for name, value in sent.headers.items()}, sent.body)
    local = replace(SHOP, base_url="http://127.0.0.1:1", credentials={"client_secret": shop.secret})
    assert verified(given, "our own", local)
    assert able(shopify.webhooks).read(given) == Hint((str(sale.id),), "orders/create")
    assert parcel(shop, hook, Event("updated", sale)) is None
