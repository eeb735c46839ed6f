"""Signatures bear the true time, and a shop with another time is not taken for one that rejects the keys."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta

import pytest

from config.kit import true_time
from integrations.choices import IntegrationHealth, RunKind, RunState
from integrations.client import drive
from integrations.connectors.errors import Failure, ShopError
from integrations.connectors.http import OAuth1Auth, Operation, Request, Response
from integrations.jobs import work
from integrations.models import Run
from integrations.runs import control
from integrations.secrets import Secrets
from integrations.shops.connection import test_connection as try_connection
from integrations.simulator.server import SimulatedServer, SimulatedSite
from integrations.simulator.shop import SimulatedShop
from tests.factories import IntegrationFactory


@pytest.fixture
def server() -> Iterator[SimulatedServer]:
    with SimulatedServer(SimulatedSite(SimulatedShop("Clocks", seed=5))) as running:
        yield running


def ask(server: SimulatedServer, key: str = "") -> Response:
    shop = server.site.shop

    def operation() -> Operation[Response]:
        url = f"{server.url}/wp-json/wc/v3/orders/statuses"
        return (yield Request("GET", url, auth=OAuth1Auth(key or shop.key, shop.secret)))

    return drive(operation(), allowed={server.address}, sleep=lambda _: None)


@pytest.mark.parametrize("minutes", [-14, 0, 14])
def test_a_quarter_of_an_hour_is_taken(server: SimulatedServer, minutes: int) -> None:
    server.site.shop.ahead = 60.0 * minutes
    assert ask(server).status == 200


@pytest.mark.parametrize(("minutes", "way"), [(62, "62 minutes ahead of ours"), (-62, "62 minutes behind ours")])
def test_a_shop_of_another_time_is_told_by_its_date(server: SimulatedServer, minutes: int, way: str) -> None:
    server.site.shop.ahead = 60.0 * minutes
    with pytest.raises(ShopError, match=f"The shop's clock is {way}, so it refuses what we sign") as refused:
        ask(server)
    assert (refused.value.kind, refused.value.passes) == (Failure.UNAVAILABLE, True)


def test_control_wrong_keys_are_wrong_keys(server: SimulatedServer) -> None:
    assert ask(server, key="ck_other").status == 401


def test_our_own_wrong_clock_does_not_matter(server: SimulatedServer, monkeypatch: pytest.MonkeyPatch) -> None:
    right = true_time.system_now
    monkeypatch.setattr(true_time, "_reading", None)
    true_time.note(str(right().timestamp()), true_time.counted())
    monkeypatch.setattr(true_time, "system_now", lambda: right() + timedelta(hours=1))
    assert ask(server).status == 200


def test_control_without_the_databases_time_it_does(server: SimulatedServer, monkeypatch: pytest.MonkeyPatch) -> None:
    right = true_time.system_now
    monkeypatch.setattr(true_time, "now", lambda: right() + timedelta(hours=1))
    with pytest.raises(ShopError, match="60 minutes behind ours"):
        ask(server)


@pytest.mark.django_db
def test_a_load_waits_for_the_clock_to_be_set(server: SimulatedServer, settings: object) -> None:
    shop = server.site.shop
    settings.ALLOWED_SHOP_ADDRESSES = {server.address}  # type: ignore[attr-defined]
    made = IntegrationFactory.create(
        base_url=server.url, credentials=Secrets(consumer_key=shop.key, consumer_secret=shop.secret)
    )
    shop.ahead = 3600.0
    report = try_connection(made)
    assert "The shop's clock is 60 minutes ahead of ours" in report.summary
    made.refresh_from_db()
    assert made.health == IntegrationHealth.UNREACHABLE
    run = control.request(RunKind.LOAD, made, since=true_time.now() - timedelta(days=1))
    work(run.pk)
    run.refresh_from_db()
    assert (run.state, run.failures) == (RunState.WAITING, 1)
    shop.ahead = 0.0
    Run.objects.update(next_attempt_at=None)
    work(run.pk)
    run.refresh_from_db()
    made.refresh_from_db()
    assert (run.state, made.health) == (RunState.SUCCEEDED, IntegrationHealth.OK)
