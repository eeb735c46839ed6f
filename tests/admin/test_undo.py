"""What can be taken back is taken back from the message that says it was done."""

from __future__ import annotations

import re
from html import unescape
from typing import Any

import pytest
from django.contrib import messages
from django.contrib.messages.storage.base import Message
from django.test import Client, RequestFactory

from config.kit.admin.undo import undo_of
from integrations.choices import CrossingKind, CrossingState, RemoteState
from integrations.models import BuyerEntry, Crossing, Integration, RemoteOrder
from integrations.webhooks import endpoints
from orders.choices import OrderStatus
from orders.models import Order, PreparedOrder
from tests.admin.conftest import imported, remote
from tests.factories import IntegrationFactory, ProjectFactory, give_stock, incoming, line

MESSAGE = re.compile(r'<ul class="messagelist">(.*?)</ul>', re.S)


@pytest.fixture
def order(shop: Integration) -> Order:
    give_stock(shop.project, A_1=9)
    return imported(shop, [incoming(line("A-1"))])[0]


def said(browser: Client, address: str) -> str:
    found = MESSAGE.search(browser.get(address).content.decode())
    return found.group(1) if found else ""


def undo(browser: Client, message: str) -> str:
    """Press the button of a message; where one lands."""
    [address] = re.findall(r'action="([^"]+)"', message)
    values: dict[str, list[str]] = {}
    for name, value in re.findall(r'name="(?!csrf)([^"]+)" value="([^"]*)"', message):
        values.setdefault(name, []).append(value)
    answer = browser.post(unescape(address), values)
    assert answer.status_code == 302
    return str(answer.headers["Location"])


@pytest.mark.parametrize(
    ("step", "then"),
    [("hold", OrderStatus.ON_HOLD), ("cancel", OrderStatus.CANCELLED)],
)
def test_a_step_is_taken_back_and_that_as_well(order: Order, admin: Client, step: str, then: OrderStatus) -> None:
    address = f"/orders/order/{order.pk}"
    admin.post(f"{address}/{step}/", {f"{step}-seen": order.version, f"{step}-reason": "A wrong click"})
    order.refresh_from_db()
    assert order.status == then
    page = undo(admin, said(admin, f"{address}/change/"))
    order.refresh_from_db()
    assert order.status == OrderStatus.PROCESSING
    assert 'class="success"' in said(admin, page)


def test_what_was_changed_meanwhile_is_not_taken_back(order: Order, admin: Client) -> None:
    address = f"/orders/order/{order.pk}"
    admin.post(f"{address}/hold/", {"hold-seen": order.version})
    message = said(admin, f"{address}/change/")
    Order.objects.filter(pk=order.pk).update(version=99)
    page = undo(admin, message)
    order.refresh_from_db()
    assert order.status == OrderStatus.ON_HOLD
    assert 'class="warning"' in said(admin, page)


def test_paid_and_not_paid(order: Order, admin: Client) -> None:
    address = f"/orders/order/{order.pk}"
    before = order.paid_at
    step = "unpaid" if before else "paid"
    admin.post(f"{address}/{step}/", {f"{step}-seen": order.version})
    order.refresh_from_db()
    assert (order.paid_at is None) != (before is None)
    undo(admin, said(admin, f"{address}/change/"))
    order.refresh_from_db()
    assert (order.paid_at is None) == (before is None)


def test_an_endpoint_is_enabled_again(shop: Integration, admin: Client) -> None:
    endpoint = endpoints.create(shop.project, "https://partner.example/hooks", ["customer.order.created"]).endpoint
    admin.post(f"/integrations/webhookendpoint/{endpoint.pk}/disable/")
    page = f"/integrations/webhookendpoint/{endpoint.pk}/change/"
    undo(admin, said(admin, page))
    endpoint.refresh_from_db()
    assert endpoint.enabled
    undo(admin, said(admin, page))
    endpoint.refresh_from_db()
    assert not endpoint.enabled


def test_other_messages_have_no_button_and_their_words_are_words(order: Order, admin: Client) -> None:
    message = Message(messages.SUCCESS, "<b>done</b>", extra_tags="safe")
    assert undo_of(message) is None
    admin.post(f"/orders/order/{order.pk}/note/", {"note-seen": order.version, "note-note": "Ring twice"})
    shown = said(admin, f"/orders/order/{order.pk}/change/")
    assert "It is saved." in shown and 'class="success"' in shown and "<form" not in shown
    order.refresh_from_db()
    admin.post(f"/orders/order/{order.pk}/note/", {"note-seen": order.version, "note-note": "Ring twice"})
    assert 'class="info"' in said(admin, f"/orders/order/{order.pk}/change/")


def test_a_button_goes_where_the_server_said(rf: RequestFactory) -> None:
    """What a person types cannot become the way back: it is no tag of a message."""
    assert undo_of(Message(messages.SUCCESS, 'undo:["/x", {}]')) is None


def test_an_order_marked_as_cancel_waits_again(shop: Integration, admin: Client) -> None:
    row = remote(shop, "105", RemoteState.PENDING)
    admin.post(f"/integrations/remoteorder/{row.pk}/dismiss/", {"reason": "Fraud"})
    row.refresh_from_db()
    assert row.state == RemoteState.DISMISSED
    undo(admin, said(admin, "/integrations/remoteorder/?tab=pending"))
    row.refresh_from_db()
    assert row.state == RemoteState.PENDING


# --- deeds for many ---


def act(browser: Client, where: str, action: str, rows: list[Any], **more: str) -> Any:
    sent = {"action": action, "_selected_action": [row.pk for row in rows], **more}
    return browser.post(where, sent, follow=True)


def of(answer: Any) -> str:
    """The messages of a page."""
    found = MESSAGE.search(answer.content.decode())
    return found.group(1) if found else ""


def states(rows: list[Any]) -> list[str]:
    return [type(row).objects.get(pk=row.pk).state for row in rows]


def test_exactly_those_that_were_marked_as_cancel_wait_again(shop: Integration, admin: Client) -> None:
    rows = [remote(shop, str(number), RemoteState.PENDING) for number in (1, 2, 3)]
    before, others = rows[2], rows[:2]
    RemoteOrder.objects.filter(pk=before.pk).update(state=RemoteState.DISMISSED)
    message = of(act(admin, "/integrations/remoteorder/?tab=pending", "dismiss_chosen", others, reason="Fraud"))
    assert states(rows) == ["dismissed"] * 3
    undo(admin, message)
    assert states(rows) == ["pending", "pending", "dismissed"]


def test_somebody_elses_orders_are_not_taken_back(shop: Integration, admin: Client) -> None:
    theirs = remote(IntegrationFactory.create(project=ProjectFactory.create()), "9", RemoteState.DISMISSED)
    admin.post("/integrations/remoteorder/take-back/", {"order": [theirs.pk, "x", "9" * 30]})
    assert states([theirs]) == ["dismissed"]


@pytest.mark.parametrize(
    ("step", "then"),
    [("hold", OrderStatus.ON_HOLD), ("cancel", OrderStatus.CANCELLED)],
)
def test_a_step_for_many_is_taken_back_for_those_it_changed(
    shop: Integration, admin: Client, step: str, then: OrderStatus
) -> None:
    give_stock(shop.project, A_1=9)
    first, second, third = imported(shop, [incoming(line("A-1")) for _ in range(3)])
    Order.objects.filter(pk=second.pk).update(version=99)  # somebody was faster
    tokens = [f"{order.pk}:{order.version}" for order in (first, second, third)]
    shown = admin.post(f"/orders/order/bulk/{step}/", {"order": tokens, "reason": "A wrong click"})
    part = shown.content.decode().split('role="status"')[1].split("</form>")[0]
    assert "Undo for these 2 orders" in part and f'value="{second.pk}:' not in part
    status = [Order.objects.get(pk=order.pk).status for order in (first, second, third)]
    assert status == [then, OrderStatus.PROCESSING, then]
    sent = re.findall(r'name="order" value="([^"]*)"', part)
    [address] = re.findall(r'action="([^"]+)"', part)
    # What was changed meanwhile stays.
    Order.objects.filter(pk=third.pk).update(version=50)
    admin.post(address, {"order": sent})
    status = [Order.objects.get(pk=order.pk).status for order in (first, second, third)]
    assert status == [OrderStatus.PROCESSING, OrderStatus.PROCESSING, then]


def test_a_preparation_that_was_begun_by_mistake(shop: Integration, admin: Client) -> None:
    give_stock(shop.project, A_1=9)
    orders = imported(shop, [incoming(line("A-1")) for _ in range(2)])
    message = of(act(admin, "/orders/order/?tab=all", "prepare_chosen", orders))
    assert "2 orders are in this preparation." in message
    undo(admin, message)
    assert not PreparedOrder.objects.exists()


def test_entries_of_the_block_list_are_switched_back(shop: Integration, admin: Client) -> None:
    entries = [
        BuyerEntry.objects.create(project=shop.project, pattern=f"{name}.example", listing="block", active=active)
        for name, active in (("a", True), ("b", True), ("c", False))
    ]
    message = of(act(admin, "/integrations/buyerentry/", "switch_off", entries))
    assert "2 entries are switched off." in message
    undo(admin, message)
    assert [BuyerEntry.objects.get(pk=entry.pk).active for entry in entries] == [True, True, False]


def test_a_shop_comes_back_from_the_archive(shop: Integration, admin: Client) -> None:
    page = f"/integrations/integration/{shop.pk}"
    admin.post(f"{page}/archive/")
    shop.refresh_from_db()
    assert shop.archived_at is not None
    undo(admin, said(admin, f"{page}/change/"))
    shop.refresh_from_db()
    assert shop.archived_at is None


def test_what_was_left_out_is_sent_after_all(shop: Integration, admin: Client) -> None:
    order = imported(shop, [incoming(line("A-1"))])[0]
    rows = [
        Crossing.objects.create(
            integration=shop, order_id=order.pk, kind=CrossingKind.SHIPMENT, subject=number, state=state
        )
        for number, state in enumerate([CrossingState.WAITING, CrossingState.FAILED, CrossingState.NOT_NEEDED])
    ]
    message = of(act(admin, "/integrations/crossing/", "leave_chosen_out", rows[:2]))
    assert states(rows) == [CrossingState.NOT_NEEDED] * 3
    undo(admin, message)
    assert states(rows) == [CrossingState.WAITING, CrossingState.WAITING, CrossingState.NOT_NEEDED]
