"""The webhook check registers again what a shop has switched off or lost, once, and only where it may."""

from __future__ import annotations

from collections.abc import Container, Iterator
from dataclasses import replace
from typing import Any

import pytest
from pytest_django import Settings

from integrations import jobs
from integrations.choices import IntegrationHealth, RunKind, RunState
from integrations.connectors.contract import Shop, Webhooks
from integrations.connectors.errors import Failure, ShopError
from integrations.connectors.http import Operation
from integrations.connectors.notifications import RemoteWebhook
from integrations.models import Integration, Run, Webhook
from integrations.runs import control
from integrations.shop_webhooks import registration
from integrations.simulator.server import SimulatedServer
from orders.models import Order
from tests.fake_connector import exchange
from tests.integrations.shop_webhooks.shops import connected, selling, tell, work
from tests.recorded import able

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture(params=["woocommerce", "bigcommerce", "paypal"])
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


def active(server: SimulatedServer) -> int:
    return sum(hook.active for hook in server.site.shop.webhooks.hooks.values())


def check(integration: Integration) -> Run:
    run = control.request(RunKind.WEBHOOK_CHECK, integration)
    jobs.work(run.pk)
    return Run.objects.get(pk=run.pk)


def counted(patch: pytest.MonkeyPatch, integration: Integration, failure: ShopError | None = None) -> list[str]:
    """The addresses that are registered from now on; with `failure` each is refused."""
    platform: Webhooks = able(integration.connector.webhooks)
    asked: list[str] = []

    def register(
        shop: Shop, address: str, secret: str, only: Container[str] | None = None
    ) -> Operation[tuple[RemoteWebhook, ...]]:
        asked.append(address)
        if failure is not None:
            raise failure
        return (yield from able(platform.register)(shop, address, secret, only))

    exchange(patch, integration.platform, webhooks=replace(platform, register=register))
    return asked


@pytest.mark.parametrize("lost", [True, False])
def test_they_are_there_again_and_deliver(
    server: SimulatedServer, integration: Integration, monkeypatch: pytest.MonkeyPatch, lost: bool
) -> None:
    board, before = server.site.shop.webhooks, active(server)
    if lost:
        board.hooks.clear()
    elif integration.platform == "paypal":
        pytest.skip("PayPal gives up deliveries, never webhooks")
    else:
        for hook in board.hooks.values():
            hook.active = False
    asked = counted(monkeypatch, integration)
    run = check(integration)
    assert run.state == RunState.SUCCEEDED
    assert run.reason.startswith(f"The shop has {'lost' if lost else 'disabled'} our webhooks")
    told = "1 webhook is" if before == 1 else f"{before} webhooks are"
    assert f"They were registered again: {told} registered in the shop." in run.reason
    assert (active(server), len(board.hooks)) == (before, before)
    assert Webhook.objects.get().problem == ""
    check(integration)
    assert asked == [registration.address_of(integration.webhook)]
    server.site.shop.place("processing", {"MUG-WHITE": 1}, age=3600)
    assert tell(server) >= 1
    work()
    assert (Order.objects.count(), Webhook.objects.get().refused) == (1, 0)


def test_control_with_the_guard_shut_they_stay_lost_and_the_notice_is_there(
    server: SimulatedServer, integration: Integration, monkeypatch: pytest.MonkeyPatch
) -> None:
    server.site.shop.webhooks.hooks.clear()
    monkeypatch.setattr(registration, "_may_register", lambda integration, webhook: False)
    assert "Register them again; until then the feeds" in check(integration).reason
    assert (active(server), "Register them again" in Webhook.objects.get().problem) == (0, True)


@pytest.mark.parametrize("barred", [{"enabled": False}, {"health": IntegrationHealth.CREDENTIALS}])
def test_a_shop_that_is_barred_meanwhile_is_not_written_to(
    server: SimulatedServer, integration: Integration, monkeypatch: pytest.MonkeyPatch, barred: dict[str, Any]
) -> None:
    server.site.shop.webhooks.hooks.clear()
    asked = counted(monkeypatch, integration)
    platform = able(integration.connector.webhooks)

    def registered(shop: Shop) -> Operation[tuple[RemoteWebhook, ...]]:
        found = yield from able(platform.registered)(shop)
        Integration.objects.update(**barred)
        return found

    exchange(monkeypatch, integration.platform, webhooks=replace(platform, registered=registered))
    check(integration)
    assert asked == []
    assert active(server) == 0
    assert Webhook.objects.get().problem.startswith("The shop has lost our webhooks. Register them again")


def test_without_a_public_address_nothing_is_registered(
    server: SimulatedServer, integration: Integration, monkeypatch: pytest.MonkeyPatch, settings: Settings
) -> None:
    settings.PUBLIC_URL = ""
    asked = counted(monkeypatch, integration)
    check(integration)
    assert asked == []


def test_a_platform_that_takes_addresses_by_hand_keeps_the_notice(
    server: SimulatedServer, integration: Integration, monkeypatch: pytest.MonkeyPatch
) -> None:
    server.site.shop.webhooks.hooks.clear()
    by_hand = replace(able(integration.connector.webhooks), register=None)
    exchange(monkeypatch, integration.platform, webhooks=by_hand)
    assert "Register them again" in check(integration).reason
    assert "Register them again" in Webhook.objects.get().problem


def test_keys_that_may_only_read_go_on_reading(
    server: SimulatedServer, integration: Integration, monkeypatch: pytest.MonkeyPatch
) -> None:
    server.site.shop.webhooks.hooks.clear()
    refusal = ShopError(Failure.CREDENTIALS, "The shop's keys may only read.", status=401)
    asked = counted(monkeypatch, integration, refusal)
    run = check(integration)
    assert (run.state, len(asked)) == (RunState.SUCCEEDED, 1)
    assert run.reason.endswith("Registering them again failed: The shop's keys may only read.")
    assert Webhook.objects.get().problem == run.reason
    assert Integration.objects.get().health == IntegrationHealth.OK


def test_a_shop_that_asks_to_wait_is_waited_for(
    server: SimulatedServer, integration: Integration, monkeypatch: pytest.MonkeyPatch
) -> None:
    server.site.shop.webhooks.hooks.clear()
    asked = counted(monkeypatch, integration, ShopError(Failure.BUSY, "The shop asks us to wait.", retry_after=30))
    assert (check(integration).state, len(asked)) == (RunState.WAITING, 1)
