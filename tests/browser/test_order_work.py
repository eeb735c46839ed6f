"""Work on orders in a real browser: by keyboard alone, on a phone, without scripts, and for many orders at once."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
from pytest_django.live_server_helper import LiveServer

from integrations.choices import Role
from integrations.invariants import broken
from integrations.models import Integration
from integrations.shops.connection import set_up
from orders.choices import OrderStatus
from orders.models import Attachment, Invoice, Order, OrderEvent, Shipment
from tests.admin.conftest import imported
from tests.browser.browsing import NEEDS_CHROMIUM, Troubles, aside, assert_fits, log_in, tab_to
from tests.factories import IntegrationFactory, give_stock, incoming, line, member
from tests.reading_pdf import pages_of

pytestmark = [pytest.mark.browser, pytest.mark.long, NEEDS_CHROMIUM, pytest.mark.django_db(transaction=True)]


@pytest.fixture
def orders() -> list[Order]:
    """One order partly in stock and one in stock, of a project whose staff is Jana."""
    shop: Integration = IntegrationFactory.create()
    set_up(shop)
    member(shop.project.account, Role.ORDER_STAFF, "jana")
    give_stock(shop.project, A_17=2, B_2=9)
    first = incoming(line("A-17", 3), line("B-2", 1), shipping_title="DHL")
    return imported(shop, [first, incoming(line("B-2", 2))])


def open_order(page: Any, site: str, order: Order) -> None:
    page.goto(f"{site}/orders/order/{order.pk}/change/")


def events(order: Order) -> list[str]:
    return list(OrderEvent.objects.filter(order=order).order_by("pk").values_list("message", flat=True))[1:]


def test_by_keyboard_alone(orders: list[Order], live_server: LiveServer, page: Any) -> None:
    site, order = live_server.url, orders[0]
    troubles = Troubles(page, site)
    log_in(page, site)
    open_order(page, site, order)

    tab_to(page, "Put on hold")
    page.keyboard.press("Enter")
    tab_to(page, "Why")
    page.keyboard.type("Ask the buyer")
    page.keyboard.press("Enter")
    page.get_by_text("The order is on hold.").wait_for()
    tab_to(page, "Release from hold")
    page.keyboard.press("Enter")
    page.get_by_text("The order is released.").wait_for()

    tab_to(page, "Ship units of A-17")
    page.keyboard.type("1")
    tab_to(page, "Tracking number")
    page.keyboard.type("T 1")
    page.keyboard.press("Enter")
    page.get_by_text(re.compile(r"Shipment SH\d+ is made")).wait_for()

    tab_to(page, "Cancel units or change products")
    page.keyboard.press("Enter")
    tab_to(page, "Cancel units of A-17")
    page.keyboard.type("2")
    tab_to(page, "Change items")
    page.keyboard.press("Space")
    page.get_by_text("The items are changed.").wait_for()
    assert "Complete" in page.inner_text("h1")

    shipment = aside(Shipment.objects.get)
    told = aside(events, order)
    assert told[:2] == ["Put on hold: Ask the buyer", "Released from hold."]
    assert told[2:] == [f"Shipment {shipment.code}: 1 × A-17, 1 × B-2", "Cancelled: 2 × A-17."]
    assert aside(broken) == {}
    assert troubles == []


def test_on_a_phone(orders: list[Order], live_server: LiveServer, browser: Any, tmp_path: Path) -> None:
    site, order = live_server.url, orders[0]
    phone = browser.new_context(viewport={"width": 390, "height": 844}, has_touch=True, is_mobile=True).new_page()
    phone.set_default_timeout(20_000)
    troubles = Troubles(phone, site)
    log_in(phone, site)
    open_order(phone, site, order)
    assert_fits(phone)

    phone.get_by_role("button", name="Issue invoice").tap()
    phone.get_by_text(re.compile(r"Invoice IN\d+ is issued")).wait_for()
    phone.get_by_role("button", name="Create shipment").tap()
    phone.get_by_text(re.compile(r"Shipment SH\d+ is made")).wait_for()
    phone.get_by_label("New note").fill("Packed by hand")
    phone.get_by_role("button", name="Add note").tap()
    phone.get_by_text("The note is kept.").wait_for()
    delivery = tmp_path / "Lieferschein 7.txt"
    delivery.write_text("7 boxes")
    phone.get_by_label("File", exact=True).set_input_files(delivery)
    phone.get_by_role("button", name="Attach").tap()
    phone.get_by_text("The file is kept.").wait_for()
    assert_fits(phone)
    for summary in phone.locator("details.step > summary").all():
        summary.tap()
    assert_fits(phone)

    invoice = aside(Invoice.objects.get)
    with phone.expect_download() as downloading:
        phone.get_by_role("link", name=f"{invoice.code} as PDF").tap()
    assert invoice.code in pages_of(Path(downloading.value.path()).read_bytes())[0]
    phone.get_by_role("link", name=invoice.code, exact=True).tap()
    phone.get_by_text("Issue a credit note", exact=True).tap()
    assert_fits(phone)
    phone.get_by_label("The goods come back to stock").check()
    phone.get_by_label("Credit", exact=True).select_option("all that is left of the invoice")
    phone.get_by_role("button", name="Credit €40.00 …").tap()
    phone.get_by_role("heading", name=f"Credit {invoice.code}?").wait_for()
    assert_fits(phone)
    phone.get_by_role("button", name="Credit €40.00").tap()
    phone.get_by_text(re.compile(r"Credit note CR\d+ of €40.00 is issued")).wait_for()
    assert_fits(phone)
    assert aside(lambda: Attachment.objects.get().name) == "Lieferschein 7.txt"
    assert aside(broken) == {}
    assert troubles == []


def test_without_scripts(orders: list[Order], live_server: LiveServer, browser: Any) -> None:
    site, order = live_server.url, orders[1]
    plain = browser.new_context(java_script_enabled=False).new_page()
    plain.set_default_timeout(20_000)
    log_in(plain, site)
    open_order(plain, site, order)
    plain.get_by_text("Put on hold", exact=True).first.click()
    plain.get_by_role("button", name="Put on hold").click()
    plain.get_by_role("button", name="Release from hold").click()
    plain.get_by_role("button", name="Create shipment").click()
    assert "Complete" in plain.inner_text("h1")
    plain.get_by_role("link", name=re.compile("^SH")).first.click()
    plain.get_by_text("Cancel the shipment").first.click()
    plain.get_by_label("Why").fill("Never left")
    plain.get_by_role("button", name="Cancel the shipment").click()
    assert "The shipment is cancelled" in plain.inner_text(".messagelist")
    assert aside(broken) == {}


def test_a_double_click_makes_one_shipment(orders: list[Order], live_server: LiveServer, browser: Any) -> None:
    """In a browser without the script that holds the second click back; two pages stand for the two clicks."""
    site, order = live_server.url, orders[1]
    context = browser.new_context()
    first, second = context.new_page(), context.new_page()
    log_in(first, site)
    for each in (first, second):
        open_order(each, site, order)
    first.get_by_role("button", name="Create shipment").click()
    first.get_by_text(re.compile("is made")).wait_for()
    second.get_by_role("button", name="Create shipment").click()
    second.get_by_text("changed since you opened this page").wait_for()
    assert aside(Shipment.objects.count) == 1


def test_many_orders_at_once(orders: list[Order], live_server: LiveServer, page: Any) -> None:
    site = live_server.url
    troubles = Troubles(page, site)
    log_in(page, site)
    page.goto(f"{site}/orders/order/")
    page.locator("#action-toggle").check()
    page.locator("select[name=action]").select_option(label="Ship what is in stock …")
    page.get_by_role("button", name=re.compile("Go|Run")).first.click()
    page.get_by_role("heading", name="Ship all that is in stock of these orders?").wait_for()
    page.get_by_text("2 orders").wait_for()
    page.get_by_role("button", name="Ship", exact=True).click()
    page.get_by_text("Done for 2 orders.").wait_for()
    page.set_viewport_size({"width": 390, "height": 844})
    assert_fits(page)
    page.get_by_role("link", name="Back to the list").click()
    page.locator("#action-toggle").evaluate("box => box.click()")
    page.locator("select[name=action]").select_option(label="Packing slips as one PDF")
    with page.expect_download() as downloading:
        page.get_by_role("button", name=re.compile("Go|Run")).first.click()
    assert len(pages_of(Path(downloading.value.path()).read_bytes())) == 2
    assert aside(broken) == {}
    assert troubles == []


def on_hold() -> int:
    return Order.objects.filter(status=OrderStatus.ON_HOLD).count()


def test_what_was_done_to_many_is_taken_back_by_keyboard_on_a_phone(
    orders: list[Order], live_server: LiveServer, page: Any
) -> None:
    site = live_server.url
    troubles = Troubles(page, site)
    log_in(page, site)
    page.set_viewport_size({"width": 390, "height": 844})
    page.goto(f"{site}/orders/order/")
    for place in range(2):
        page.locator(".action-select").nth(place).focus()
        page.keyboard.press("Space")
    page.locator("select[name=action]").select_option(label="Put on hold …")
    page.get_by_role("button", name=re.compile("Go|Run")).first.press("Enter")
    page.get_by_role("button", name="Put on hold", exact=True).press("Enter")
    page.get_by_text("Done for 2 orders.").wait_for()
    assert_fits(page)
    assert aside(on_hold) == 2
    page.get_by_role("button", name="Undo").press("Enter")
    page.get_by_text("Done for 2 orders.").wait_for()
    page.get_by_role("heading", name="Release").wait_for()
    assert aside(on_hold) == 0
    assert aside(broken) == {}
    assert troubles == []
