"""Orders that make their shop fail: each is named and shown as failed, all others are loaded."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta

import pytest
from pytest_django import Settings

from integrations.choices import RemoteState, RunKind, RunState
from integrations.client import driver
from integrations.importing.retry import retry_now
from integrations.invariants import broken
from integrations.models import Integration, RemoteOrder, Run
from integrations.runs import control
from integrations.secrets import Secrets
from integrations.shops.connection import set_up
from integrations.simulator.server import SimulatedServer, SimulatedSite
from integrations.simulator.shop import SimulatedShop
from tests.factories import IntegrationFactory
from tests.integrations.importing.working import worked

pytestmark = pytest.mark.django_db

ORDERS = 130


@pytest.fixture
def server(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> Iterator[SimulatedServer]:
    sold = SimulatedShop("Broken", seed=3, clock=lambda: datetime.now(UTC) - timedelta(minutes=20))
    for place in range(ORDERS):
        sold.place("processing", age=90_000 - 60 * place)
    with SimulatedServer(SimulatedSite(sold)) as running:
        running.site.writer = None
        settings.ALLOWED_SHOP_ADDRESSES = {running.address}
        monkeypatch.setattr(driver, "FIRST_WAIT", 0)
        yield running


@pytest.fixture
def load(server: SimulatedServer) -> Callable[[], Run]:
    keys = Secrets(consumer_key=server.site.shop.key, consumer_secret=server.site.shop.secret)
    shop: Integration = IntegrationFactory.create(base_url=server.url, credentials=keys)
    set_up(shop)

    def loaded() -> Run:
        return worked(control.request(RunKind.LOAD, shop, since=datetime.now(UTC) - timedelta(days=3)))

    return loaded


def ids(server: SimulatedServer, *places: int) -> list[int]:
    known = sorted(server.site.shop.sales)
    return [known[place] for place in places]


@pytest.mark.parametrize(
    "places",
    [(0,), (1,), (50,), (99,), (100,), (ORDERS - 1,), (40, 41), (10, 70, 120), (0, ORDERS - 1)],
    ids=str,
)
def test_the_others_are_loaded_and_the_culprits_named(
    server: SimulatedServer, load: Callable[[], Run], places: tuple[int, ...]
) -> None:
    culprits = ids(server, *places)
    server.site.faults.add({"kind": "breaks", "orders": culprits, "names": 1})
    run = load()
    assert run.state == RunState.SUCCEEDED
    assert all(str(culprit) in run.reason for culprit in culprits)
    failed = RemoteOrder.objects.filter(state=RemoteState.FAILED)
    assert sorted(int(remote.external_id) for remote in failed) == culprits
    assert {(remote.reason_code, remote.retry, "its own error log" in remote.reason) for remote in failed} == {
        ("breaks_shop", False, True)
    }
    assert RemoteOrder.objects.filter(state=RemoteState.IMPORTED).count() == ORDERS - len(culprits)
    assert len(server.site.log) < 230
    assert broken() == {}


def test_a_culprit_whose_id_the_shop_cannot_tell_is_named_by_the_one_before(
    server: SimulatedServer, load: Callable[[], Run]
) -> None:
    before, culprit = ids(server, 49, 50)
    server.site.faults.add({"kind": "breaks", "orders": [culprit]})
    run = load()
    assert (run.state, f"the one after {before}" in run.reason) == (RunState.SUCCEEDED, True)
    assert RemoteOrder.objects.filter(state=RemoteState.IMPORTED).count() == RemoteOrder.objects.count() == ORDERS - 1


def test_a_mended_order_comes_by_itself(server: SimulatedServer, load: Callable[[], Run]) -> None:
    (culprit,) = ids(server, 50)
    server.site.faults.add({"kind": "breaks", "orders": [culprit], "names": 1})
    load()
    server.site.faults.clear()
    server.site.shop.change(culprit)
    assert load().reason == ""
    assert RemoteOrder.objects.get(external_id=str(culprit)).state == RemoteState.IMPORTED


@pytest.mark.parametrize("places", [(7,), (7, 60), tuple(range(3))], ids=str)
def test_orders_that_are_read_again_do_not_wait_for_a_culprit(
    server: SimulatedServer, load: Callable[[], Run], places: tuple[int, ...]
) -> None:
    load()
    culprits = ids(server, *places)
    server.site.faults.add({"kind": "breaks", "orders": culprits})
    server.site.log.clear()
    run = worked(control.request(RunKind.OPEN_ORDERS, Integration.objects.get()))
    assert (run.state, run.fetched) == (RunState.SUCCEEDED, ORDERS)
    assert len(server.site.log) < 150
    assert RemoteOrder.objects.filter(state=RemoteState.IMPORTED).count() == ORDERS
    assert broken() == {}


def test_a_culprit_alone_is_retried_once(server: SimulatedServer, load: Callable[[], Run]) -> None:
    (culprit,) = ids(server, 50)
    server.site.faults.add({"kind": "breaks", "orders": [culprit], "names": 1})
    load()
    assert retry_now(RemoteOrder.objects.filter(state=RemoteState.FAILED)) == 1
    assert worked(Run.objects.get(kind=RunKind.RETRY)).state == RunState.SUCCEEDED
    remote = RemoteOrder.objects.get(external_id=str(culprit))
    assert (remote.state, remote.reason_code, remote.retry) == (RemoteState.FAILED, "breaks_shop", False)


def test_a_shop_that_is_down_loses_nothing_to_this(server: SimulatedServer, load: Callable[[], Run]) -> None:
    server.site.faults.add({"kind": "status", "status": 500, "count": 40})
    run = load()
    assert (run.state, run.reason, run.failed) == (RunState.SUCCEEDED, "", 0)
    assert RemoteOrder.objects.filter(state=RemoteState.IMPORTED).count() == ORDERS


@pytest.mark.parametrize("status", [502, 503, 504])
def test_an_overloaded_shop_is_waited_for(server: SimulatedServer, load: Callable[[], Run], status: int) -> None:
    server.site.faults.add({"kind": "status", "status": status, "count": 7})
    assert load().state == RunState.SUCCEEDED
    assert {dict(entry["params"])["per_page"] for entry in server.site.log} == {"100"}
