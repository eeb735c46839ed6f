"""Simulated shops of every platform tell the running site of their orders: registered, delivered, read again."""

from __future__ import annotations

import itertools
import random
from collections.abc import Iterator
from datetime import timedelta
from operator import eq
from pathlib import Path
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone
from pytest_django import Settings

from integrations import jobs
from integrations.choices import RunKind
from integrations.models import Integration, OrderHint, RemoteOrder, Webhook
from integrations.runs import control
from integrations.shop_webhooks import hints, registration
from integrations.simulator import dialects
from integrations.simulator.hooks import parcels
from integrations.simulator.sales import Sale
from integrations.simulator.server import SimulatedServer
from integrations.simulator.shop import SimulatedShop
from integrations.simulator.switchboard import Event, Parcel
from orders.models import Order
from tests.integrations.shop_webhooks.shops import (
    TELLING,
    TOLD_BY_HAND,
    connected,
    register,
    selling,
    tell,
    work,
    written,
)
from tests.recorded import able

pytestmark = pytest.mark.django_db(transaction=True)
GOODS = {"MUG-WHITE": 1}


@pytest.fixture(params=TELLING)
def server(request: pytest.FixtureRequest, settings: Settings) -> Iterator[SimulatedServer]:
    with selling(request.param) as running:
        settings.ALLOWED_SHOP_ADDRESSES = frozenset({running.address})
        yield running


@pytest.fixture
def integration(
    server: SimulatedServer, live_server: Any, settings: Settings, request: pytest.FixtureRequest
) -> Integration:
    settings.PUBLIC_URL = live_server.url
    return connected(server, request.node.callspec.params["server"])


def name_of(server: SimulatedServer, integration: Integration, sale: Sale) -> str | None:
    return dialects.get(integration.platform).external_id(server.site.shop, sale)


def test_a_new_order_is_here_without_a_load(server: SimulatedServer, integration: Integration) -> None:
    sale = server.site.shop.place("processing", GOODS, age=3600)
    told = tell(server)
    assert told >= 1
    name = name_of(server, integration, sale)
    is_same_order = able(integration.connector.webhooks).is_same_order or eq
    assert is_same_order(OrderHint.objects.get().external_id, name or "")
    work()
    order = Order.objects.get()
    assert (order.remote_order.external_id if order.remote_order else "") == name
    assert (Webhook.objects.get().accepted, Webhook.objects.get().refused) == (told, 0)
    assert not OrderHint.objects.exists()


def test_a_pending_order_is_imported_when_the_shop_tells_that_it_was_paid(
    server: SimulatedServer, integration: Integration
) -> None:
    shop = server.site.shop
    sale = shop.place("pending", GOODS, age=3600)
    tell(server)
    work()
    assert not Order.objects.exists()
    shop.change(sale.id, "processing")
    assert tell(server) >= 1
    if integration.platform == "paypal":  # lists a payment only some time after it was made
        shop._clock = lambda: timezone.now() + timedelta(hours=1)
    work()
    assert Order.objects.count() == 1


def course(server: SimulatedServer) -> list[Parcel]:
    """Three deliveries of an order's life, as they were written at the time: paid, touched, shipped."""
    shop = server.site.shop
    sale = shop.place("processing", GOODS, age=3600)
    parcels = written(server, Event("created", sale))[:1] or written(server, Event("updated", sale))[:1]
    parcels += written(server, Event("updated", shop.change(sale.id)))[:1]
    return parcels + written(server, Event("updated", shop.change(sale.id, "completed")))[:1]


def post(webhook: Webhook, parcel: Parcel) -> int:
    kind = parcel.headers["Content-Type"]
    headers = {name: value for name, value in parcel.headers.items() if name != "Content-Type"}
    answer = Client().post(f"/hooks/{webhook.token}/", parcel.body, content_type=kind, headers=headers)
    return answer.status_code


def test_every_order_of_deliveries_doubled_or_lost_ends_in_the_shops_state(
    server: SimulatedServer, integration: Integration, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whatever of three deliveries comes, in whatever order and however often, one is enough."""
    monkeypatch.setattr(hints, "FLOOD", 1_000)  # a run for each course
    chance = random.Random(7)
    ways = [way for size in (1, 2, 3) for way in itertools.permutations(range(3), size)]
    for way in ways:
        parcels = course(server)
        assert len(parcels) == 3
        doubled = [place for place in way for _ in range(chance.choice([1, 2]))]
        assert [post(integration.webhook, parcels[place]) for place in doubled] == [200] * len(doubled)
        assert OrderHint.objects.filter(deliveries__gt=0).count() == 1
        work()
        sale = max(server.site.shop.sales.values(), key=lambda sale: sale.id)
        seen = RemoteOrder.objects.get(external_id=name_of(server, integration, sale))
        fresh = integration.connector.identify(seen.payload.encode(), integration.shop())
        assert seen.status == fresh.status == SHIPPED[integration.platform], f"after {way}"
        assert Order.objects.filter(remote_order=seen).count() == 1


SHIPPED = {
    "woocommerce": "completed",
    "shopify": "fulfilled",
    "bigcommerce": "2",
    "ebay": "paid/fulfilled",
    "ecwid": "PAID/SHIPPED",
    "paypal": "S",
}


def test_a_changed_delivery_is_refused(server: SimulatedServer, integration: Integration) -> None:
    [parcel, *_] = course(server)
    changed = Parcel(parcel.headers, parcel.body.replace(b"1", b"2"))
    assert post(integration.webhook, changed) in {401, 503}
    assert post(integration.webhook, Parcel({"Content-Type": "application/json"}, parcel.body)) == 401
    assert not OrderHint.objects.exists()
    assert post(integration.webhook, parcel) == 200


def test_all_webhooks_are_registered_once_and_watched(server: SimulatedServer, integration: Integration) -> None:
    if integration.platform in TOLD_BY_HAND:
        pytest.skip(f"{integration.connector.label} has no API for webhooks, so nothing can be watched")
    board = server.site.shop.webhooks
    count = len(board.hooks)
    register(server, integration)
    assert len(board.hooks) == count >= 1
    assert len({(hook.topic, hook.address) for hook in board.hooks.values()}) == count
    _given_up(server, integration)
    register(server, integration)
    assert len([hook for hook in board.hooks.values() if hook.active]) == count
    assert Webhook.objects.get().problem == ""
    jobs.work(control.request(RunKind.WEBHOOK_CHECK, integration).pk)
    assert Webhook.objects.get().problem == ""


def _given_up(server: SimulatedServer, integration: Integration) -> None:
    """Deliveries fail until the shop gives our address up, or forgets it."""
    board = server.site.shop.webhooks
    if integration.platform == "paypal":  # gives up deliveries, never webhooks; but somebody may delete one
        board.hooks.clear()
        return
    address, nowhere = registration.address_of(integration.webhook), Parcel({}, b"")
    for hook in board.hooks.values():
        hook.address = "http://127.0.0.1:9/"
        while hook.active:
            board.send(hook, nowhere)
        hook.address = address


def test_a_lost_delivery_is_made_up_for_by_the_next_load(server: SimulatedServer, integration: Integration) -> None:
    shop = server.site.shop
    for hook in shop.webhooks.hooks.values():
        hook.address = "http://127.0.0.1:9/"
    shop.place("processing", GOODS, age=3600)
    tell(server)
    assert not OrderHint.objects.exists()
    jobs.work(control.request(RunKind.LOAD, integration, since=timezone.now() - timedelta(hours=2)).pk)
    assert RemoteOrder.objects.count() == 1


def test_a_shop_that_is_started_again_remembers_its_webhooks(
    server: SimulatedServer, integration: Integration, tmp_path: Path
) -> None:
    shop, place = server.site.shop, tmp_path / "shop.json"
    shop.place("pending", GOODS, age=7200)
    shop.state = place
    shop.save()
    again = SimulatedShop("Told", seed=shop.seed, state=place)
    assert again.webhooks.hooks == shop.webhooks.hooks != {}
    sale = again.place("processing", GOODS, age=3600)
    assert server.site.writer is not None
    [(_, parcel), *_] = parcels(again, server.site.writer, [Event("created", sale)])
    assert post(integration.webhook, parcel) == 200
