"""Import Orders and Synchronize in a real browser, against a simulated shop: by mouse, by keyboard, on a phone."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from django.conf import LazySettings
from django.contrib.auth.models import User
from pytest_django.live_server_helper import LiveServer

from integrations.choices import RemoteState, Role, RunState
from integrations.importing import fetch_missing
from integrations.importing.load import request_load
from integrations.jobs import work
from integrations.models import Integration, RemoteOrder, Run
from integrations.review import decisions
from integrations.secrets import Secrets
from integrations.shops.connection import set_up
from integrations.simulator.server import SimulatedServer, SimulatedSite
from integrations.simulator.shop import SimulatedShop
from orders.choices import OrderStatus
from orders.models import Order
from tests.browser.browsing import NEEDS_CHROMIUM, Troubles, aside, assert_fits, log_in, tab_to
from tests.factories import IntegrationFactory, ProjectFactory, member

pytestmark = [pytest.mark.browser, pytest.mark.long, NEEDS_CHROMIUM, pytest.mark.django_db(transaction=True)]

GOODS = {"MUG-WHITE": 2}


@pytest.fixture
def woo() -> Iterator[SimulatedServer]:
    """A shop that has just sold three times."""
    shop = SimulatedShop("Teahouse", seed=4)
    for _ in range(3):
        shop.place("processing", GOODS)
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
    IntegrationFactory.create(project=made.project, platform="shopify", title="Kyoto Tea")
    member(made.project.account, Role.ORDER_STAFF, "jana")
    return made


def run_it() -> None:
    """Stand in for the worker: do what was asked for last."""
    run_id = aside(lambda: Run.objects.latest("pk").pk)
    aside(work, run_id)
    assert aside(lambda: Run.objects.get(pk=run_id).state) == RunState.SUCCEEDED


def states() -> list[str]:
    found: list[str] = aside(lambda: list(RemoteOrder.objects.order_by("pk").values_list("state", flat=True)))
    return found


def test_missing_orders_are_fetched_accepted_and_cancelled(
    connected: Integration, woo: SimulatedServer, live_server: LiveServer, page: Any
) -> None:
    site = live_server.url
    troubles = Troubles(page, site)
    log_in(page, site)
    page.get_by_role("link", name="Transactions").click()
    page.get_by_role("navigation", name="Tabs").get_by_role("link", name="Import Orders").click()
    page.get_by_text("No order waits for your decision.").wait_for()
    page.get_by_label("Select platform").select_option(label="Shopify")
    assert page.get_by_label("Select store").inner_text().strip() == "Kyoto Tea"
    page.get_by_label("Select platform").select_option(label="WooCommerce")
    assert page.get_by_label("Select store").inner_text().strip() == "Teahouse"
    page.get_by_label("Select Import By").select_option(label="Time")
    assert not page.get_by_label("Order ID", exact=True).is_visible()
    page.get_by_label("Created or modified in the last").select_option(label="2h")
    page.get_by_role("button", name="Submit").click()
    page.get_by_role("heading", name="Fetching orders from the eshop.").wait_for()
    run_it()
    page.get_by_text("Teahouse: 3 orders fetched as Pending.").wait_for()  # by itself
    assert states() == ["pending"] * 3

    page.get_by_role("button", name="Accept Buyer").first.click()
    page.get_by_text("is in the book, imported by the rule").wait_for()
    page.get_by_role("navigation", name="Tabs").get_by_role("link", name="Import Orders").click()
    page.get_by_role("link", name="View").first.click()
    page.get_by_role("heading", name="What it holds").wait_for()
    menu = page.get_by_role("navigation", name="Sections")
    assert menu.get_by_role("link", name="Import Orders").get_attribute("aria-current") == "page"
    page.get_by_label("Reason").fill("A test order")
    page.get_by_role("button", name="Mark as Cancel").click()
    page.get_by_role("button", name="Take “Mark as cancel” back").click()
    page.get_by_text("is pending again").wait_for()
    assert sorted(states()) == ["imported", "pending", "pending"]

    page.goto(f"{site}/integrations/remoteorder/?tab=pending")
    page.locator("#action-toggle").check()
    page.locator("select[name=action]").select_option(label="Mark as cancel")
    page.get_by_placeholder("Reason, for “Mark as cancel”").fill("Tests")
    page.get_by_role("button", name="Go", exact=True).click()
    page.get_by_text("Done for 2 orders.").wait_for()
    assert sorted(states()) == ["dismissed", "dismissed", "imported"]
    assert troubles == []


def test_an_order_is_fetched_and_accepted_with_the_keyboard_alone(
    connected: Integration, woo: SimulatedServer, live_server: LiveServer, page: Any
) -> None:
    number = str(max(woo.site.shop.sales))
    log_in(page, live_server.url)
    page.goto(f"{live_server.url}/integrations/remoteorder/?tab=pending")
    tab_to(page, "Select platform")
    page.keyboard.type("Woo")
    tab_to(page, "Order ID")
    page.keyboard.type(number)
    page.keyboard.press("Enter")
    page.get_by_role("heading", name="Fetching orders from the eshop.").wait_for()
    run_it()
    page.get_by_text("1 order fetched as Pending.").wait_for()
    tab_to(page, f"Accept Buyer {number}")
    page.keyboard.press("Enter")
    page.get_by_text(f"{number} is in the book").wait_for()
    assert states() == [RemoteState.IMPORTED]


def test_an_order_is_synchronised_and_that_taken_back_on_a_phone(
    connected: Integration, woo: SimulatedServer, live_server: LiveServer, page: Any
) -> None:
    site = live_server.url
    troubles = Troubles(page, site)
    page.set_viewport_size({"width": 390, "height": 844})
    log_in(page, site)
    page.goto(f"{site}/integrations/remoteorder/?tab=pending")
    assert_fits(page)
    page.get_by_label("Select platform").select_option(label="WooCommerce")
    page.get_by_label("Select Import By").select_option(label="Time")
    page.get_by_role("button", name="Submit").click()
    page.get_by_role("heading", name="Fetching orders from the eshop.").wait_for()
    run_it()
    page.get_by_text("3 orders fetched as Pending.").wait_for()
    assert_fits(page)
    page.get_by_role("link", name="View").first.click()
    assert_fits(page)
    page.get_by_role("button", name="Accept Buyer").click()
    page.get_by_role("link", name="Open order").click()
    number = aside(lambda: Order.objects.get().number)
    woo.site.shop.change(int(number), "cancelled")

    page.get_by_role("button", name="Synchronize").click()
    page.get_by_role("heading", name="What changes").wait_for()
    assert_fits(page)
    assert "Cancelled" in page.inner_text(".compare")
    assert aside(lambda: Order.objects.get().status) == OrderStatus.PROCESSING
    page.get_by_role("button", name="Synchronize").click()
    page.get_by_text("Taken over from the shop").first.wait_for()
    assert aside(lambda: Order.objects.get().status) == OrderStatus.CANCELLED
    assert_fits(page)
    page.get_by_text("What changed").first.click()
    page.get_by_role("button", name="Take this synchronization back").click()
    page.get_by_text("Taken back.", exact=True).wait_for()
    assert aside(lambda: Order.objects.get().status) == OrderStatus.PROCESSING

    page.goto(f"{site}/orders/order/")
    page.locator("input.action-select").first.check()
    page.locator("select[name=action]").select_option(label="Synchronize")
    page.get_by_role("button", name="Go", exact=True).click()
    page.get_by_role("heading", name="Synchronizing orders with the eshop.").wait_for()
    assert_fits(page)
    run_it()
    page.get_by_text("1 changed, 0 as in the shop, 0 could not be synchronized.").wait_for()
    assert troubles == []


def test_an_order_is_synchronised_with_the_keyboard_alone(
    connected: Integration, woo: SimulatedServer, live_server: LiveServer, page: Any
) -> None:
    number = str(max(woo.site.shop.sales))
    aside(fetch_and_accept, connected, number)
    woo.site.shop.change(int(number), "cancelled")
    log_in(page, live_server.url)
    page.goto(f"{live_server.url}/orders/order/")
    tab_to(page, f"Synchronize {number}")
    page.keyboard.press("Enter")
    page.get_by_role("heading", name="What changes").wait_for()
    page.keyboard.press("Enter")  # the button that writes it has the focus
    page.get_by_text("Taken over from the shop").first.wait_for()
    tab_to(page, "What changed")
    page.keyboard.press("Enter")
    tab_to(page, "Take this synchronization back")
    page.keyboard.press("Enter")
    page.get_by_text("Taken back.", exact=True).wait_for()
    assert aside(lambda: Order.objects.get().status) == OrderStatus.PROCESSING


def fetch_and_accept(integration: Integration, number: str) -> None:
    """Put an order into the book as staff would."""
    work(fetch_missing.request_order(integration, number).pk)
    person = User.objects.get(username="jana")
    ids = list(RemoteOrder.objects.values_list("pk", flat=True))
    [done] = decisions.accept(integration.project_id, ids, actor_id=person.pk, actor="jana")
    assert done.done


def test_a_blocked_buyer_is_entered_with_the_keyboard_and_waits(
    connected: Integration, woo: SimulatedServer, live_server: LiveServer, page: Any
) -> None:
    troubles = Troubles(page, live_server.url)
    log_in(page, live_server.url)
    page.goto(f"{live_server.url}/integrations/buyerentry/")
    tab_to(page, "E-mail or domain")
    page.keyboard.type("example.com")
    tab_to(page, "Remark")
    page.keyboard.type("All simulated buyers")
    page.keyboard.press("Enter")
    page.get_by_text("example.com is saved.").wait_for()
    page.set_viewport_size({"width": 390, "height": 844})
    assert_fits(page)
    aside(lambda: work(request_load(connected).pk))
    assert states() == ["pending"] * 3
    page.goto(f"{live_server.url}/integrations/remoteorder/?tab=pending")
    page.get_by_role("button", name="Accept Buyer").first.click()
    page.get_by_text("Open the order to accept it anyway.").wait_for()
    page.get_by_role("link", name="View").first.click()
    page.get_by_role("button", name="Accept Buyer anyway").click()
    page.get_by_text("is in the book").wait_for()
    assert_fits(page)
    assert troubles == []
