"""Orders prepared in a real browser: few clicks by mouse, none by keyboard, and all of it on a phone."""

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
from orders.models import Order, Shipment
from orders.preparing import gathering, leaving, packing
from orders.work import lifecycle
from stock import catalogue
from tests.admin.conftest import imported
from tests.browser.browsing import NEEDS_CHROMIUM, Troubles, aside, log_in, tab_to
from tests.browser.test_accessibility import judge
from tests.factories import IntegrationFactory, give_stock, incoming, line, member
from tests.reading_pdf import pages_of

pytestmark = [pytest.mark.browser, pytest.mark.long, NEEDS_CHROMIUM, pytest.mark.django_db(transaction=True)]

EAN = "4006381333931"
# Of a day's work with twenty orders, from the list of orders to parcels that have left, with their slips.
MOST_CLICKS = 6


@pytest.fixture
def shop() -> Integration:
    """A shop whose warehouse worker is Jana."""
    made: Integration = IntegrationFactory.create()
    set_up(made)
    member(made.project.account, Role.WAREHOUSE, "jana")
    give_stock(made.project, A_17=40, B_2=40)
    catalogue.add_eans(made.project_id, {"B-2": EAN})
    return made


def scan(page: Any, code: str) -> None:
    """As a scanner does it: into whatever has the focus, then Enter."""
    page.keyboard.type(code)
    page.keyboard.press("Enter")


def statuses(orders: list[Order]) -> set[str]:
    return set(Order.objects.filter(pk__in=[order.pk for order in orders]).values_list("status", flat=True))


def test_twenty_orders_leave_with_slips_in_six_clicks(shop: Integration, live_server: LiveServer, page: Any) -> None:
    orders = aside(imported, shop, [incoming(line("A-17"), shipping_title="DHL") for _ in range(20)])
    troubles = Troubles(page, live_server.url)
    log_in(page, live_server.url)
    page.goto(f"{live_server.url}/orders/order/?tab=in_stock")
    clicks = 0

    def click(target: Any) -> None:
        nonlocal clicks
        clicks += 1
        target.click()

    click(page.locator("#action-toggle"))
    clicks += 2  # a list of choices is opened, and one of them is clicked
    page.locator("select[name=action]").select_option(label="Prepare …")
    click(page.locator("#changelist .actions button[type=submit]"))
    page.get_by_role("heading", name="Prepare 20 orders").wait_for()
    with page.expect_download() as downloading:
        click(page.get_by_role("link", name="Packing slips"))
    assert len(pages_of(Path(downloading.value.path()).read_bytes())) == 20
    page.get_by_label(f"Tracking number of {orders[0].number}", exact=True).focus()
    for number in range(20):
        scan(page, f"T {number}")
    assert page.evaluate("document.activeElement.innerText") == "Ship 20 orders"
    click(page.get_by_role("button", name="Ship 20 orders"))
    page.get_by_text("20 orders are shipped.").first.wait_for()
    assert clicks <= MOST_CLICKS
    assert aside(statuses, orders) == {"complete"}
    told = aside(lambda: list(Shipment.objects.order_by("pk").values_list("carrier", "tracking_number")))
    assert told == [("DHL", f"T {number}") for number in range(20)]
    assert aside(broken) == {}
    assert troubles == []


def test_packed_by_scan_without_a_mouse(shop: Integration, live_server: LiveServer, page: Any) -> None:
    orders = aside(imported, shop, [incoming(line("A-17", 2), line("B-2")), incoming(line("B-2", 12))])
    troubles = Troubles(page, live_server.url)
    log_in(page, live_server.url)
    page.goto(f"{live_server.url}/orders/order/?tab=in_stock")
    for order in orders:
        page.locator("#result_list tbody tr", has_text=order.number).locator("input.action-select").focus()
        page.keyboard.press("Space")
    page.locator("select[name=action]").select_option(label="Prepare …")
    page.locator("#changelist .actions button[type=submit]").focus()
    page.keyboard.press("Enter")
    page.get_by_role("heading", name="Prepare 2 orders").wait_for()

    scan(page, orders[0].number)
    page.get_by_role("heading", name=f"Pack order {orders[0].number}").wait_for()
    page.evaluate("document.activeElement.blur()")
    scan(page, "A-17")
    page.get_by_text("A-17: 1 of 2 packed.").wait_for()
    page.evaluate("document.activeElement.blur()")
    scan(page, "gow")  # shortcuts of other pages
    page.get_by_text("Not in this order: “gow”. Put it aside.").wait_for()
    scan(page, "C-3")
    page.get_by_text("Not in this order: “C-3”. Put it aside.").wait_for()
    page.reload()
    page.get_by_text("1 of 3 units packed.").wait_for()
    scan(page, "A-17")
    scan(page, "A-17")
    scan(page, EAN)  # faster than the answers come
    page.get_by_text("All packed.").wait_for()
    scan(page, "T 1")
    page.get_by_text(re.compile(f"Order {orders[0].number} is shipped: SH")).wait_for()
    scan(page, "12*B-2")
    page.get_by_text("All packed.").wait_for()
    tab_to(page, "Undo the last scan")
    page.keyboard.press("Enter")
    page.get_by_text("12 × B-2 is not packed any more.").wait_for()
    scan(page, f"12*{EAN}")
    page.get_by_text("All packed.").wait_for()
    scan(page, "T 2")
    page.get_by_role("heading", name="2 orders are shipped").wait_for()
    told = aside(lambda: list(Shipment.objects.order_by("pk").values_list("order_id", "tracking_number")))
    assert told == [(orders[0].pk, "T 1"), (orders[1].pk, "T 2")]
    assert aside(broken) == {}
    # Codes that are refused are answered with 422, which the browser says of each.
    assert [each for each in troubles if "422" not in each] == []


def test_on_a_phone_and_without_scripts(shop: Integration, live_server: LiveServer, browser: Any) -> None:
    site = live_server.url
    orders = aside(
        imported, shop, [incoming(line("A-17", 2), line("B-2"), shipping_title="DHL"), incoming(line("B-2"))]
    )
    phone = browser.new_context(
        viewport={"width": 390, "height": 844}, has_touch=True, is_mobile=True, java_script_enabled=False
    ).new_page()
    phone.set_default_timeout(20_000)
    log_in(phone, site)
    phone.goto(f"{site}/orders/order/?tab=in_stock")
    for box in phone.locator("input.action-select").all():
        box.check()
    phone.locator("select[name=action]").select_option(label="Prepare …")
    phone.locator("#changelist .actions button[type=submit]").tap()
    phone.get_by_role("heading", name="Prepare 2 orders").wait_for()
    fits(phone)
    phone.get_by_role("link", name="Pick list").tap()
    phone.get_by_role("link", name="By order").tap()
    fits(phone)
    phone.go_back()
    phone.go_back()
    phone.get_by_role("button", name=f"Pack {orders[0].number}").tap()
    for code in ("A-17", "A-17", EAN):
        phone.get_by_label("Scan an item").fill(code)
        phone.get_by_role("button", name="Count").tap()
    phone.get_by_text("All packed.").wait_for()
    fits(phone)
    phone.get_by_role("button", name="Ship").tap()
    phone.get_by_role("heading", name=f"Pack order {orders[1].number}").wait_for()
    for address in ("/stock/stockposting/receive/", "/stock/stockposting/count/"):
        phone.goto(f"{site}{address}")
        phone.get_by_label("Rows").fill("A-17;5\nB-2;1")
        phone.locator("form button[type=submit].button-main").last.tap()
        phone.locator("#preview").wait_for()
        fits(phone)
        phone.get_by_role("button", name=re.compile("^(Receive|Book)")).tap()
        phone.get_by_role("heading", name="Orders that were served").wait_for()
        fits(phone)
    assert aside(broken) == {}


def test_no_violation_that_axe_knows(shop: Integration, live_server: LiveServer, page: Any) -> None:
    """Of pages with rows in every state; the others are tried with all pages (`test_accessibility`)."""

    def seed() -> list[str]:
        orders = [incoming(line("A-17", 2), line("B-2"), note="Wrap it", shipping_title="DHL") for _ in range(4)]
        ids = [order.pk for order in imported(shop, orders)]
        made = gathering.gather(shop.project_id, ids, actor_id=None).preparation
        assert made is not None
        begun, packed, changed, left = made.orders.all()
        packing.scan(begun.pk, "A-17")
        for code in ("2*A-17", EAN):
            packing.scan(packed.pk, code)
        lifecycle.hold(changed.order_id)
        leaving.ship_prepared(left.pk, seen=0, actor_id=None)
        here = f"/orders/preparation/{made.pk}"
        return [
            f"{here}/change/",
            f"{here}/pick/?by=order",
            *(f"{here}/pack/{row.pk}/" for row in (begun, packed, changed, left)),
        ]

    addresses = aside(seed)
    log_in(page, live_server.url)
    judge(page, live_server.url, addresses)


def fits(phone: Any) -> None:
    """As `assert_fits`, where no script runs: nothing is wider than the screen."""
    assert phone.locator("#content").bounding_box()["width"] <= phone.viewport_size["width"]
