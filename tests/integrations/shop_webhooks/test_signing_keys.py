"""Public keys of platforms: fetched by the name in a delivery, kept, and never asked for without end."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta

import pytest
from django.test import Client
from django.utils import timezone
from pytest_django import Settings

from integrations import client
from integrations.connectors.contract import Shop
from integrations.connectors.errors import Failure, ShopError
from integrations.connectors.notifications import SigningKey
from integrations.models import Integration, OrderHint, PlatformKey, Webhook
from integrations.secrets import Secrets
from integrations.shop_webhooks import receive, signing_keys
from integrations.simulator.dialects.ebay import notifications
from integrations.simulator.dialects.ebay.answering import keys
from integrations.simulator.server import SimulatedServer
from integrations.simulator.shop import SimulatedShop
from tests.factories import IntegrationFactory
from tests.integrations.shop_webhooks.shops import selling
from tests.recorded import able

pytestmark = pytest.mark.django_db


@pytest.fixture
def server(settings: Settings) -> Iterator[SimulatedServer]:
    with selling("ebay") as running:
        settings.ALLOWED_SHOP_ADDRESSES = frozenset({running.address})
        yield running


@pytest.fixture
def webhook(server: SimulatedServer) -> Webhook:
    credentials = Secrets(keys(server.site.shop))
    integration = IntegrationFactory.create(platform="ebay", base_url=server.url, credentials=credentials)
    return Webhook.objects.create(integration=integration)


def post(webhook: Webhook, seller: SimulatedShop, name: str = "1", body: bytes | None = None) -> int:
    parcel = notifications.notification(seller, "ORDER_CONFIRMATION", name, {"orderId": "13-10000-00100"})
    headers = {"X-EBAY-SIGNATURE": parcel.headers["X-EBAY-SIGNATURE"]}
    url = f"/hooks/{webhook.token}/"
    return Client().post(url, body or parcel.body, content_type="application/json", headers=headers).status_code


def asked_for_keys(server: SimulatedServer) -> int:
    return sum("public_key" in entry["path"] for entry in server.site.log)


def test_a_key_is_fetched_once_and_shared_by_all_processes(webhook: Webhook, server: SimulatedServer) -> None:
    for name in ("1", "2"):
        assert post(webhook, server.site.shop, name) == 200
        Integration.objects.update(title=name)
    assert (asked_for_keys(server), OrderHint.objects.count()) == (1, 1)
    PlatformKey.objects.update(asked_at=timezone.now() - signing_keys.KEPT)
    assert post(webhook, server.site.shop, "3") == 200
    assert asked_for_keys(server) == 2


def test_forged_keys_are_asked_for_a_few_times_and_no_more(webhook: Webhook, server: SimulatedServer) -> None:
    forgers = [SimulatedShop("Forger", seed=seed) for seed in range(100, 120)]
    answers = [post(webhook, forger) for forger in forgers]
    assert answers == [401] * signing_keys.MOST_REQUESTS + [503] * (20 - signing_keys.MOST_REQUESTS)
    assert post(webhook, forgers[0]) == 401  # known to be none of eBay's: not asked for again
    assert asked_for_keys(server) == signing_keys.MOST_REQUESTS
    assert not OrderHint.objects.exists()
    Webhook.objects.update(key_requests_since=timezone.now() - timedelta(minutes=61))
    assert post(webhook, server.site.shop) == 200


def test_without_the_bound_the_platform_is_asked_as_often_as_a_forger_likes(
    webhook: Webhook, server: SimulatedServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(signing_keys, "_may_ask", lambda webhook: True)
    assert {post(webhook, SimulatedShop("Forger", seed=seed)) for seed in range(100, 115)} == {401}
    assert asked_for_keys(server) == 15 > signing_keys.MOST_REQUESTS


def test_a_platform_that_is_away_may_try_again(
    webhook: Webhook, server: SimulatedServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    server.site.faults.add({"kind": "status", "status": 503, "count": 9, "path": "public_key"})
    assert post(webhook, server.site.shop) == 503
    webhook.refresh_from_db()
    assert (webhook.refused, webhook.accepted) == (0, 0)
    server.site.faults.clear()
    assert post(webhook, server.site.shop) == 200


def test_a_known_key_serves_on_while_it_cannot_be_asked_for(
    webhook: Webhook, server: SimulatedServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert post(webhook, server.site.shop) == 200

    def away(*_: object, **__: object) -> str:
        raise ShopError(Failure.UNAVAILABLE, "Silent.")

    monkeypatch.setattr(client, "drive", away)
    PlatformKey.objects.update(asked_at=timezone.now() - timedelta(hours=2))
    assert post(webhook, server.site.shop) == 200
    PlatformKey.objects.update(asked_at=timezone.now() - timedelta(hours=25))
    assert post(webhook, server.site.shop) == 503


def test_the_network_is_not_asked_inside_a_transaction(
    webhook: Webhook, server: SimulatedServer, django_capture_on_commit_callbacks: object, transactional_db: None
) -> None:
    from django.db import connection

    shop = Shop(server.url, keys(server.site.shop))
    seen: list[bool] = []
    plain = client.drive

    def watched(*args: object, **named: object) -> object:
        seen.append(connection.in_atomic_block)
        return plain(*args, **named)  # type: ignore[arg-type]

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(client, "drive", watched)
        name = notifications.key_id(server.site.shop)
        assert signing_keys.key_for(webhook, shop, SigningKey(name))
    assert seen == [False]


# --- the question whether an address is ours ---


def test_a_platform_may_ask_whether_the_address_is_ours(webhook: Webhook, settings: Settings) -> None:
    settings.PUBLIC_URL = "https://office.example"
    url = f"/hooks/{webhook.token}/"
    answer = Client().get(url, {"challenge_code": "abc"})
    assert answer.status_code == 200
    assert answer["Content-Type"] == "application/json"
    expected = able(able(webhook.integration.connector.webhooks).answer_challenge)(
        webhook.secrets["signing"], f"https://office.example{url}", "abc"
    )
    assert answer.json() == expected == dict(receive.challenge(webhook.token, "abc") or {})
    assert set(answer.json()) == {"challengeResponse"}
    for code in ("", "<script>" * 2000):
        assert Client().get(url, {"challenge_code": code}).status_code == 405
    assert Client().get("/hooks/nobody/", {"challenge_code": "abc"}).status_code == 404
    assert {Client().generic(method, url).status_code for method in ("PUT", "HEAD", "DELETE", "OPTIONS")} == {405}


def test_other_platforms_have_nothing_to_ask(db: None) -> None:
    webhook = Webhook.objects.create(integration=IntegrationFactory.create())
    assert Client().get(f"/hooks/{webhook.token}/", {"challenge_code": "abc"}).status_code == 405
