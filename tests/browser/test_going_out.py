"""What goes out, wide and on a phone: looked at, switched live, and a failed one sent again from its order."""

from __future__ import annotations

from typing import Any

import pytest
from pytest_django.live_server_helper import LiveServer

from integrations import jobs
from integrations.choices import Role, RunKind, RunState
from integrations.follow_up.steps import follow_up
from integrations.models import Integration, Run
from integrations.runs import control
from orders.models import Order
from orders.work import shipping
from tests.admin.conftest import imported
from tests.browser.browsing import NEEDS_CHROMIUM, Troubles, aside, assert_fits, log_in, tab_to
from tests.factories import IntegrationFactory, give_stock, incoming, line, member
from tests.integrations.pushes.shops_that_listen import REFUSED, ListeningShop

pytestmark = [pytest.mark.browser, pytest.mark.long, NEEDS_CHROMIUM, pytest.mark.django_db(transaction=True)]
WIDE, PHONE = {"width": 1440, "height": 900}, {"width": 390, "height": 844}


def planted() -> tuple[Integration, Order]:
    """A shop that was read once, and an order of it that has left."""
    shop = IntegrationFactory.create(title="Garden shop")
    member(shop.project.account, Role.IMPORT_ADMIN, "jana")
    give_stock(shop.project, A_17=9)
    [order] = imported(shop, [incoming(line("A-17", 2))], "valid")
    shipping.ship(order.pk, carrier="DHL", tracking_number="JD014600")
    follow_up(shop.project_id)
    jobs.work(control.request(RunKind.STOCK_CHECK, shop).pk)
    return shop, order


def work(shop: Integration) -> None:
    follow_up(shop.project_id)
    for run in Run.objects.filter(state=RunState.WAITING, integration=shop):
        jobs.work(run.pk)


@pytest.mark.parametrize("size", [WIDE, PHONE], ids=["wide", "phone"])
def test_switched_live_by_keyboard_and_sent_again(
    live_server: LiveServer, page: Any, monkeypatch: pytest.MonkeyPatch, size: dict[str, int]
) -> None:
    remote = ListeningShop(quantities={"A-17": 3}).install(monkeypatch)
    shop, order = aside(planted)
    troubles = Troubles(page, live_server.url)
    page.set_viewport_size(size)
    log_in(page, live_server.url)
    page.goto(f"{live_server.url}/integrations/integration/{shop.pk}/goes-out/")
    assert_fits(page)
    page.get_by_label("Send it, too").check()
    tab_to(page, "I have looked at what would go out")
    page.keyboard.press("Space")
    tab_to(page, "Switch live")
    page.keyboard.press("Enter")
    page.get_by_text("is live: it is told from now on").wait_for()
    remote.refuses = {"SH2026000001": REFUSED}
    aside(work, shop)
    page.goto(f"{live_server.url}/orders/order/{order.pk}/change/")
    page.get_by_text(str(REFUSED)).wait_for()
    assert_fits(page)
    remote.refuses.clear()
    page.get_by_role("button", name="Send SH2026000001 again").click()
    page.get_by_text("1 is sent now.").wait_for()
    aside(work, shop)
    page.goto(f"{live_server.url}/integrations/crossing/")
    page.locator("#result_list .badge", has_text="Sent").wait_for()
    assert_fits(page)
    assert (len(remote.shipments), remote.quantities) == (1, {"A-17": 7})
    assert troubles == []
