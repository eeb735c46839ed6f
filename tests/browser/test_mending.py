"""Put causes right in a real browser: with the keyboard alone, and on a phone; the page counts down by itself."""

from __future__ import annotations

from typing import Any

import pytest
from pytest_django.live_server_helper import LiveServer

from integrations.choices import Role
from integrations.models import RemoteOrder
from orders.models import Order
from tests.admin.broken_shop import LIST, BrokenShop, work
from tests.browser.browsing import NEEDS_CHROMIUM, Troubles, aside, asked, assert_fits, log_in
from tests.factories import ProjectFactory, give_stock, member

pytestmark = [pytest.mark.browser, pytest.mark.long, NEEDS_CHROMIUM, pytest.mark.django_db(transaction=True)]


@pytest.fixture
def shop(monkeypatch: pytest.MonkeyPatch) -> BrokenShop:
    """Orders that miss a product, one that is written differently, and one nobody has named the payment of."""
    project = ProjectFactory.create()
    give_stock(project, MUG_BLUE=40)
    member(project.account, Role.IMPORT_ADMIN, "jana")
    shop = BrokenShop(project, monkeypatch, "Teahouse")
    for _ in range(12):
        shop.sell("TEA-9", names={"TEA-9": "Darjeeling first flush, 100 g"})
    for _ in range(7):
        shop.sell("mug blue", names={"mug blue": "Blue mug"})
    for _ in range(3):
        shop.sell("MUG-BLUE", payment_method="cod", payment_method_title="Cash on delivery")
    shop.load()
    return shop


def tab_to(page: Any, text: str) -> None:
    """Press Tab until something with this text, label or value has the focus."""
    focused = "(({innerText = '', ariaLabel = '', labels, value = ''}) => [innerText, ariaLabel, value,"
    focused += " ...(labels ? [...labels].map((label) => label.innerText) : [])].join(' '))(document.activeElement)"
    for _ in range(80):
        page.keyboard.press("Tab")
        if text in asked(page, focused):
            return
    raise AssertionError(f"{text!r} cannot be reached with the keyboard")


def told(page: Any, line: str) -> None:
    """Wait until the panel says so; nobody presses reload."""
    page.locator(".fix-line", has_text=line).wait_for()


def test_a_cause_is_put_right_with_the_keyboard_alone(shop: BrokenShop, live_server: LiveServer, page: Any) -> None:
    troubles = Troubles(page, live_server.url)
    log_in(page, live_server.url)
    tab_to(page, "22 orders can not be imported")
    page.keyboard.press("Enter")
    page.wait_for_url("**/integrations/remoteorder/**")
    tab_to(page, "SKU TEA-9 is unknown")
    page.keyboard.press("Enter")
    tab_to(page, "Name")
    assert page.input_value(":focus") == "Darjeeling first flush, 100 g"
    tab_to(page, "Units on hand")
    page.keyboard.type("5")
    page.keyboard.press("Enter")
    told(page, "0 of 12 orders imported")
    aside(work)
    told(page, "12 of 12 orders imported")
    page.get_by_text("SKU TEA-9 is unknown").wait_for(state="detached")
    assert "10 orders can not be imported" in page.inner_text(".notice-bad")

    tab_to(page, "SKU mug blue is unknown")
    page.keyboard.press("Enter")
    tab_to(page, "MUG-BLUE Product MUG-BLUE")
    page.keyboard.press("Enter")
    page.get_by_text("SKU mug blue of Teahouse stands for MUG-BLUE. 7 orders are being looked at again.").wait_for()
    aside(work)
    told(page, "7 of 7 orders imported")
    assert aside(Order.objects.count) == 19
    assert troubles == []


def test_the_last_cause_is_put_right_on_a_phone(shop: BrokenShop, live_server: LiveServer, page: Any) -> None:
    troubles = Troubles(page, live_server.url)
    page.set_viewport_size({"width": 390, "height": 844})
    aside(lambda: RemoteOrder.objects.filter(reason_code="unknown_sku").delete())
    log_in(page, live_server.url)
    page.goto(f"{live_server.url}{LIST}")
    form = page.locator(".cause-forms form")
    assert form.get_by_label("Name here").input_value() == "Cash on delivery"  # the only cause is open
    assert_fits(page)
    button = form.get_by_role("button", name="Give it this name")
    assert button.bounding_box()["height"] >= 32
    form.get_by_label("Name here").fill("Cash")
    button.click()
    told(page, "0 of 3 orders imported")
    assert_fits(page)
    aside(work)
    told(page, "3 of 3 orders imported")
    page.locator(".notice-bad").wait_for(state="detached")  # the banner goes without anybody's doing
    page.get_by_text("No order is in error").wait_for()
    assert troubles == []
