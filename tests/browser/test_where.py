"""Where is my order?, in a real browser: from any page by the keyboard, and on a phone."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from django.conf import LazySettings
from pytest_django.live_server_helper import LiveServer

from integrations.choices import RemoteState, Role
from integrations.models import Integration, RemoteOrder
from integrations.secrets import Secrets
from integrations.shops.connection import set_up
from integrations.simulator.server import SimulatedServer, SimulatedSite
from integrations.simulator.shop import SimulatedShop
from tests.admin.conftest import remote
from tests.browser.browsing import NEEDS_CHROMIUM, Troubles, aside, asked, assert_fits, log_in
from tests.factories import IntegrationFactory, member

pytestmark = [pytest.mark.browser, pytest.mark.long, NEEDS_CHROMIUM, pytest.mark.django_db(transaction=True)]


@pytest.fixture
def woo() -> Iterator[SimulatedServer]:
    """A shop with an order that nobody here has seen."""
    shop = SimulatedShop("Teahouse", seed=4)
    shop.place("processing", {"MUG-WHITE": 2})
    with SimulatedServer(SimulatedSite(shop)) as server:
        yield server


@pytest.fixture
def shop(woo: SimulatedServer, settings: LazySettings) -> Integration:
    settings.ALLOWED_SHOP_ADDRESSES = frozenset({woo.address})
    keys = Secrets(consumer_key=woo.site.shop.key, consumer_secret=woo.site.shop.secret)
    made = IntegrationFactory.create(title="Teahouse", base_url=woo.url, credentials=keys)
    set_up(made)
    member(made.project.account, Role.ORDER_STAFF, "jana")
    remote(made, "9001", RemoteState.FAILED, search="9001 ann lee", buyer="Ann Lee")
    return made


@pytest.mark.parametrize("keys", ["/", "Control+k"])
def test_the_keyboard_leads_to_the_answer_from_every_page(
    shop: Integration, live_server: LiveServer, page: Any, keys: str
) -> None:
    troubles = Troubles(page, live_server.url)
    log_in(page, live_server.url)
    page.goto(f"{live_server.url}/stock/product/")
    page.keyboard.press(keys)
    assert asked(page, "document.activeElement.id") == "find"
    page.keyboard.type("ann lee/")
    page.keyboard.press("Backspace")
    page.keyboard.press("Enter")
    page.get_by_role("heading", name="Where is “ann lee”?").wait_for()
    assert page.get_by_text("Import failed").is_visible()
    page.get_by_role("link", name="See the cause and mend it").click()
    page.get_by_role("heading", name="9001").wait_for()
    assert troubles == []


def test_what_was_found_is_read_on_a_phone_without_moving_aside(
    shop: Integration, live_server: LiveServer, page: Any
) -> None:
    words = {"search": "9002 ann lee", "buyer": "Ann Lee", "total": 25, "currency": "EUR"}
    aside(lambda: remote(shop, "9002", RemoteState.FAILED, **words))
    page.set_viewport_size({"width": 390, "height": 844})
    log_in(page, live_server.url)
    page.goto(f"{live_server.url}/where/?q=ann")
    assert_fits(page)
    for what in ("9002", "Ann Lee", "€25.00"):
        box = page.locator("tr", has_text="9002").get_by_text(what).bounding_box()
        assert box["x"] >= 0 and box["x"] + box["width"] <= 390, what


def test_a_shop_is_asked_on_a_phone_and_its_order_fetched(
    shop: Integration, woo: SimulatedServer, live_server: LiveServer, page: Any
) -> None:
    troubles = Troubles(page, live_server.url)
    page.set_viewport_size({"width": 390, "height": 844})
    [number] = map(str, woo.site.shop.sales)
    log_in(page, live_server.url)
    page.get_by_role("searchbox").fill(number)
    page.keyboard.press("Enter")
    page.get_by_text("Nothing in this order book has this number").wait_for()
    assert_fits(page)
    page.get_by_role("button", name="Ask the shop").click()
    page.get_by_text("Not fetched yet").wait_for()
    assert_fits(page)
    assert aside(RemoteOrder.objects.filter(number=number).count) == 0
    page.get_by_role("button", name="Fetch it now, to decide").click()
    page.get_by_role("heading", name="Fetching orders from the eshop.").wait_for()
    assert troubles == []
