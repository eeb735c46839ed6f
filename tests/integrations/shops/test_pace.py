"""How often shops are asked: by all workers together, inside what a platform takes, and never where it is no use."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone
from pytest_django import Settings

from integrations import jobs
from integrations.choices import IntegrationHealth, RunKind, RunState
from integrations.connectors import get
from integrations.connectors.contract import Budget, Capabilities
from integrations.connectors.errors import Failure, NotNow, ShopError
from integrations.models import Feed, Integration, Run, ShopPace
from integrations.runs import control
from integrations.secrets import Secrets
from integrations.shops import connection as connecting
from integrations.shops.ask import ask
from integrations.shops.connection import set_up
from integrations.shops.pace import Pace
from integrations.simulator import dialects
from integrations.simulator.limits import Limit
from integrations.simulator.server import SimulatedServer
from tests.factories import IntegrationFactory
from tests.fake_connector import exchange
from tests.integrations.shop_webhooks.shops import PLATFORMS, selling

WORKERS = 3


@pytest.fixture
def open_shop(settings: Settings, request: pytest.FixtureRequest) -> Iterator[Callable[[str], SimulatedServer]]:
    opened: list[Any] = []

    def opened_for(platform: str) -> SimulatedServer:
        context = selling(platform)
        server = context.__enter__()
        opened.append(context)
        server.site.shop.stock_history(40, days=10)
        settings.ALLOWED_SHOP_ADDRESSES = frozenset({server.address})
        return server

    yield opened_for
    for context in opened:
        context.__exit__(None, None, None)


def connect(server: SimulatedServer, platform: str) -> Integration:
    made = IntegrationFactory.create(
        platform=platform, base_url=server.url, credentials=Secrets(dialects.get(platform).keys(server.site.shop))
    )
    set_up(made)
    Feed.objects.update(enabled=False)
    return made


def budgeted(monkeypatch: pytest.MonkeyPatch, platform: str, budget: Budget | None) -> None:
    exchange(monkeypatch, platform, capabilities=replace(get(platform).capabilities, budget=budget))


def at_once(integration: Integration, each: int) -> float:
    """WORKERS threads with connections of their own ask `each` times; how many seconds that took."""
    together = threading.Barrier(WORKERS)

    def worker(_: int) -> None:
        own = Integration.objects.select_related("project").get(pk=integration.pk)
        together.wait()
        try:
            for _ in range(each):
                with suppress(ShopError):  # the log says what was refused
                    ask(own, own.connector.orders.by_ids(own.shop(), ("EC1-X",)))
        finally:
            connection.close()

    began = time.monotonic()
    with ThreadPoolExecutor(WORKERS) as pool:
        list(pool.map(worker, range(WORKERS)))
    return time.monotonic() - began


# --- a declared budget: Ecwid ---


@pytest.mark.django_db(transaction=True)
def test_workers_stay_inside_a_budget_together(
    open_shop: Callable[[str], SimulatedServer], monkeypatch: pytest.MonkeyPatch
) -> None:
    server = open_shop("ecwid")
    integration = connect(server, "ecwid")
    server.site.shop.limit = Limit(60, 3)
    budgeted(monkeypatch, "ecwid", Budget(60, 3))
    took = at_once(integration, 15)
    asked = len(server.site.log)
    assert {entry["status"] for entry in server.site.log} == {200}
    assert (server.site.shop.limit.refused, asked > 70) == (0, True)
    assert took > (asked - 60) / 20


@pytest.mark.django_db(transaction=True)
def test_workers_that_share_nothing_are_throttled(
    open_shop: Callable[[str], SimulatedServer], monkeypatch: pytest.MonkeyPatch
) -> None:
    """The control: each asks less than the shop takes, and together they ask for more."""
    server = open_shop("ecwid")
    integration = connect(server, "ecwid")
    server.site.shop.limit = Limit(20, 60)
    monkeypatch.setattr(Pace, "wait", lambda self: 0)
    monkeypatch.setattr(Pace, "refused", lambda self, seconds: None)
    at_once(integration, 8)
    assert server.site.shop.limit.refused > 0


@pytest.mark.django_db
def test_a_place_is_taken_by_each_request_and_a_pause_gives_new_ones(
    open_shop: Callable[[str], SimulatedServer], monkeypatch: pytest.MonkeyPatch
) -> None:
    integration = connect(open_shop("ecwid"), "ecwid")
    budgeted(monkeypatch, "ecwid", Budget(100, 10))
    waits = [Pace(integration).wait() for _ in range(17)]
    assert waits[:15] == [0] * 15
    assert 0 < waits[15] < waits[16] < 2 * 10 / 80
    ShopPace.objects.update(free_at=timezone.now() - timedelta(hours=1))
    assert Pace(integration).wait() == 0
    ShopPace.objects.update(free_at=timezone.now() + timedelta(seconds=60))
    with pytest.raises(NotNow, match="Other runs") as caught:
        Pace(integration).wait()
    assert 50 < (caught.value.retry_after or 0) < 60


@pytest.mark.django_db
@pytest.mark.parametrize("platform", PLATFORMS)
def test_a_request_costs_one_statement(open_shop: Callable[[str], SimulatedServer], platform: str) -> None:
    integration = connect(open_shop(platform), platform)
    ask(integration, integration.connector.check(integration.shop()), tested=True)
    with CaptureQueriesContext(connection) as statements:
        assert Pace(integration).wait() == 0
    assert len(statements) == 1


# --- what shops say themselves ---


@pytest.mark.django_db
def test_a_window_that_is_nearly_used_up_is_waited_out(
    open_shop: Callable[[str], SimulatedServer], monkeypatch: pytest.MonkeyPatch
) -> None:
    """BigCommerce says with every answer how many are left, whoever used them."""
    server = open_shop("bigcommerce")
    integration = connect(server, "bigcommerce")
    server.site.shop.limit = Limit(30, 20, rolling=False)
    with pytest.raises(NotNow) as caught:
        for _ in range(40):
            ask(integration, integration.connector.orders.by_ids(integration.shop(), ("100",)))
    assert caught.value.kind == Failure.BUSY
    assert 10 < (caught.value.retry_after or 0) <= 20
    assert server.site.shop.limit.refused == 0
    assert 15 <= len(server.site.log) <= 30
    integration.refresh_from_db()
    asked = len(server.site.log)
    run = control.request(RunKind.PRODUCTS, integration)
    jobs.work(run.pk)
    run.refresh_from_db()
    assert (run.state, run.failures, len(server.site.log)) == (RunState.WAITING, 0, asked)
    assert run.reason.startswith("The shop asked us to wait. Goes on in ")


@pytest.mark.django_db
def test_shopifys_points_are_left_for_the_other_workers(open_shop: Callable[[str], SimulatedServer]) -> None:
    from integrations.simulator.dialects.shopify.answering import state_of

    server = open_shop("shopify")
    integration = connect(server, "shopify")
    state = state_of(server.site.shop)
    state.points, state.most_points, state.restored = 400, 2000, 1
    connector = integration.connector
    with pytest.raises(NotNow):
        for _ in range(200):
            ask(integration, connector.orders.by_ids(integration.shop(), ("100",)))
    assert all(entry["status"] == 200 for entry in server.site.log)
    assert state.points > 0


@pytest.mark.django_db
@pytest.mark.parametrize("platform", PLATFORMS)
def test_a_refusal_keeps_all_workers_quiet(
    open_shop: Callable[[str], SimulatedServer], monkeypatch: pytest.MonkeyPatch, platform: str
) -> None:
    """Every platform's own refusal: status, headers and body as documented."""
    server = open_shop(platform)
    integration = connect(server, platform)
    budgeted(monkeypatch, platform, None)
    connector = exchange(monkeypatch, platform, pause_after=None)
    ask(integration, connector.check(integration.shop()), tested=True)
    server.site.shop.limit = Limit(1, 900)
    server.site.shop.limit.take()
    runs_of = [control.request(kind, integration) for kind in (RunKind.LOAD, RunKind.CODE_LISTS, RunKind.PRODUCTS)]
    Run.objects.update(since=timezone.now() - timedelta(days=2))
    jobs.work(runs_of[0].pk)
    integration.refresh_from_db()
    assert integration.quiet_until is not None and integration.quiet_until > timezone.now()
    refused = server.site.shop.limit.refused
    assert refused >= 1
    for run in runs_of[1:]:
        jobs.work(run.pk)
        run.refresh_from_db()
        assert run.failures == 0
    assert server.site.shop.limit.refused == refused  # nobody asked again


@pytest.mark.django_db
def test_what_a_person_asked_for_keeps_runs_quiet_too(open_shop: Callable[[str], SimulatedServer]) -> None:
    """Shopify throttles with HTTP 200; only its connector can read how long to wait."""
    from integrations.simulator.dialects.shopify.answering import state_of

    server = open_shop("shopify")
    integration = connect(server, "shopify")
    state = state_of(server.site.shop)
    state.points, state.restored = 0, 1
    with pytest.raises(ShopError) as caught:
        ask(integration, integration.connector.orders.by_ids(integration.shop(), ("100",)))
    assert not isinstance(caught.value, NotNow)
    with pytest.raises(NotNow):
        ask(integration, integration.connector.orders.by_ids(integration.shop(), ("100",)))


@pytest.mark.django_db
def test_ebays_daily_quota_is_waited_for_until_its_midnight(open_shop: Callable[[str], SimulatedServer]) -> None:
    server = open_shop("ebay")
    integration = connect(server, "ebay")
    server.site.shop.limit = Limit(1, 86400, rolling=False)
    run = control.request(RunKind.LOAD, integration, since=timezone.now() - timedelta(days=2))
    jobs.work(run.pk)
    run.refresh_from_db()
    integration.refresh_from_db()
    assert run.state == RunState.WAITING and "midnight Pacific" in run.reason
    assert integration.quiet_until is not None
    there = integration.quiet_until.astimezone(pacific())
    assert (there.hour, there.minute) in {(0, 0), (23, 59)}


def pacific() -> Any:
    from integrations.connectors.ebay.requests import PACIFIC

    return PACIFIC


# --- rejected keys ---


@pytest.mark.django_db
def test_nothing_is_sent_with_keys_that_were_rejected(open_shop: Callable[[str], SimulatedServer]) -> None:
    """Ecwid blocks an address that goes on asking with a dead token."""
    server = open_shop("ecwid")
    integration = connect(server, "ecwid")
    integration.credentials = Secrets(integration.credentials | {"access_token": "secret_dead"})
    integration.save()
    run = control.request(RunKind.LOAD, integration, since=timezone.now() - timedelta(days=2))
    jobs.work(run.pk)
    assert [entry["status"] for entry in server.site.log] == [403]
    assert Integration.objects.get().health == IntegrationHealth.CREDENTIALS
    # A worker that is in the middle of a page, too, although it has read the shop's row before.
    for _ in range(30):
        with pytest.raises(NotNow) as caught:
            ask(integration, integration.connector.orders.by_ids(integration.shop(), ("EC1-X",)))
        assert caught.value.kind == Failure.CREDENTIALS
    assert len(server.site.log) == 1
    # A person may test the connection, which is the way out.
    assert not connecting.test_connection(integration).ok
    assert len(server.site.log) == 2
    integration.credentials = Secrets(dialects.get("ecwid").keys(server.site.shop))
    integration.save()
    assert connecting.test_connection(integration).ok
    ask(integration, integration.connector.orders.by_ids(integration.shop(), ("EC1-X",)))


@pytest.mark.django_db
def test_without_that_a_dead_token_gets_the_address_blocked(
    open_shop: Callable[[str], SimulatedServer], monkeypatch: pytest.MonkeyPatch
) -> None:
    """The control."""
    server = open_shop("ecwid")
    integration = connect(server, "ecwid")
    integration.credentials = Secrets(integration.credentials | {"access_token": "secret_dead"})
    monkeypatch.setattr(Pace, "wait", lambda self: 0)
    monkeypatch.setattr(Pace, "refused", lambda self, seconds: None)
    for _ in range(25):
        with pytest.raises(ShopError):
            ask(integration, integration.connector.orders.by_ids(integration.shop(), ("EC1-X",)))
    assert {entry["status"] for entry in server.site.log} == {403, 429}


@pytest.mark.django_db
def test_a_connection_test_that_passes_ends_the_quiet(open_shop: Callable[[str], SimulatedServer]) -> None:
    integration = connect(open_shop("paypal"), "paypal")
    Integration.objects.update(quiet_until=timezone.now() + timedelta(hours=9))
    waiting = control.request(RunKind.CODE_LISTS, integration)
    jobs.work(waiting.pk)
    jobs.work(waiting.pk)
    waiting.refresh_from_db()
    assert (waiting.state, waiting.reason) == (RunState.WAITING, "The shop asked us to wait. Goes on in 9 hours.")
    with pytest.raises(NotNow):
        Pace(integration).wait()
    assert connecting.test_connection(integration).ok
    assert Pace(integration).wait() == 0
    jobs.work(waiting.pk)
    waiting.refresh_from_db()
    assert waiting.state == RunState.SUCCEEDED, waiting.reason


def test_only_ecwid_needs_a_declared_budget() -> None:
    declared = {platform: get(platform).capabilities.budget for platform in PLATFORMS}
    assert {platform: budget for platform, budget in declared.items() if budget} == {"ecwid": Budget(600, 60)}
    assert Capabilities().budget is None
