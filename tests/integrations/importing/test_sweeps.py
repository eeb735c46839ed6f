"""Whole loads against a simulated shop that fails and changes while it is read: nothing is lost, nothing doubled.

Every seed is another course of faults, of orders that come, change and go between two pages, and of orders that show up
minutes after their stamp. SWEEP_SEEDS=200 in the environment runs more of them.
"""

from __future__ import annotations

import os
from collections.abc import Generator, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from random import Random
from typing import Any

import pytest
from django.db.models import Max

from integrations import jobs
from integrations.choices import RunKind
from integrations.client import driver
from integrations.connectors.http import Request, Response
from integrations.connectors.kit.offset_paging import Place, Slice, total_of
from integrations.connectors.woocommerce import orders as listing
from integrations.importing import load as loading
from integrations.invariants import broken
from integrations.models import Feed, Integration, RemoteOrder, Run
from integrations.runs import control, worker
from integrations.secrets import Secrets
from integrations.shops.connection import set_up
from integrations.simulator.server import SimulatedServer, SimulatedSite
from integrations.simulator.shop import SimulatedShop
from orders.models import Order
from tests.factories import IntegrationFactory

pytestmark = pytest.mark.django_db

SEEDS = int(os.environ.get("SWEEP_SEEDS", "5"))
HISTORY = 90
ROUNDS = 4
NEVER_LISTED = {"trash", "draft", "auto-draft", "checkout-draft"}


@dataclass
class Clock:
    """The shop's: hours behind ours, and moved by hand."""

    now: datetime = field(default_factory=lambda: datetime.now(UTC).replace(microsecond=0) - timedelta(hours=3))

    def __call__(self) -> datetime:
        return self.now


@dataclass
class Play:
    """One seed: a shop, the integration that reads it, and chance."""

    site: SimulatedSite
    integration: Integration
    clock: Clock
    chance: Random

    def trouble(self) -> None:
        """Spoil answers of the next load, and move orders between its pages."""
        spoiled: list[dict[str, Any]] = [
            {"kind": "status", "status": 429, "retry_after": "30"},
            {"kind": "status", "status": 500},
            {"kind": "status", "status": 503},
            {"kind": "cut"},
            {"kind": "html"},
            {"kind": "slow", "seconds": 0.01},
        ]
        for fault in spoiled:
            self.site.faults.add(fault | {"share": 0.08, "count": 4})
        for _ in range(self.chance.randint(4, 10)):
            kind = self.chance.choice(["place", "place", "touch", "trash", "trash", "delete", "change"])
            move = {"kind": kind, "skip": self.chance.randint(1, 12), "order": self._any(), "count": 1}
            if kind == "place":
                move |= {"hidden": self.chance.choice([0, 0, 60, 240]), "status": self.chance.choice(STATUSES)}
            elif kind == "change":
                move |= {"status": self.chance.choice(STATUSES)}
            self.site.faults.add(move)

    def _any(self) -> int:
        return self.chance.choice(list(self.site.shop.sales))

    def sell(self) -> None:
        """What happens between two loads."""
        self.clock.now += timedelta(seconds=self.chance.randint(30, 300))
        for _ in range(self.chance.randint(0, 4)):
            self.site.shop.place(self.chance.choice(STATUSES), hidden=self.chance.choice([0, 60, 240]))
        self.clock.now += timedelta(seconds=self.chance.randint(1, 30))

    def work(self, run: Run) -> Run:
        """Until the run is over; waits are cut short."""
        for _ in range(100):
            worker.work(run.pk, jobs.HANDLERS, slice_seconds=self.chance.choice([0, 20]))
            Run.objects.update(next_attempt_at=None)
            Integration.objects.update(quiet_until=None)
            run.refresh_from_db()
            if not run.is_open:
                return run
        raise AssertionError(f"the run does not end: {run.reason}")

    def load(self) -> Run:
        self.integration.refresh_from_db()
        return self.work(loading.request_load(self.integration))

    def look_again(self) -> None:
        RemoteOrder.objects.filter(next_attempt_at__isnull=False).update(next_attempt_at=datetime.now(UTC))
        for kind in (RunKind.RETRY, RunKind.OPEN_ORDERS):
            self.work(control.request(kind, self.integration))

    def converge(self) -> set[str]:
        """The whole course; the orders the shop shows in the end and we do not know."""
        for _ in range(ROUNDS):
            self.trouble()
            self.load()
            self.look_again()
            self.sell()
        self.site.faults.clear()
        self.clock.now += timedelta(minutes=5)  # by then the last hidden order shows
        assert self.load().state == "succeeded"
        listed = {
            str(sale.id) for sale in self.site.shop.visible() if sale.state(self.clock.now).status not in NEVER_LISTED
        }
        return listed - set(RemoteOrder.objects.values_list("external_id", flat=True))


STATUSES = ["processing", "processing", "pending", "on-hold", "completed", "cancelled"]


@pytest.fixture(autouse=True)
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    """Small pages, so that there is much between them; no waits; webhooks and feeds stay silent."""
    monkeypatch.setattr(listing, "page_size", lambda shop: 10)
    monkeypatch.setattr(driver, "FIRST_WAIT", 0.001)


@pytest.fixture
def server(request: pytest.FixtureRequest, settings: Any) -> Iterator[SimulatedServer]:
    shop = SimulatedShop("Swept", seed=request.param, clock=Clock())
    shop.stock_history(HISTORY, days=3)
    with SimulatedServer(SimulatedSite(shop)) as server:
        settings.ALLOWED_SHOP_ADDRESSES = {server.address}
        yield server


@pytest.fixture
def play(server: SimulatedServer) -> Play:
    shop = server.site.shop
    assert isinstance(shop._clock, Clock)
    integration = IntegrationFactory.create(
        base_url=server.url, credentials=Secrets(consumer_key=shop.key, consumer_secret=shop.secret)
    )
    set_up(integration)
    Feed.objects.update(enabled=False)
    return Play(server.site, integration, shop._clock, Random(f"play {shop.seed}"))


@pytest.mark.parametrize("server", range(SEEDS), indirect=True)
def test_nothing_is_lost_or_doubled_whatever_happens_meanwhile(play: Play) -> None:
    lost = play.converge()
    assert lost == set()
    assert Order.objects.count() == RemoteOrder.objects.filter(state="imported").count() > HISTORY // 2
    assert broken() == {}
    assert any(entry["fault"] for entry in play.site.log)
    assert any(entry["status"] >= 500 for entry in play.site.log)


def since_the_newest_stamp(integration: Integration, now: datetime, date_from: Any = None) -> datetime:
    """How many begin: where the newest order known stands, and a second later, so as not to read it again."""
    newest: datetime | None = RemoteOrder.objects.aggregate(Max("stamp"))["stamp__max"]
    return newest + timedelta(seconds=2) if newest else integration.start_at


@pytest.mark.parametrize("server", [0], indirect=True)
def test_control_a_strict_cursor_without_overlap_loses_orders(play: Play, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(loading, "window_start", since_the_newest_stamp)
    assert play.converge()


def by_page_number(request_at: Any, read: Any, place: Place, page_size: int) -> Generator[Request, Response, Slice]:
    """How many page: one page after the other, trusting that the list stands still."""
    response = yield request_at(place.offset)
    entries = tuple((0, document) for document in read(response))
    total = total_of(response)
    done = place.offset + page_size >= (total or 0)
    following = Place(offset=place.offset + page_size, first_id=1, last_id=1, seen=place.seen + len(entries))
    return Slice(entries, following, done, total, response)


@pytest.mark.parametrize("server", [1], indirect=True)
def test_control_paging_by_page_numbers_loses_orders(play: Play, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(listing, "next_slice", by_page_number)
    assert play.converge()
