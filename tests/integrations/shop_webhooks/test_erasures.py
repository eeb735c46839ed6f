"""People who asked a platform to be forgotten: buyers of ours wait for staff, others are passed over."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from django.test import Client
from pytest_django import Settings

from integrations.choices import RemoteState, Role
from integrations.models import ErasureRequest, Integration, Project, RemoteOrder, Webhook
from integrations.secrets import Secrets
from integrations.shop_webhooks import erasures
from integrations.simulator.dialects.ebay import notifications
from integrations.simulator.dialects.ebay.answering import keys
from integrations.simulator.server import SimulatedServer
from orders.models import Order
from tests.admin.conftest import Login, remote
from tests.admin.conftest import admin as admin
from tests.admin.conftest import login as login
from tests.admin.conftest import project as project
from tests.factories import IntegrationFactory
from tests.integrations.shop_webhooks.shops import connected, selling, tell, work

LIST = "/integrations/erasurerequest/"


@pytest.fixture
def server(settings: Settings) -> Iterator[SimulatedServer]:
    with selling("ebay") as running:
        settings.ALLOWED_SHOP_ADDRESSES = frozenset({running.address})
        yield running


def deletion(webhook: Webhook, server: SimulatedServer, person: str, name: str = "1") -> int:
    data = {"username": person, "userId": "ma8vp1jySJC", "eiasToken": "nY+sHZ2Pr=="}
    parcel = notifications.notification(server.site.shop, "MARKETPLACE_ACCOUNT_DELETION", name, data)
    url, headers = f"/hooks/{webhook.token}/", {"X-EBAY-SIGNATURE": parcel.headers["X-EBAY-SIGNATURE"]}
    return Client().post(url, parcel.body, content_type="application/json", headers=headers).status_code


@pytest.fixture
def shop(project: Project, server: SimulatedServer) -> Integration:
    credentials = Secrets(keys(server.site.shop))
    made = IntegrationFactory.create(project=project, platform="ebay", base_url=server.url, credentials=credentials)
    Webhook.objects.create(integration=made)
    return made


@pytest.mark.django_db(transaction=True)
def test_a_buyers_request_is_found_by_what_the_shop_calls_them(
    server: SimulatedServer, live_server: object, settings: Settings
) -> None:
    settings.PUBLIC_URL = live_server.url  # type: ignore[attr-defined]
    integration = connected(server, "ebay")
    server.site.shop.place("processing", {"MUG-WHITE": 1})
    tell(server)
    work()
    seen = RemoteOrder.objects.get()
    assert seen.buyer_key.startswith("buyer_")
    assert deletion(integration.webhook, server, seen.buyer_key) == 200
    asked = ErasureRequest.objects.get()
    assert (asked.person, erasures.orders_of(asked)) == (seen.buyer_key, [seen])
    assert Order.objects.count() == 1  # nothing is erased by itself


def test_a_request_is_written_down_once_and_only_of_buyers(shop: Integration, server: SimulatedServer) -> None:
    remote(shop, "13-1", RemoteState.IMPORTED, buyer_key="anna")
    remote(IntegrationFactory.create(platform="ebay"), "13-1", RemoteState.IMPORTED, buyer_key="boris")
    remote(shop, "13-2", RemoteState.IMPORTED, buyer_key="")
    for person, name in [("anna", "1"), ("anna", "1"), ("boris", "2"), ("somebody", "3")]:
        assert deletion(shop.webhook, server, person, name) == 200
    assert [each.person for each in ErasureRequest.objects.all()] == ["anna"]
    assert Webhook.objects.get(integration=shop).accepted == 4


def test_staff_are_told_see_the_orders_and_mark_it_as_done(
    shop: Integration, server: SimulatedServer, project: Project, login: Login
) -> None:
    browser, reader = login(project), login(project, Role.READ_ONLY)
    assert "asked to be forgotten" not in browser.get("/").content.decode()
    remote(shop, "13-77", RemoteState.IMPORTED, buyer_key="anna")
    deletion(shop.webhook, server, "anna")
    assert "1 person has asked to be forgotten" in browser.get("/").content.decode()
    assert "asked to be forgotten" not in reader.get("/").content.decode()
    asked = ErasureRequest.objects.get()
    assert "anna" in browser.get(LIST).content.decode()
    page = browser.get(f"{LIST}{asked.pk}/change/").content.decode()
    assert "13-77" in page and "Mark as done" in page
    assert "Mark as done" not in reader.get(f"{LIST}{asked.pk}/change/").content.decode()
    assert reader.post(f"{LIST}{asked.pk}/settle/").status_code == 403
    answer = browser.post(f"{LIST}{asked.pk}/settle/", follow=True).content.decode()
    assert "Marked as done" in answer and "anna" not in answer
    asked.refresh_from_db()
    assert (asked.person, asked.done_by is not None, asked.done_at is not None) == ("", True, True)
    assert "asked to be forgotten" not in browser.get("/").content.decode()
    assert "already" in browser.post(f"{LIST}{asked.pk}/settle/", follow=True).content.decode()
    # Told again, it stays done.
    deletion(shop.webhook, server, "anna")
    assert ErasureRequest.objects.get().done_at is not None
