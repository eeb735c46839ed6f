"""Simulated shops of every platform that tell the running site of their orders."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from integrations import connectors, jobs
from integrations.choices import RunState
from integrations.models import Feed, Integration, Run
from integrations.secrets import Secrets
from integrations.shop_webhooks import registration
from integrations.shops.connection import set_up
from integrations.simulator import dialects
from integrations.simulator.hooks import deliver, parcels
from integrations.simulator.server import SimulatedServer, SimulatedSite
from integrations.simulator.shop import SimulatedShop
from integrations.simulator.switchboard import Event, Parcel
from tests.factories import IntegrationFactory

PLATFORMS = sorted(dialects.found())
# Those that tell of their orders.
TELLING = [platform for platform in PLATFORMS if connectors.get(platform).webhooks is not None]
# Platforms whose webhooks are entered in their own settings.
TOLD_BY_HAND = {"ecwid"}


@contextmanager
def selling(platform: str, shop: SimulatedShop | None = None) -> Iterator[SimulatedServer]:
    """A shop that sells; it delivers when a test tells it to."""
    site = SimulatedSite(shop or SimulatedShop("Told", seed=3), platform)
    writer, site.writer = site.writer, None
    with SimulatedServer(site) as running:
        site.writer = writer
        yield running


def connected(server: SimulatedServer, platform: str) -> Integration:
    """The shop, connected, with its webhooks registered and nothing waiting."""
    shop = server.site.shop
    integration = IntegrationFactory.create(
        platform=platform, base_url=server.url, credentials=Secrets(dialects.get(platform).keys(shop))
    )
    set_up(integration)
    Feed.objects.update(enabled=False)
    register(server, integration)
    tell(server)
    return integration


def register(server: SimulatedServer, integration: Integration) -> None:
    done = registration.register(integration)
    if integration.platform in TOLD_BY_HAND:
        assert not done.ok
        address = registration.address_of(integration.webhook)
        assert address in done.summary
        server.site.shop.webhooks.add("order.*", address, server.site.shop.secret)
    else:
        assert done.ok, done.summary


def tell(server: SimulatedServer) -> int:
    """One round of deliveries; how many there were."""
    assert server.site.writer is not None
    return deliver(server.site.shop, server.site.writer)


def written(server: SimulatedServer, event: Event) -> list[Parcel]:
    """What the active webhooks would send of an event, not sent."""
    assert server.site.writer is not None
    return [parcel for _, parcel in parcels(server.site.shop, server.site.writer, [event])]


def work() -> None:
    for run in Run.objects.filter(state=RunState.WAITING):
        jobs.work(run.pk)
