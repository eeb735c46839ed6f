"""Orders that have changed in their shop: badge, tab, what differs, keeping ours, the look before papers."""

from __future__ import annotations

import json
import re
from datetime import timedelta
from typing import Any

import pytest
from django.contrib.admin.helpers import ACTION_CHECKBOX_NAME
from django.test import Client

from integrations import jobs
from integrations.choices import AfterImport, FeedKind, ImportAction, Role
from integrations.importing.load import request_load
from integrations.invariants import broken
from integrations.models import Integration, Project, RemoteOrder
from orders.choices import EventKind, OrderStatus
from orders.models import Invoice, Order, Shipment
from orders.work import lifecycle
from tests.admin.conftest import Login
from tests.factories import give_stock
from tests.fake_connector import FakeConnector
from tests.integrations.following.shop import BODIES, A, B

LIST = "/orders/order/"


@pytest.fixture
def fake(monkeypatch: pytest.MonkeyPatch) -> FakeConnector:
    fake = FakeConnector(dict(BODIES))
    fake.install(monkeypatch)
    return fake


@pytest.fixture
def book(shop: Integration, fake: FakeConnector) -> Integration:
    Integration.objects.update(after_import=AfterImport.NOTHING)
    shop.refresh_from_db()
    shop.rules.exclude(status__in=["cancelled", "on-hold"]).update(action=ImportAction.VALID)
    skus = {item["sku"] for body in BODIES.values() for item in json.loads(body)["line_items"]}
    give_stock(shop.project, **{sku.replace("-", "_"): 100 for sku in skus})
    load(shop)
    return shop


def load(shop: Integration) -> None:
    jobs.work(request_load(shop).pk)


def edit(fake: FakeConnector, key: str, **values: Any) -> None:
    stamp = RemoteOrder.objects.get(external_id=key).stamp
    assert stamp is not None
    stamped = {"date_modified_gmt": f"{stamp + timedelta(hours=1):%Y-%m-%dT%H:%M:%S}"}
    fake.bodies[key] = json.dumps(json.loads(fake.bodies[key]) | values | stamped).encode()


def order_of(key: str) -> Order:
    return Order.objects.get(remote_order__external_id=key)


@pytest.fixture
def marked(book: Integration, fake: FakeConnector) -> Order:
    edit(fake, A, customer_note="Ring twice")
    load(book)
    return order_of(A)


def page(client: Client, order: Order) -> str:
    return client.get(f"{LIST}{order.pk}/change/").content.decode()


def keep(client: Client, order: Order, shown: str) -> str:
    found = dict(re.findall(r'<input type="hidden" name="(version|seen)" value="([^"]*)"', shown.split("keep-ours")[1]))
    return client.post(f"{LIST}{order.pk}/keep-ours/", found, follow=True).content.decode()


def test_the_list_shows_filters_and_counts_them(marked: Order, admin: Client) -> None:
    shown = admin.get(LIST).content.decode()
    assert shown.count('badge-warn">Changed<') == 1
    assert "tab=changed" in shown and "tab=gone" in shown
    only = admin.get(f"{LIST}?tab=changed").content.decode()
    assert (marked.number in only, order_of(B).number in only) == (True, False)
    assert "Changed in the shop: 1" in admin.get("/").content.decode()


def test_the_page_shows_old_and_new_until_ours_is_kept(marked: Order, admin: Client, book: Integration) -> None:
    shown = page(admin, marked)
    assert 'id="in-shop"' in shown and "Ring twice" in shown
    assert "stays as it is here" in keep(admin, marked, shown)
    marked.refresh_from_db()
    assert (marked.shop_changed_at, marked.note, marked.edited) == (None, "", ["note"])
    assert marked.events.filter(kind=EventKind.LOOKED_AT).count() == 1
    assert 'id="in-shop"' not in page(admin, marked)
    load(book)
    marked.refresh_from_db()
    assert marked.shop_changed_at is None
    assert broken() == {}


def test_what_was_kept_is_no_news_and_the_next_change_is(
    marked: Order, admin: Client, book: Integration, fake: FakeConnector
) -> None:
    keep(admin, marked, page(admin, marked))
    edit(fake, A, some_plugin="was here")
    load(book)
    assert order_of(A).shop_changed_at is None
    edit(fake, A, payment_method_title="Cash")
    load(book)
    shown = page(admin, marked)
    assert "Cash" in shown and "Ring twice" not in shown.split('id="in-shop"')[1].split("</section>")[0]


def test_a_version_nobody_has_seen_is_not_kept_away(
    marked: Order, admin: Client, book: Integration, fake: FakeConnector
) -> None:
    shown = page(admin, marked)
    edit(fake, A, customer_note="Ring thrice")
    load(book)
    assert "newer version" in keep(admin, marked, shown)
    assert order_of(A).shop_changed_at is not None


def ship(client: Client, order: Order, **values: str) -> int:
    shown = {f"ship-units_{line.pk}": str(line.reserved) for line in order.lines.all()}
    return client.post(f"{LIST}{order.pk}/ship/", shown | {"ship-seen": str(order.version)} | values).status_code


def test_papers_ask_for_a_look_first(marked: Order, admin: Client) -> None:
    assert ship(admin, marked) == 422
    assert not Shipment.objects.exists()
    invoice = {"invoice-seen": str(marked.version)}
    refused = admin.post(f"{LIST}{marked.pk}/invoice/", invoice)
    assert "has changed in the shop since: look at it first" in refused.content.decode()
    assert not Invoice.objects.exists()
    assert admin.post(f"{LIST}{marked.pk}/invoice/", invoice | {"invoice-looked": "on"}).status_code == 302
    marked.refresh_from_db()
    assert ship(admin, marked, **{"ship-looked": "on"}) == 302
    assert (Invoice.objects.count(), Shipment.objects.count()) == (1, 1)
    assert broken() == {}


def test_control_without_the_question(marked: Order, admin: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(lifecycle, "expect_looked", lambda change, looked: None)
    assert ship(admin, marked) == 302


def test_many_at_once_ask_as_well(marked: Order, admin: Client) -> None:
    orders = [marked, order_of(B)]
    chosen = {"action": "ship_chosen", ACTION_CHECKBOX_NAME: [str(order.pk) for order in orders]}
    asked = admin.post(LIST, chosen).content.decode()
    assert "Ring twice" in asked and 'name="looked"' in asked
    tokens = [f"{order.pk}:{order.version}" for order in orders]
    admin.post(f"{LIST}bulk/ship/", {"order": tokens})
    assert list(Shipment.objects.values_list("order", flat=True)) == [orders[1].pk]
    admin.post(f"{LIST}bulk/ship/", {"order": tokens, "looked": "1"})
    assert Shipment.objects.count() == 2


def test_printing_asks_and_is_work(marked: Order, admin: Client) -> None:
    admin.post(f"{LIST}{marked.pk}/invoice/", {"invoice-seen": str(marked.version), "invoice-looked": "on"})
    address = f"/orders/invoice/{Invoice.objects.get().pk}/pdf/"
    asked = admin.get(address)
    assert (asked["Content-Type"].split(";")[0], "Ring twice" in asked.content.decode()) == ("text/html", True)
    for _ in range(2):
        assert admin.get(address, {"looked": "1"})["Content-Type"] == "application/pdf"
    assert marked.events.filter(kind=EventKind.PRINTED).count() == 1


def test_those_who_only_read_see_and_cannot_keep(marked: Order, project: Project, login: Login) -> None:
    reader = login(project, Role.READ_ONLY)
    shown = page(reader, marked)
    assert "Ring twice" in shown and "keep-ours" not in shown
    assert reader.post(f"{LIST}{marked.pk}/keep-ours/", {"version": 0, "seen": ""}).status_code == 403


def test_what_is_gone_is_shown(book: Integration, fake: FakeConnector, admin: Client) -> None:
    del fake.bodies[A]
    admin.post(f"{LIST}{order_of(A).pk}/synchronize/")
    shown = page(admin, order_of(A))
    assert "deleted or moved to the trash there" in shown and 'id="in-shop"' in shown
    assert "Gone in the shop: 1" in admin.get("/").content.decode()
    assert order_of(A).status == OrderStatus.PROCESSING


def test_what_follows_the_import_is_set_on_the_page_of_the_shop(shop: Integration, admin: Client) -> None:
    address = f"/integrations/integration/{shop.pk}/"
    assert 'value="follow" checked' in admin.get(f"{address}change/").content.decode()
    feed = shop.feeds.get(kind=FeedKind.ORDER_UPDATE)
    for chosen, feeds in ((AfterImport.STATUS, True), (AfterImport.NOTHING, False)):
        admin.post(f"{address}after/", {"after_import": chosen, "hold_gone": "1"})
        shop.refresh_from_db()
        feed.refresh_from_db()
        assert (shop.after_import, shop.hold_gone, feed.enabled) == (chosen, True, feeds)
    admin.post(f"{address}after/", {"after_import": "everything"})
    shop.refresh_from_db()
    assert shop.after_import == AfterImport.NOTHING
