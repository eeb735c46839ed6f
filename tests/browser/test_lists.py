"""Lists in a real browser: columns and views by keyboard alone, the sum of chosen rows, the same place again."""

from __future__ import annotations

from typing import Any

import pytest
from pytest_django.live_server_helper import LiveServer

from integrations.choices import RemoteState, Role
from integrations.models import Integration, SavedView
from integrations.shops.connection import set_up
from tests.admin.conftest import imported, remote
from tests.browser.browsing import NEEDS_CHROMIUM, Troubles, aside, asked, assert_fits, log_in, tab_to
from tests.factories import IntegrationFactory, give_stock, incoming, line, member

pytestmark = [pytest.mark.browser, pytest.mark.long, NEEDS_CHROMIUM, pytest.mark.django_db(transaction=True)]


@pytest.fixture
def shop() -> Integration:
    """Sixty orders of two currencies, and as many in error, of a project whose staff is Jana."""
    made: Integration = IntegrationFactory.create()
    set_up(made)
    member(made.project.account, Role.ORDER_STAFF, "jana")
    give_stock(made.project, MUG=99)
    currencies = ["EUR", "USD"] * 30
    imported(made, [incoming(line("MUG"), number=f"N-{n}", currency=each) for n, each in enumerate(currencies)])
    for number in range(60):
        remote(made, f"f{number}", RemoteState.FAILED)
    return made


def test_columns_and_views_by_keyboard_alone(shop: Integration, live_server: LiveServer, page: Any) -> None:
    site = live_server.url
    troubles = Troubles(page, site)
    log_in(page, site)
    page.goto(f"{site}/orders/order/?tab=in_stock")
    tab_to(page, "Columns")
    page.keyboard.press("Enter")
    tab_to(page, "Country")
    page.keyboard.press("Space")
    page.keyboard.press("Enter")
    page.get_by_role("columnheader", name="Country").wait_for()
    tab_to(page, "Save view")
    page.keyboard.press("Enter")
    tab_to(page, "Name")
    page.keyboard.type("Abroad")
    page.keyboard.press("Enter")
    page.get_by_text("The view “Abroad” is saved.").wait_for()
    assert aside(lambda: SavedView.objects.get(name="Abroad").parameters) == {"tab": ["in_stock"]}
    page.goto(f"{site}/orders/order/")
    tab_to(page, "Abroad")
    page.keyboard.press("Enter")
    page.wait_for_url("**view=*")
    assert page.get_by_role("link", name="Abroad").get_attribute("aria-current") == "page"
    assert_fits(page)
    assert troubles == []


def test_chosen_rows_are_summed_below_a_head_that_stays(shop: Integration, live_server: LiveServer, page: Any) -> None:
    troubles = Troubles(page, live_server.url)
    log_in(page, live_server.url)
    page.goto(f"{live_server.url}/orders/order/")
    for place in range(3):
        page.locator(".action-select").nth(place).check()
    page.get_by_text("$20.00").wait_for()
    assert page.locator(".chosen-sum").inner_text() == "€10.00 · $20.00"
    page.evaluate("window.scrollTo(0, 900)")
    bar, head = (page.locator(each).bounding_box() for each in (".actions", "#result_list thead th >> nth=1"))
    assert bar["y"] >= 0 and abs(bar["y"] + bar["height"] - head["y"]) < 2
    page.locator("#action-toggle").check()
    page.get_by_role("button", name="Select all 60 orders").click()
    page.locator(".chosen-sum:empty").wait_for(state="attached")
    assert troubles == []


def test_a_rows_button_leads_back_to_its_row(shop: Integration, live_server: LiveServer, page: Any) -> None:
    log_in(page, live_server.url)
    here = f"{live_server.url}/integrations/remoteorder/?tab=failed&integration={shop.pk}"
    page.goto(here)
    button = page.locator("button[formaction]").nth(40)
    button.scroll_into_view_if_needed()
    before = asked(page, "window.scrollY")
    button.click()
    page.get_by_text("is being looked at again").wait_for()
    assert page.url == here
    assert before > 200 and abs(asked(page, "window.scrollY") - before) < 120


def test_on_a_phone(shop: Integration, live_server: LiveServer, browser: Any) -> None:
    phone = browser.new_context(viewport={"width": 390, "height": 844}, has_touch=True, is_mobile=True).new_page()
    phone.set_default_timeout(20_000)
    log_in(phone, live_server.url)
    phone.goto(f"{live_server.url}/orders/order/")
    assert_fits(phone)
    box = phone.locator(".action-select").first
    number = phone.locator("#result_list tbody th").first
    assert abs(box.bounding_box()["y"] - number.bounding_box()["y"]) < 14  # beside it
    box.check()
    bar = phone.locator(".actions").bounding_box()
    assert bar["y"] + bar["height"] <= 845
    assert_fits(phone)
    rows = phone.locator(".action-select").count()
    for chosen in (rows, 0):
        phone.get_by_text("Select all on this page").click()
        assert phone.locator(".action-select:checked").count() == chosen
    above = phone.locator("#action-toggle").bounding_box()
    assert abs(above["x"] - box.bounding_box()["x"]) < 4 and above["y"] < number.bounding_box()["y"]
    assert_fits(phone)
