"""The keyboard alone, the menu of a phone, and what a browser remembers of the menu."""

from __future__ import annotations

import re
from typing import Any

import pytest
from playwright.sync_api import expect
from pytest_django.live_server_helper import LiveServer

from integrations.choices import RemoteState, Role
from integrations.models import Integration
from integrations.shops.connection import set_up
from orders.models import Order
from tests.admin.conftest import imported, remote
from tests.browser.browsing import NEEDS_CHROMIUM, Troubles, assert_fits, log_in
from tests.factories import IntegrationFactory, give_stock, incoming, line, member

pytestmark = [pytest.mark.browser, pytest.mark.long, NEEDS_CHROMIUM, pytest.mark.django_db(transaction=True)]
CURSOR = "document.activeElement.closest('#result_list tbody tr')"


@pytest.fixture
def orders() -> list[Order]:
    """Three orders, newest first as in the list, and one that failed."""
    shop: Integration = IntegrationFactory.create()
    set_up(shop)
    member(shop.project.account, Role.IMPORT_ADMIN, "jana")
    give_stock(shop.project, A_1=9)
    remote(shop, "f1", RemoteState.FAILED)
    return list(reversed(imported(shop, [incoming(line("A-1")) for _ in range(3)])))


def row(page: Any) -> str:
    """The number of the order at which the cursor is."""
    return str(page.evaluate(f"{CURSOR}?.querySelector('th a')?.innerText ?? ''"))


def test_a_list_and_its_orders_by_single_keys(orders: list[Order], live_server: LiveServer, page: Any) -> None:
    troubles = Troubles(page, live_server.url)
    log_in(page, live_server.url)
    page.keyboard.press("g")
    page.keyboard.press("o")
    page.wait_for_url(re.compile("/orders/order/"))
    page.goto(f"{live_server.url}/orders/order/?tab=in_stock")
    seen = []
    for key in ("j", "j", "j", "j", "k"):
        page.keyboard.press(key)
        seen.append(row(page))
    numbers = [order.number for order in orders]
    assert seen == [*numbers, numbers[2], numbers[1]]
    page.keyboard.press("x")
    assert page.evaluate(f"{CURSOR}.querySelector('input.action-select').checked")
    shown = page.evaluate(f"getComputedStyle({CURSOR}).boxShadow")
    assert shown != "none"
    page.keyboard.press("Enter")
    page.wait_for_url(re.compile(f"/orders/order/{orders[1].pk}/change/"))
    for key, order in (("j", orders[2]), ("k", orders[1]), ("k", orders[0])):
        page.keyboard.press(key)
        page.wait_for_url(re.compile(f"/orders/order/{order.pk}/change/"))
    assert not troubles


def test_keys_are_listed_and_do_nothing_to_who_types(orders: list[Order], live_server: LiveServer, page: Any) -> None:
    log_in(page, live_server.url)
    page.keyboard.press("?")
    dialog = page.get_by_role("dialog", name="Keyboard shortcuts")
    expect(dialog).to_contain_text("Items in error")
    page.keyboard.press("g")  # behind the dialog nothing moves
    page.keyboard.press("o")
    page.keyboard.press("Escape")
    expect(dialog).to_be_hidden()
    page.keyboard.press("/")
    page.keyboard.type("gojxk?/")
    expect(page.locator("#find")).to_have_value("gojxk?/")
    page.keyboard.press("Control+k")
    page.keyboard.type("x")
    expect(page.locator("#find")).to_have_value("x")
    assert page.url == f"{live_server.url}/"


def test_they_are_switched_off_in_the_profile(orders: list[Order], live_server: LiveServer, page: Any) -> None:
    log_in(page, live_server.url)
    page.goto(f"{live_server.url}/profile/")
    page.get_by_label("Use single-key shortcuts in this browser").uncheck()
    page.goto(f"{live_server.url}/orders/order/")
    for key in ("j", "/", "?", "g", "c"):
        page.keyboard.press(key)
    assert row(page) == "" and page.evaluate("document.activeElement === document.body")
    expect(page.locator("#shortcuts")).to_be_hidden()
    page.keyboard.press("Control+k")
    expect(page.locator("#find")).to_be_focused()
    page.goto(f"{live_server.url}/profile/")
    page.get_by_label("Use single-key shortcuts in this browser").check()
    page.keyboard.press("g")
    page.keyboard.press("e")
    page.wait_for_url(re.compile("tab=failed"))


def test_a_phone_unfolds_the_menu(orders: list[Order], live_server: LiveServer, page: Any) -> None:
    page.set_viewport_size({"width": 390, "height": 844})
    log_in(page, live_server.url)
    assert page.locator("#header").bounding_box()["height"] < 115
    menu = page.get_by_role("navigation", name="Sections")
    expect(menu).to_be_hidden()
    page.get_by_role("button", name="Menu").click()
    expect(menu.get_by_role("link", name="Items in error 1")).to_be_visible()
    expect(menu.get_by_role("button", name="Log out")).to_be_visible()
    page.keyboard.press("Escape")
    expect(menu).to_be_hidden()
    page.get_by_role("button", name="Menu").click()
    menu.get_by_role("link", name="Customers").click()
    page.wait_for_url(re.compile("/orders/customer/"))
    assert_fits(page)


def test_folded_sections_stay_folded_but_for_where_one_is(
    orders: list[Order], live_server: LiveServer, page: Any
) -> None:
    log_in(page, live_server.url)
    page.locator("#site-nav summary", has_text="E-mails").click()
    page.locator("#site-nav summary", has_text="Stock").click()
    expect(page.get_by_role("link", name="Distributions")).to_be_hidden()
    page.goto(f"{live_server.url}/stock/product/")
    expect(page.get_by_role("link", name="Distributions")).to_be_hidden()
    expect(page.get_by_role("link", name="Movements")).to_be_visible()
