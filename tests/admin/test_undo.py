"""What can be taken back is taken back from the message that says it was done."""

from __future__ import annotations

import re
from html import unescape

import pytest
from django.contrib import messages
from django.contrib.messages.storage.base import Message
from django.test import Client, RequestFactory

from config.kit.admin.undo import undo_of
from integrations.choices import RemoteState
from integrations.models import Integration
from integrations.webhooks import endpoints
from orders.choices import OrderStatus
from orders.models import Order
from tests.admin.conftest import imported, remote
from tests.factories import give_stock, incoming, line

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
    values = dict(re.findall(r'name="(?!csrf)([^"]+)" value="([^"]*)"', message))
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
