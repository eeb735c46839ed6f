"""The main job in a real browser: load new orders from a shop, see them arrive, send stock after one that waits.

Also that the strict content security policy is never broken on the way, and that nothing but the site is asked.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

import pytest
from django.conf import LazySettings
from pytest_django.live_server_helper import LiveServer

from integrations.choices import Role, RunState
from integrations.jobs import work
from integrations.models import Integration, Project, Run
from integrations.secrets import Secrets
from integrations.shops.connection import set_up
from integrations.simulator.server import SimulatedServer, SimulatedSite
from integrations.simulator.shop import SimulatedShop
from orders.models import Order
from stock.models import StockLevel
from tests.browser.browsing import NEEDS_CHROMIUM, Troubles, aside, assert_fits, log_in
from tests.factories import IntegrationFactory, ProjectFactory, member

pytestmark = [pytest.mark.browser, NEEDS_CHROMIUM, pytest.mark.django_db(transaction=True)]


@pytest.fixture
def woo() -> Iterator[SimulatedServer]:
    """A shop with three new orders."""
    shop = SimulatedShop("Teahouse", seed=4)
    for _ in range(3):
        shop.place("processing")
    with SimulatedServer(SimulatedSite(shop)) as server:
        yield server


@pytest.fixture
def connected(woo: SimulatedServer, settings: LazySettings) -> Integration:
    settings.ALLOWED_SHOP_ADDRESSES = frozenset({woo.address})
    shop = woo.site.shop
    made = IntegrationFactory.create(
        project=ProjectFactory.create(),
        title="Teahouse",
        base_url=woo.url,
        credentials=Secrets(consumer_key=shop.key, consumer_secret=shop.secret),
    )
    set_up(made)
    member(made.project.account, Role.IMPORT_ADMIN, "jana")
    return made


def test_orders_are_loaded_seen_and_served(connected: Integration, live_server: LiveServer, page: Any) -> None:
    site = live_server.url
    troubles = Troubles(page, site)
    log_in(page, site)
    page.get_by_role("link", name="Orders", exact=True).click()
    page.get_by_text("No orders here.").wait_for()

    page.get_by_role("button", name="Load new orders").click()
    dialog = page.get_by_role("dialog", name="Load new orders")
    dialog.wait_for()
    page.keyboard.press("Escape")
    assert not dialog.is_visible()
    page.get_by_role("button", name="Load new orders").click()
    assert not page.get_by_label("Date from").is_visible()
    page.get_by_label("Load new orders from a specific date").check()
    assert page.get_by_label("Date from").is_visible()
    page.get_by_label("Load new orders from a specific date").uncheck()
    dialog.get_by_role("button", name="Load", exact=True).click()

    page.get_by_role("heading", name="Importing orders from the eshop.").wait_for()
    assert page.get_by_role("button", name="Load new orders").count() == 0
    run_id = aside(lambda: Run.objects.get().pk)
    aside(work, run_id)
    assert aside(lambda: Run.objects.get().state) == RunState.SUCCEEDED

    page.get_by_role("button", name="Load new orders").wait_for()  # by itself: nobody pressed reload
    assert "3 orders read from Teahouse: 3 created" in page.inner_text(".messagelist")
    page.get_by_role("link", name="Backorder 3").click()
    page.wait_for_url("**/?tab=backorder")
    assert page.locator("#result_list tbody tr").count() == 3
    _serve_the_oldest(connected.project, page)
    assert troubles == []


def _serve_the_oldest(project: Project, page: Any) -> None:
    """Open the oldest order's product and receive what it waits for."""
    oldest = aside(lambda: Order.objects.filter(project=project).order_by("placed_at").values_list("number").first())[0]
    # An order with a note has a sign beside its number.
    page.locator("#result_list").get_by_role("link", name=re.compile(rf"^{oldest}\b")).click()
    page.locator(".plain-table a").first.click()
    page.get_by_label("Units received").fill("50")
    page.get_by_label("Note").fill("Delivery 7")
    page.get_by_role("button", name="Receive").click()
    page.get_by_text("+50 ×").first.wait_for()
    assert "served with" in page.inner_text(".messagelist")
    assert aside(lambda: StockLevel.objects.filter(on_hand=50, reserved__gt=0).count()) == 1


@pytest.mark.long
@pytest.mark.parametrize("width", [1440, 390])
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_no_page_breaks_the_policy_or_the_width(
    connected: Integration, live_server: LiveServer, page: Any, width: int, scheme: str
) -> None:
    site = live_server.url
    troubles = Troubles(page, site)
    page.set_viewport_size({"width": width, "height": 844})
    page.emulate_media(color_scheme=scheme)
    log_in(page, site)
    shop = f"integrations/integration/{connected.pk}/change"
    lists = [
        "orders/order",
        "orders/customer",
        "orders/invoice",
        "orders/shipment",
        "orders/letterhead",
        "stock/product",
    ]
    lists += ["stock/stockmovement", "integrations/integration", "integrations/remoteorder", "integrations/run"]
    for path in [
        "",
        *lists,
        shop,
        "integrations/integration/connect",
        "orders/letterhead/edit",
        "stock/product/new",
        "password_change",
    ]:
        page.goto(f"{site}/{path}/".replace("//", "/").replace(":/", "://"))
        assert page.locator("h1").first.is_visible()
        assert_fits(page)
        unnamed = page.evaluate(
            "[...document.querySelectorAll('input:not([type=hidden]):not([type=submit]), select, textarea')]"
            ".filter((field) => !field.labels.length && !field.ariaLabel).map((field) => field.name)"
        )
        assert unnamed == [], f"{path}: fields without a name"
    assert troubles == []
