"""A simulated shop tells the running site of its orders: registered over the API, delivered over HTTP, read again."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone
from pytest_django import Settings

from integrations import hooks, jobs, runs
from integrations.choices import RunKind, RunState
from integrations.connecting import set_up
from integrations.models import Feed, Integration, OrderHint, RemoteOrder, Run, Webhook
from integrations.secrets import Secrets
from integrations.simulator.hooks import deliver
from integrations.simulator.server import SimulatedServer, SimulatedSite
from integrations.simulator.shop import SimulatedShop
from orders.models import Order
from tests.factories import IntegrationFactory

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def server(settings: Settings) -> Iterator[SimulatedServer]:
    site = SimulatedSite(SimulatedShop("Told", seed=3))
    writer, site.writer = site.writer, None  # the test delivers, so that it knows when
    with SimulatedServer(site) as running:
        site.writer = writer
        settings.ALLOWED_SHOP_ADDRESSES = frozenset({running.address})
        yield running


@pytest.fixture
def integration(server: SimulatedServer, live_server: Any, settings: Settings) -> Integration:
    settings.PUBLIC_URL = live_server.url
    shop = server.site.shop
    integration = IntegrationFactory.create(
        base_url=server.url, credentials=Secrets(consumer_key=shop.key, consumer_secret=shop.secret)
    )
    set_up(integration)
    Feed.objects.update(enabled=False)
    registration = hooks.register(integration)
    assert registration.ok, registration.summary
    tell(server)
    return integration


def tell(server: SimulatedServer) -> int:
    assert server.site.writer is not None
    return deliver(server.site.shop, server.site.writer)


def work() -> None:
    for run in Run.objects.filter(state=RunState.WAITING):
        jobs.work(run.pk)


def test_a_new_order_is_here_without_a_load(server: SimulatedServer, integration: Integration) -> None:
    sale = server.site.shop.place("processing", {"MUG-WHITE": 1})
    assert tell(server) == 2  # created and updated
    assert OrderHint.objects.get().external_id == str(sale.id)
    work()
    assert Order.objects.get().remote_status == "processing"
    assert Webhook.objects.get().accepted == 2


def test_a_pending_order_is_imported_when_the_shop_tells_that_it_was_paid(
    server: SimulatedServer, integration: Integration
) -> None:
    shop = server.site.shop
    sale = shop.place("pending", {"MUG-WHITE": 1}, age=60)
    tell(server)
    work()
    assert not Order.objects.exists()
    shop.change(sale.id, "processing")
    assert tell(server) == 1
    work()
    assert Order.objects.count() == 1


def test_all_webhooks_are_registered_once_and_watched(server: SimulatedServer, integration: Integration) -> None:
    board = server.site.shop.webhooks
    assert hooks.register(integration).ok
    assert len(board.hooks) == 4
    for hook in board.hooks.values():
        hook.active = False
    jobs.work(runs.request(RunKind.WEBHOOK_CHECK, integration).pk)
    assert "disabled our webhooks" in Webhook.objects.get().problem
    assert hooks.register(integration).ok
    assert all(hook.active for hook in board.hooks.values())
    assert Webhook.objects.get().problem == ""


def test_a_lost_delivery_is_made_up_for_by_the_next_load(server: SimulatedServer, integration: Integration) -> None:
    shop = server.site.shop
    for hook in shop.webhooks.hooks.values():
        hook.address = "http://127.0.0.1:9/"
    shop.place("processing", {"MUG-WHITE": 1})
    tell(server)
    assert not OrderHint.objects.exists()
    jobs.work(runs.request(RunKind.LOAD, integration, since=timezone.now() - timedelta(hours=1)).pk)
    assert RemoteOrder.objects.count() == 1


def test_a_receiver_that_fails_too_often_is_given_up(server: SimulatedServer, integration: Integration) -> None:
    shop = server.site.shop
    for hook in shop.webhooks.hooks.values():
        hook.address = "http://127.0.0.1:9/"
    for _ in range(7):
        shop.place("processing", {"MUG-WHITE": 1})
        tell(server)
    assert not any(hook.active for hook in shop.webhooks.hooks.values() if hook.topic == "order.created")
