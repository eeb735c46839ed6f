"""A worker whose machine is an hour off stands back; and if it did not, nothing it writes would be an hour off."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from typing import Any

import django_rq
import pytest
from django.conf import settings

from config.kit import true_time
from integrations.choices import ImportAction, IntegrationHealth, Process, RunKind, RunState
from integrations.invariants import broken
from integrations.models import Feed, Heartbeat, Integration, Run, StatusRule
from integrations.runs import control, liveness
from integrations.secrets import Secrets
from integrations.shops.connection import set_up
from integrations.simulator.server import SimulatedServer, SimulatedSite
from integrations.simulator.shop import SimulatedShop
from integrations.tick import tick
from orders.models import Invoice, Order
from tests.crash.processes import worker_environment
from tests.factories import IntegrationFactory
from tests.waiting import until

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.crash]

# The worker as manage.py runs it, on a machine whose clock is wrong; then what is left out of it.
OFF = """
import datetime, sys, time
off, real = float(sys.argv.pop(1)), time.time
time.time = lambda: real() + off
from config.kit import true_time
true_time.system_now = lambda: datetime.datetime.fromtimestamp(time.time(), datetime.UTC)
"""
DOES_NOT_STAND_BACK = "true_time.is_right = lambda: True\n"
BELIEVES_ITS_CLOCK = "true_time.now = true_time.system_now\n"
WORK = "from django.core.management import execute_from_command_line as run; run(sys.argv)\n"


@contextmanager
def worker(server: SimulatedServer, hours: float, without: str = "") -> Iterator[None]:
    process = subprocess.Popen(
        [sys.executable, "-c", OFF + without + WORK, str(3600 * hours), "work"],
        cwd=settings.BASE_DIR,
        env=worker_environment(server.address),
        start_new_session=True,
    )
    try:
        yield
    finally:
        process.kill()
        process.wait()


@pytest.fixture
def server() -> Iterator[SimulatedServer]:
    shop = SimulatedShop("Clocks", seed=5)
    shop.stock_history(60, days=20)
    with SimulatedServer(SimulatedSite(shop)) as server:
        yield server


@pytest.fixture
def integration(server: SimulatedServer) -> Iterator[Integration]:
    queue: Any = django_rq.get_queue("default")
    queue.empty()
    shop = server.site.shop
    made = IntegrationFactory.create(
        base_url=server.url, credentials=Secrets(consumer_key=shop.key, consumer_secret=shop.secret)
    )
    set_up(made)
    Feed.objects.update(enabled=False)
    StatusRule.objects.filter(integration=made).update(action=ImportAction.HISTORY)
    yield made
    queue.empty()


def load(integration: Integration) -> Run:
    return control.request(RunKind.LOAD, integration, since=true_time.now() - timedelta(days=30))


def is_over(run: Run) -> bool:
    run.refresh_from_db()
    return not run.is_open


@pytest.mark.parametrize("hours", [1, -1])
def test_it_stands_back_and_says_so(server: SimulatedServer, integration: Integration, hours: int) -> None:
    run = load(integration)
    with worker(server, hours):
        assert until(lambda: Heartbeat.objects.filter(kind=Process.WORKER).exists())
        assert not until(lambda: is_over(run), 6)
    assert (run.state, run.fetched, run.started_at) == (RunState.WAITING, 0, None)
    way = "ahead of" if hours > 0 else "behind"
    found = [problem for problem in liveness.problems(liveness.beating()) if "clock" in problem]
    assert len(found) == 1
    assert f"is 60 minutes {way} the database's. Set it right" in found[0]
    with worker(server, 0):
        tick()
        assert until(lambda: is_over(run))
    assert run.state == RunState.SUCCEEDED, run.reason


@pytest.mark.parametrize("hours", [1, -1])
def test_if_it_did_not_all_would_be_dated_right(server: SimulatedServer, integration: Integration, hours: int) -> None:
    begun, run = true_time.now(), load(integration)
    with worker(server, hours, DOES_NOT_STAND_BACK):
        assert until(lambda: is_over(run))
    ended = true_time.now()
    assert run.state == RunState.SUCCEEDED, run.reason
    integration.refresh_from_db()
    assert integration.health == IntegrationHealth.OK
    assert Invoice.objects.count() > 20
    assert Invoice.objects.exclude(issued_at__range=(begun, ended)).count() == 0
    assert Order.objects.exclude(created_at__range=(begun, ended)).count() == 0
    assert broken() == {}


def test_control_a_worker_that_believes_its_clock_is_turned_away(
    server: SimulatedServer, integration: Integration
) -> None:
    """And the shop is not said to reject the keys for it."""
    run = load(integration)
    with worker(server, 1, DOES_NOT_STAND_BACK + BELIEVES_ITS_CLOCK):
        assert until(lambda: Run.objects.filter(pk=run.pk, failures__gt=0).exists())
    run.refresh_from_db()
    assert run.is_open
    assert "The shop's clock is 60 minutes behind ours" in run.reason
    integration.refresh_from_db()
    assert integration.health != IntegrationHealth.CREDENTIALS
