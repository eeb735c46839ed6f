"""From the printed link to the first loaded orders, in a real browser, in at most four pages."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
from django.conf import LazySettings
from pytest_django.live_server_helper import LiveServer

from config.kit import true_time
from integrations.access import first_run
from integrations.choices import RunKind
from integrations.jobs import work
from integrations.models import Run
from integrations.simulator.server import SimulatedServer, SimulatedSite
from integrations.simulator.shop import SimulatedShop
from orders.models import Order
from tests.browser.browsing import NEEDS_CHROMIUM, Troubles, aside, assert_fits
from tests.browser.counting_clicks import Hand

pytestmark = [pytest.mark.browser, pytest.mark.long, NEEDS_CHROMIUM, pytest.mark.django_db(transaction=True)]


@pytest.fixture
def woo(settings: LazySettings) -> Iterator[SimulatedServer]:
    shop = SimulatedShop("Teahouse", seed=4)
    for _ in range(3):
        shop.place("processing")
    with SimulatedServer(SimulatedSite(shop)) as server:
        settings.ALLOWED_SHOP_ADDRESSES = frozenset({server.address})
        yield server


@pytest.mark.parametrize("width", [1440, 390])
def test_the_first_orders_come_after_four_pages(
    live_server: LiveServer, woo: SimulatedServer, page: Any, width: int
) -> None:
    troubles = Troubles(page, live_server.url)
    page.set_viewport_size({"width": width, "height": 900})
    hand = Hand(page)
    page.goto(f"{live_server.url}/begin/{aside(first_run.token)}/")
    for label, text in (("Username", "jana"), ("E-mail", "jana@tea.example"), ("Company", "Tea")):
        page.get_by_label(label).fill(text)
    page.locator("[name=password1]").fill("long-enough-7")
    page.locator("[name=password2]").fill("long-enough-7")
    page.get_by_label("First shop").select_option("WooCommerce")
    assert_fits(page)
    hand.click(page.locator("form button[type=submit]").last)
    page.get_by_label("Website").fill(woo.url)
    page.get_by_label("Consumer key").fill(woo.site.shop.key)
    page.get_by_label("Consumer secret").fill("cs_wrong")
    hand.click(page.get_by_role("button", name="Connect and test"))
    page.get_by_text("Nothing has been saved.").wait_for()
    page.get_by_label("Consumer secret").fill(woo.site.shop.secret)
    troubles.clear()  # Chromium complains of the answer 422
    hand.loads -= 1  # the page with the mistake is not counted
    hand.click(page.get_by_role("button", name="Connect and test"))
    page.get_by_text("Connected to Teahouse.").wait_for()
    page.get_by_text("3 orders of the last 30 days").wait_for()
    assert_fits(page)
    page.get_by_label("Since a day:").check()
    page.get_by_label("Load orders since").fill(aside(a_month_ago))
    hand.click(page.get_by_role("button", name="Save rules and load"))
    page.get_by_role("heading", name="Importing orders from the eshop.").wait_for()
    assert hand.loads <= 4
    aside(lambda: work(Run.objects.get(kind=RunKind.LOAD).pk))
    page.get_by_role("button", name="Load new orders").wait_for()
    assert aside(Order.objects.count) == 3
    assert troubles == []


def a_month_ago() -> str:
    return (true_time.now() - timedelta(days=30)).date().isoformat()
