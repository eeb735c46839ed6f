"""Synchronize with the eshop in the admin: the look, the write, taking it back, and up to a hundred at once."""

from __future__ import annotations

import json
import re
from typing import Any

import pytest
from django.contrib.admin.helpers import ACTION_CHECKBOX_NAME
from django.test import Client
from django.utils import timezone

from integrations import jobs
from integrations.choices import ImportAction, Role, RunKind, RunState
from integrations.importing.load import request_load
from integrations.models import Integration, Run
from orders.choices import EventKind
from orders.models import Order, OrderEvent
from tests.admin.conftest import Login
from tests.benchmarks.w2000 import payloads
from tests.fake_connector import FakeConnector

LIST = "/orders/order/"
BODIES = {body.split(b'"id": ', 1)[1].split(b",", 1)[0].decode(): body for body in payloads()[:120]}
KEYS = list(BODIES)


@pytest.fixture
def bodies(monkeypatch: pytest.MonkeyPatch) -> dict[str, bytes]:
    """What the shop has, by id."""
    shop = FakeConnector(dict(BODIES))
    shop.install(monkeypatch)
    return shop.bodies


@pytest.fixture
def book(shop: Integration, bodies: dict[str, bytes]) -> list[Order]:
    shop.rules.exclude(status="cancelled").update(action=ImportAction.VALID)
    jobs.work(request_load(shop).pk)
    return list(Order.objects.order_by("remote_order__external_id"))


def edit(bodies: dict[str, bytes], key: str, **values: Any) -> None:
    stamp = f"{timezone.now():%Y-%m-%dT%H:%M:%S}"
    bodies[key] = json.dumps(json.loads(bodies[key]) | values | {"date_modified_gmt": stamp}).encode()


def hidden(page: str) -> dict[str, str]:
    return dict(re.findall(r'<input type="hidden" name="(version|seen)" value="([^"]*)">', page))


def test_the_look_shows_old_and_new_and_the_stock(book: list[Order], bodies: dict[str, bytes], admin: Client) -> None:
    order = book[0]
    lines = json.loads(bodies[KEYS[0]])["line_items"]
    lines[0]["quantity"] += 3
    edit(bodies, KEYS[0], customer_note="Ring twice", status="cancelled", line_items=lines)
    assert "Synchronize with eshop</button>" in admin.get(f"{LIST}{order.pk}/change/").content.decode()
    page = admin.post(f"{LIST}{order.pk}/synchronize/").content.decode()
    for text in ("Ring twice", "Processing", "Cancelled", ": quantity", "Here now", "Waiting", "can be taken back"):
        assert text in page
    order.refresh_from_db()
    assert (order.note, order.version) != ("Ring twice", 1)
    admin.post(f"{LIST}{order.pk}/synchronize/apply/", hidden(page))
    order.refresh_from_db()
    assert (order.note, order.status) == ("Ring twice", "cancelled")
    admin.post(f"{LIST}{order.pk}/synchronize/apply/", hidden(page))
    page = admin.get(f"{LIST}{order.pk}/change/").content.decode()
    assert "changed since you opened this page" in page
    assert "Take this synchronization back" in page
    event = OrderEvent.objects.get(kind=EventKind.SYNCHRONIZED)
    address = f"{LIST}{order.pk}/synchronize/{event.pk}/revert/"
    admin.post(address, {"version": order.version})
    order.refresh_from_db()
    assert (order.note == "Ring twice", order.status) == (False, "processing")
    admin.post(address, {"version": 0})
    assert order.events.filter(kind=EventKind.REVERTED).count() == 1
    admin.post(f"{LIST}{order.pk}/synchronize/999999/revert/", {"version": order.version})
    assert "There is no such synchronization" in admin.get(LIST).content.decode()


def test_nothing_to_change_is_said(book: list[Order], admin: Client) -> None:
    page = admin.post(f"{LIST}{book[0].pk}/synchronize/", follow=True).content.decode()
    assert "The order is as it is in the shop." in page


def test_what_the_shop_no_longer_has_is_said(book: list[Order], bodies: dict[str, bytes], admin: Client) -> None:
    del bodies[KEYS[0]]
    page = admin.post(f"{LIST}{book[0].pk}/synchronize/", follow=True).content.decode()
    assert "The shop no longer has this order" in page
    Order.objects.filter(pk=book[0].pk).update(integration=None)
    page = admin.post(f"{LIST}{book[0].pk}/synchronize/", follow=True).content.decode()
    assert "came by the API" in page


def test_an_incomplete_form_changes_nothing(book: list[Order], admin: Client) -> None:
    for form in ({}, {"version": "x"}, {"version": "0", "seen": "nonsense"}, {"version": "9" * 30, "seen": "x"}):
        response = admin.post(f"{LIST}{book[0].pk}/synchronize/apply/", form)
        assert response.status_code == 302
    assert not OrderEvent.objects.filter(kind=EventKind.SYNCHRONIZED).exists()


def chosen(orders: list[Order]) -> dict[str, Any]:
    return {"action": "synchronize_chosen", ACTION_CHECKBOX_NAME: [order.pk for order in orders]}


def test_a_hundred_at_once_in_a_run(book: list[Order], bodies: dict[str, bytes], admin: Client) -> None:
    edit(bodies, KEYS[0], customer_note="Ring twice")
    del bodies[KEYS[1]]
    admin.post(LIST, chosen(book[:100]))
    run = Run.objects.get(kind=RunKind.SYNCHRONIZE)
    page = admin.get(LIST).content.decode()
    assert "Synchronizing orders with the eshop." in page
    assert "Load new orders" in page
    jobs.work(run.pk)
    page = admin.get(LIST).content.decode()
    assert "1 changed, 98 as in the shop, 1 could not be synchronized." in page
    page = admin.get(f"/integrations/run/{run.pk}/change/").content.decode()
    assert "The shop no longer has this order" in page
    assert f"{LIST}{book[1].pk}/change/" in page
    run.refresh_from_db()
    assert run.state == RunState.SUCCEEDED


def test_of_101_a_hundred_are_started_and_one_waits(book: list[Order], admin: Client) -> None:
    page = admin.post(LIST, chosen(book[:101]), follow=True).content.decode()
    assert "These were the first 100 of 101 chosen rows. 1 wait above the list." in page
    assert "Synchronize: 1 chosen row waits." in page
    run = Run.objects.get(kind=RunKind.SYNCHRONIZE)
    assert len(run.scope["orders"]) == 100
    # While it runs the next portion is refused, and goes on waiting.
    refused = admin.post(f"{LIST}portion/", {"do": "go"}, follow=True).content.decode()
    assert "already running" in refused and "Synchronize: 1 chosen row waits." in refused
    jobs.work(run.pk)
    page = admin.post(f"{LIST}portion/", {"do": "go"}, follow=True).content.decode()
    assert "waits" not in page
    last = Run.objects.filter(kind=RunKind.SYNCHRONIZE).latest("pk")
    assert {*run.scope["orders"], *last.scope["orders"]} == {order.pk for order in book[:101]}


def test_a_second_start_is_refused_politely(book: list[Order], admin: Client) -> None:
    admin.post(LIST, chosen(book[:2]))
    page = admin.post(LIST, chosen(book[:2]), follow=True).content.decode()
    assert "already running" in page


def test_readers_cannot_synchronize(book: list[Order], login: Login) -> None:
    reader = login(book[0].project, Role.READ_ONLY)
    page = reader.get(LIST).content.decode() + reader.get(f"{LIST}{book[0].pk}/change/").content.decode()
    assert "Synchronize" not in page
    assert reader.post(f"{LIST}{book[0].pk}/synchronize/").status_code == 403


def test_which_parts_stay_is_set_per_shop(shop: Integration, admin: Client) -> None:
    page = admin.get(f"/integrations/integration/{shop.pk}/change/").content.decode()
    assert "When orders are synchronized" in page
    admin.post(f"/integrations/integration/{shop.pk}/ours/", {"parts": ["billing", "note"]})
    shop.refresh_from_db()
    assert shop.ours_wins == ["billing", "note"]
    admin.post(f"/integrations/integration/{shop.pk}/ours/", {"parts": ["nonsense"]})
    shop.refresh_from_db()
    assert shop.ours_wins == ["billing", "note"]
    admin.post(f"/integrations/integration/{shop.pk}/ours/", {})
    shop.refresh_from_db()
    assert shop.ours_wins == []
