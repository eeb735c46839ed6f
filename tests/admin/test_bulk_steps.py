"""One step for many orders: asked first with counts, a result per order, bounded, and once."""

from __future__ import annotations

import re
from typing import Any

import pytest
from django.test import Client

from integrations.choices import Role
from integrations.invariants import broken
from integrations.models import Integration, Project
from orders.choices import OrderStatus
from orders.models import Invoice, Order, Shipment
from orders.work import lifecycle
from tests.admin.conftest import Login, imported
from tests.factories import ProjectFactory, give_stock, incoming, line
from tests.orders.work.desk import order_of
from tests.reading_pdf import pages_of

LIST = "/orders/order/"


@pytest.fixture
def orders(shop: Integration) -> list[Order]:
    """In stock, partial, backorder, complete; oldest first."""
    give_stock(shop.project, A_17=4, B_2=1)
    found = imported(shop, [incoming(line("A-17", 2)), incoming(line("A-17", 3)), incoming(line("C-3"))])
    return found + imported(shop, [incoming(line("B-2"))], "complete")


def choose(browser: Client, action: str, orders: list[Order]) -> Any:
    chosen = {"action": f"{action}_chosen", "_selected_action": [order.pk for order in orders], "index": 0}
    return browser.post(LIST, chosen, follow=True)


def tokens(asked: Any) -> list[str]:
    return re.findall(r'name="order" value="([\d:]+)"', asked.content.decode())


def go(browser: Client, verb: str, sent: list[str], **more: str) -> str:
    return browser.post(f"{LIST}bulk/{verb}/", {"order": sent, **more}).content.decode()


def statuses(orders: list[Order]) -> list[str]:
    return [Order.objects.get(pk=order.pk).status for order in orders]


def test_the_page_asks_with_counts_before_anything_happens(admin: Client, orders: list[Order]) -> None:
    asked = choose(admin, "hold", orders)
    shown = asked.content.decode()
    assert "Put these orders on hold?" in shown and "3 orders" in shown
    assert f"1 chosen order is left out, because this cannot be done with it: {orders[3].number} (Complete)" in shown
    assert tokens(asked) == [f"{order.pk}:0" for order in orders[:3]]
    assert statuses(orders)[:3] == [OrderStatus.PROCESSING] * 3


def test_each_order_has_a_result_and_a_second_click_does_nothing(admin: Client, orders: list[Order]) -> None:
    sent = tokens(choose(admin, "hold", orders))
    lifecycle.cancel(orders[1].pk)
    shown = go(admin, "hold", sent, reason="Stocktaking")
    assert "Done for 2 orders." in shown and "1 was refused." in shown and "changed since you opened" in shown
    assert statuses(orders)[:3] == [OrderStatus.ON_HOLD, OrderStatus.CANCELLED, OrderStatus.ON_HOLD]
    assert "Done for 0 orders." in go(admin, "hold", sent)
    assert orders[0].events.filter(message="Put on hold: Stocktaking").count() == 1
    released = tokens(choose(admin, "release", orders))
    assert "Done for 2 orders." in go(admin, "release", released)
    assert "Done for 2 orders." in go(admin, "cancel", tokens(choose(admin, "cancel", orders)))
    assert statuses(orders)[:3] == [OrderStatus.CANCELLED] * 3
    assert broken() == {}


def test_all_that_is_in_stock_is_shipped_and_the_slips_are_one_file(admin: Client, orders: list[Order]) -> None:
    shown = go(admin, "ship", tokens(choose(admin, "ship", orders)))
    assert "Done for 2 orders." in shown
    assert statuses(orders)[:3] == [OrderStatus.COMPLETE, OrderStatus.PROCESSING, OrderStatus.PROCESSING]
    assert Shipment.objects.count() == 3
    assert len(pages_of(choose(admin, "slips", orders).content)) == 3
    assert "nothing to print" in choose(admin, "slips", orders[2:3]).content.decode()
    assert broken() == {}


def test_invoices_are_issued_once_each(admin: Client, orders: list[Order]) -> None:
    sent = tokens(choose(admin, "invoice", orders))
    assert len(sent) == 3
    assert "Done for 3 orders." in go(admin, "invoice", sent)
    assert "Done for 0 orders." in go(admin, "invoice", sent)
    assert "none of the chosen orders" in choose(admin, "invoice", orders).content.decode()
    assert Invoice.objects.count() == 4
    assert len(pages_of(choose(admin, "bills", orders).content)) == 4
    assert broken() == {}


def test_more_than_a_hundred_are_asked_about_in_portions(admin: Client, shop: Integration) -> None:
    many = imported(shop, [incoming(line("A-17")) for _ in range(101)])
    assert len(tokens(choose(admin, "cancel", many))) == 100
    assert "Cancel: 1 chosen row waits." in admin.get(LIST).content.decode()
    assert len(tokens(admin.post(f"{LIST}portion/", {"do": "go"}))) == 1
    assert "chosen row waits" not in admin.get(LIST).content.decode()
    admin.post(f"{LIST}bulk/cancel/", {"order": [f"{order.pk}:0" for order in many]})
    assert "at most 100 orders" in admin.get(LIST).content.decode()
    assert set(statuses(many)) == {OrderStatus.PROCESSING}


@pytest.mark.parametrize("sent", [[], ["x"], ["1"], ["1:-1"], [f"{10**30}:0"], ["²:0"]])
def test_nonsense_does_nothing(admin: Client, orders: list[Order], sent: list[str]) -> None:
    assert admin.post(f"{LIST}bulk/cancel/", {"order": sent}).status_code == 302


def test_orders_of_another_account_are_left_alone(admin: Client, orders: list[Order]) -> None:
    foreign = order_of(ProjectFactory.create(), line("A-17"))
    choose(admin, "cancel", [foreign])
    assert "Done for 0 orders." in go(admin, "cancel", [f"{foreign.pk}:0"])
    assert statuses([foreign]) == [OrderStatus.PROCESSING]


def test_the_warehouse_may_ship_and_print_and_readers_may_print(
    project: Project, orders: list[Order], login: Login
) -> None:
    def offered(role: Role) -> set[str]:
        shown = login(project, role).get(LIST).content.decode()
        return set(re.findall(r'<option value="(\w+)_chosen"', shown)) & {"hold", "cancel", "invoice", "ship", "slips"}

    assert offered(Role.WAREHOUSE) == {"ship", "slips"}
    assert offered(Role.READ_ONLY) == {"slips"}
    assert offered(Role.ORDER_STAFF) == {"hold", "cancel", "invoice", "ship", "slips"}
    for verb in ("hold", "cancel", "invoice"):
        answer = login(project, Role.WAREHOUSE).post(f"{LIST}bulk/{verb}/", {"order": [f"{orders[0].pk}:0"]})
        assert answer.status_code == 403
