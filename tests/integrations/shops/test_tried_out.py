"""A shop of every platform before it is saved: it answers whatever zone was guessed, and shows its orders."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from django.conf import LazySettings

from integrations.connectors import shop_connectors
from integrations.importing import first_look
from integrations.models import Integration, RemoteOrder
from integrations.secrets import Secrets
from integrations.shops import connection
from integrations.shops.connection import set_up
from integrations.simulator import dialects
from integrations.simulator.limits import Limit
from integrations.simulator.server import SimulatedServer, SimulatedSite
from integrations.simulator.shop import SimulatedShop
from tests.factories import ProjectFactory

pytestmark = pytest.mark.django_db

PLATFORMS = sorted(connector.key for connector in shop_connectors())
# Those whose API tells the zone the shop is set to.
TELL = {"bigcommerce", "ecwid", "magento2", "prestashop", "shopify", "woocommerce"}
GUESSED = "Asia/Tokyo"
DAY = 24 * 60 * 60


@contextmanager
def unsaved(platform: str, settings: LazySettings, orders: int = 0) -> Iterator[tuple[Integration, SimulatedShop]]:
    """An integration that is not saved, of a simulated shop whose zone was guessed wrong."""
    shop = SimulatedShop("Teahouse", seed=4)
    shop.limit = Limit()
    for _ in range(orders):
        shop.place("processing", age=DAY)  # PayPal shows a payment up to three hours after it was made
    with SimulatedServer(SimulatedSite(shop, platform)) as server:
        server.site.writer = None
        settings.ALLOWED_SHOP_ADDRESSES = frozenset({server.address})
        keys = Secrets(**dialects.get(platform).keys(shop))
        yield (
            Integration(
                project=ProjectFactory.create(),
                platform=platform,
                title="Teahouse",
                base_url=server.url,
                time_zone=GUESSED,
                credentials=keys,
            ),
            shop,
        )


@pytest.mark.parametrize("platform", PLATFORMS)
def test_it_answers_and_fills_in_its_zone(platform: str, settings: LazySettings) -> None:
    with unsaved(platform, settings) as (tried, shop):
        report = connection.try_out(tried, zone_is_sure=False)
        assert report.ok, report
        assert tried.time_zone == (shop.zone.key if platform in TELL else GUESSED)
        assert not [hint for hint in report.hints if "time zone" in hint], "it is set as the shop is by now"
    assert not Integration.objects.exists()


@pytest.mark.parametrize("platform", sorted(TELL))
def test_a_zone_that_a_person_chose_stays_and_is_remarked_on(platform: str, settings: LazySettings) -> None:
    with unsaved(platform, settings) as (tried, shop):
        report = connection.try_out(tried, zone_is_sure=True)
        assert tried.time_zone == GUESSED
        assert any(shop.zone.key in text for text in (report.summary, *report.hints)), report
        assert report.ok is (platform != "prestashop"), "whose orders would be looked for hours off"


@pytest.mark.parametrize("platform", PLATFORMS)
def test_a_first_look_sees_its_orders_and_keeps_none(platform: str, settings: Any) -> None:
    with unsaved(platform, settings, orders=3) as (tried, _shop):
        assert connection.try_out(tried, zone_is_sure=False).ok
        tried.save()
        set_up(tried)
        seen = first_look.look(tried)
        preview = seen.preview(tried, [])
        assert (seen.problem, preview.orders, preview.unreadable) == ("", 3, 0)
    assert not RemoteOrder.objects.exists()
