"""Workers are killed with -9 and the queue is emptied in the middle of an import: nothing lost, nothing doubled."""

from __future__ import annotations

import time
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import django_rq
import pytest
from django.utils import timezone

from integrations.choices import RunKind, RunState
from integrations.invariants import broken
from integrations.models import Feed, Integration, RemoteOrder, Run
from integrations.runs import control
from integrations.secrets import Secrets
from integrations.shops.connection import set_up
from integrations.simulator.server import SimulatedServer, SimulatedSite
from integrations.simulator.shop import SimulatedShop
from integrations.tick import tick
from orders.models import Order
from tests.crash.processes import workers
from tests.crash.scenario import expire_leases
from tests.factories import IntegrationFactory
from tests.waiting import GENEROUS, until

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.crash]

ORDERS = 1_200
NEVER_LISTED = {"trash", "draft", "auto-draft", "checkout-draft"}


@pytest.fixture
def server() -> Iterator[SimulatedServer]:
    """A shop with a history, whose every answer takes a while."""
    shop = SimulatedShop("Killed", seed=5)
    shop.stock_history(ORDERS, days=20)
    with SimulatedServer(SimulatedSite(shop)) as server:
        server.site.faults.add({"kind": "slow", "seconds": 0.25, "count": 10_000})
        yield server


@pytest.fixture
def integration(server: SimulatedServer) -> Integration:
    shop = server.site.shop
    integration = IntegrationFactory.create(
        base_url=server.url, credentials=Secrets(consumer_key=shop.key, consumer_secret=shop.secret)
    )
    set_up(integration)
    Feed.objects.update(enabled=False)
    return integration


@pytest.fixture(autouse=True)
def queue() -> Iterator[Any]:
    queue = django_rq.get_queue("default")
    queue.empty()  # type: ignore[no-untyped-call]
    yield queue
    queue.empty()  # type: ignore[no-untyped-call]


def request(integration: Integration) -> Run:
    return control.request(RunKind.LOAD, integration, since=timezone.now() - timedelta(days=30))


def wait_for(run: Run, at_least: int, seconds: float = GENEROUS) -> Run:
    """Until the run has fetched so many orders, or is over."""

    def so_far() -> bool:
        run.refresh_from_db()
        return run.fetched >= at_least or not run.is_open

    until(so_far, seconds)
    return run


def test_killed_workers_and_an_emptied_queue_lose_and_double_nothing(
    server: SimulatedServer, integration: Integration, queue: Any
) -> None:
    run = request(integration)
    with workers(2, server.address) as working:
        for part in range(1, 6):
            wait_for(run, part * ORDERS // 8)
            assert run.is_open, run.reason
            working.kill_one()
            queue.empty()
            expire_leases()  # what a minute does
            tick()
        deadline = time.monotonic() + 100
        while wait_for(run, ORDERS * 2, seconds=5).is_open and time.monotonic() < deadline:
            expire_leases()
            tick()
    assert working.kills == 5
    assert (run.state, run.reason) == (RunState.SUCCEEDED, "")
    listed = {
        str(sale.id) for sale in server.site.shop.visible() if sale.state(timezone.now()).status not in NEVER_LISTED
    }
    assert set(RemoteOrder.objects.values_list("external_id", flat=True)) == listed
    assert run.fetched == len(listed)
    assert Order.objects.count() == RemoteOrder.objects.filter(state="imported").count() > ORDERS // 2
    assert broken() == {}


def test_control_without_the_tick_an_emptied_queue_ends_the_import(
    server: SimulatedServer, integration: Integration, queue: Any
) -> None:
    run = request(integration)
    with workers(1, server.address) as working:
        wait_for(run, 100)
        working.kill_one()
        queue.empty()
        expire_leases()
        fetched = wait_for(run, ORDERS, seconds=4).fetched
    assert run.state == RunState.RUNNING
    assert 100 <= fetched < ORDERS
