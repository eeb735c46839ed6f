"""Which webhooks the check registers again: single ones alone, and none where another site registered them."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import asdict
from typing import Any

import pytest
from pytest_django import Settings

from integrations import jobs
from integrations.choices import RunKind, RunState
from integrations.models import Integration, Run, Webhook
from integrations.runs import control
from integrations.shop_webhooks import registration
from integrations.simulator.server import SimulatedServer
from tests.integrations.shop_webhooks.shops import connected, selling

pytestmark = pytest.mark.django_db(transaction=True)
# Platforms with a webhook for each topic, and one of their topics.
SINGLE = {"woocommerce": "order.updated", "shopify": "ORDERS_UPDATED"}
LIVE, COPY = "https://orders.example", "https://staging.example"


@pytest.fixture(params=list(SINGLE))
def server(request: pytest.FixtureRequest, settings: Settings) -> Iterator[SimulatedServer]:
    with selling(request.param) as running:
        settings.ALLOWED_SHOP_ADDRESSES = frozenset({running.address})
        settings.PUBLIC_URL = LIVE
        yield running


@pytest.fixture
def integration(server: SimulatedServer, request: pytest.FixtureRequest) -> Integration:
    made = connected(server, request.node.callspec.params["server"])
    server.site.log.clear()
    return made


def check(integration: Integration) -> Run:
    run = control.request(RunKind.WEBHOOK_CHECK, integration)
    jobs.work(run.pk)
    run.refresh_from_db()
    assert run.state == RunState.SUCCEEDED
    return run


def hooks(server: SimulatedServer) -> dict[int, dict[str, Any]]:
    return {key: asdict(hook) for key, hook in server.site.shop.webhooks.hooks.items()}


def lose(server: SimulatedServer, topic: str) -> None:
    board = server.site.shop.webhooks
    [lost] = [key for key, hook in board.hooks.items() if hook.topic == topic]
    del board.hooks[lost]


def test_a_single_one_that_is_lost_is_registered_alone(server: SimulatedServer, integration: Integration) -> None:
    topic = SINGLE[integration.platform]
    lose(server, topic)
    before, count = hooks(server), len(hooks(server)) + 1
    # Written to by nobody, or this would be put back.
    changed = next(iter(server.site.shop.webhooks.hooks.values()))
    changed.secret = "changed in the shop"
    before[changed.id]["secret"] = changed.secret
    run = check(integration)
    assert run.reason.startswith(f"The shop has lost our webhooks for {topic}. They were registered again: {count} ")
    after = hooks(server)
    assert {key: after[key] for key in before} == before
    assert [hook["topic"] for key, hook in after.items() if key not in before] == [topic]
    check(integration)
    assert hooks(server) == after
    assert Webhook.objects.get().problem == ""


def test_the_control_without_the_topics_nobody_sees_it(server: SimulatedServer, integration: Integration) -> None:
    lose(server, SINGLE[integration.platform])
    Webhook.objects.update(topics=[])
    before = hooks(server)
    assert check(integration).reason == ""
    assert hooks(server) == before


def test_a_single_one_that_is_off_is_named(server: SimulatedServer, integration: Integration) -> None:
    if integration.platform == "shopify":
        pytest.skip("Shopify removes what fails")
    hook = next(hook for hook in server.site.shop.webhooks.hooks.values() if hook.topic == "order.updated")
    hook.active = False
    assert check(integration).reason.startswith(
        "The shop has disabled our webhooks for order.updated after failures. They were registered again: 4"
    )
    assert hook.active


@pytest.mark.parametrize("here", [COPY, ""])
def test_a_copy_under_another_address_writes_nothing(
    server: SimulatedServer, integration: Integration, settings: Settings, here: str
) -> None:
    """Its database says that all is registered, and the shop may have lost everything: that is the other site's."""
    settings.PUBLIC_URL = here
    for clear in (False, True):
        if clear:
            server.site.shop.webhooks.hooks.clear()
        before = hooks(server)
        run = check(integration)
        assert f"registered for {LIVE}" in run.reason and "left alone" in run.reason
        assert hooks(server) == before
    assert not server.site.log, "the shop is not even asked"
    assert Webhook.objects.get().problem == ""


def test_the_control_with_the_guard_off_the_copy_writes_to_the_shop(
    server: SimulatedServer, integration: Integration, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings.PUBLIC_URL = COPY
    before = hooks(server)
    monkeypatch.setattr(registration, "is_elsewhere", lambda registered_for: False)
    assert "They were registered again" in check(integration).reason
    assert len(hooks(server)) == 2 * len(before)


def test_somebody_who_is_sure_registers_the_new_address_and_deletes_no_other(
    server: SimulatedServer, integration: Integration, settings: Settings
) -> None:
    settings.PUBLIC_URL = COPY
    before = hooks(server)
    refused = registration.register(integration)
    assert not refused.ok and "Tick that" in refused.summary
    assert hooks(server) == before
    assert registration.register(integration, sure=True).ok
    after = hooks(server)
    assert {key: after[key] for key in before} == before
    assert sum(hook["address"].startswith(f"{COPY}/") for hook in after.values()) == len(before)
    assert check(integration).reason == ""  # and from now on these are looked after
    server.site.shop.webhooks.hooks.clear()
    assert "They were registered again" in check(integration).reason
    assert all(hook["address"].startswith(f"{COPY}/") for hook in hooks(server).values())


def test_what_was_registered_before_is_known_once_it_was_found(
    server: SimulatedServer, integration: Integration, settings: Settings
) -> None:
    """After an upgrade nobody knows the address: a copy must not guess, and the site itself learns it at its check."""
    Webhook.objects.update(registered_for="", topics=[])
    settings.PUBLIC_URL = COPY
    before = hooks(server)
    assert "Register them again" in check(integration).reason
    assert hooks(server) == before
    settings.PUBLIC_URL = LIVE
    assert check(integration).reason == ""
    webhook = Webhook.objects.get()
    assert (webhook.registered_for, webhook.problem) == (LIVE, "")
    assert webhook.topics == sorted({hook["topic"] for hook in before.values()})
