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
from integrations.choices import AfterImport, FeedKind, ImportAction, Role, RunKind
from integrations.importing.load import request_load
from integrations.invariants import broken
from integrations.models import Integration, Project, RemoteOrder, Run
from orders.choices import EventKind, OrderStatus
from orders.models import Invoice, Order, Shipment
from orders.work import lifecycle
from orders.work.changing import Opened
from orders.work.refresh import overwrite
from orders.work.refresh.overwrite import Refreshed, RefreshOutcome
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


def version(shown: str, form: str) -> dict[str, str]:
    """What a form of the page says of the shop's version, ticked."""
    [found] = re.findall(f'name="{form}-shop_version" value="([^"]+)"', shown)
    return {f"{form}-shop_version": found, f"{form}-looked": "on"}


def tokens(shown: str) -> list[str]:
    return re.findall('name="shop_version" value="([^"]+)"', shown)


def test_papers_ask_for_a_look_first(marked: Order, admin: Client) -> None:
    assert ship(admin, marked) == 422
    assert not Shipment.objects.exists()
    invoice = {"invoice-seen": str(marked.version)}
    refused = admin.post(f"{LIST}{marked.pk}/invoice/", invoice)
    assert "has changed in the shop since: look at it first" in refused.content.decode()
    assert not Invoice.objects.exists()
    shown = page(admin, marked)
    assert admin.post(f"{LIST}{marked.pk}/invoice/", invoice | version(shown, "invoice")).status_code == 302
    marked.refresh_from_db()
    assert ship(admin, marked, **version(shown, "ship")) == 302
    assert (Invoice.objects.count(), Shipment.objects.count()) == (1, 1)
    assert broken() == {}


def test_a_look_is_at_one_version_of_the_shop(
    marked: Order, admin: Client, book: Integration, fake: FakeConnector
) -> None:
    shown = page(admin, marked)
    edit(fake, A, customer_note="Ring thrice")
    load(book)
    for form in ("invoice", "ship"):
        values = {f"{form}-seen": str(marked.version)} | version(shown, form)
        values |= {f"ship-units_{line.pk}": str(line.reserved) for line in marked.lines.all()}
        answer = admin.post(f"{LIST}{marked.pk}/{form}/", values, follow=True).content.decode()
        assert "newer version of this order" in answer and "Ring thrice" in answer
    assert not (Invoice.objects.exists() or Shipment.objects.exists())
    assert ship(admin, marked, **version(answer, "ship")) == 302


def test_control_where_any_look_is_enough(
    marked: Order, admin: Client, book: Integration, fake: FakeConnector, monkeypatch: pytest.MonkeyPatch
) -> None:
    shown = page(admin, marked)
    edit(fake, A, customer_note="Ring thrice")
    load(book)
    seen = version(shown, "ship")
    monkeypatch.setattr(lifecycle, "version_of", lambda order: seen["ship-shop_version"])
    assert ship(admin, marked, **seen) == 302


def test_a_tick_that_names_no_version_is_no_look(marked: Order, admin: Client) -> None:
    assert ship(admin, marked, **{"ship-looked": "on"}) == 422
    assert ship(admin, marked, **{"ship-looked": "on", "ship-shop_version": "00" * 16}) == 302  # back to the page
    assert not Shipment.objects.exists()


def test_control_without_the_question(marked: Order, admin: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(lifecycle, "expect_looked", lambda change, looked: None)
    assert ship(admin, marked) == 302


def test_many_at_once_ask_as_well(marked: Order, admin: Client, book: Integration, fake: FakeConnector) -> None:
    orders = [marked, order_of(B)]
    chosen = {"action": "ship_chosen", ACTION_CHECKBOX_NAME: [str(order.pk) for order in orders]}
    asked = admin.post(LIST, chosen).content.decode()
    assert "Ring twice" in asked and 'name="looked"' in asked
    sent = {"order": [f"{order.pk}:{order.version}" for order in orders]}
    admin.post(f"{LIST}bulk/ship/", sent)
    assert list(Shipment.objects.values_list("order", flat=True)) == [orders[1].pk]
    edit(fake, A, customer_note="Ring thrice")
    load(book)
    told = admin.post(f"{LIST}bulk/ship/", sent | {"looked": "1", "shop_version": tokens(asked)}).content.decode()
    assert "newer version of this order" in told and Shipment.objects.count() == 1
    asked = admin.post(LIST, chosen).content.decode()
    admin.post(f"{LIST}bulk/ship/", sent | {"looked": "1", "shop_version": tokens(asked)})
    assert Shipment.objects.count() == 2


def test_printing_asks_and_is_work(marked: Order, admin: Client, book: Integration, fake: FakeConnector) -> None:
    seen = {"invoice-seen": str(marked.version)} | version(page(admin, marked), "invoice")
    admin.post(f"{LIST}{marked.pk}/invoice/", seen)
    address = f"/orders/invoice/{Invoice.objects.get().pk}/pdf/"
    asked = admin.get(address)
    assert (asked["Content-Type"].split(";")[0], "Ring twice" in asked.content.decode()) == ("text/html", True)
    looked = {"looked": "1", "shop_version": tokens(asked.content.decode())}
    for _ in range(2):
        assert admin.get(address, looked)["Content-Type"] == "application/pdf"
    assert admin.get(address, {"looked": "1"})["Content-Type"].startswith("text/html")
    edit(fake, A, customer_note="Ring thrice")
    load(book)
    again = admin.get(address, looked)
    assert again["Content-Type"].startswith("text/html") and "Ring thrice" in again.content.decode()
    assert len(tokens(again.content.decode())) == 1
    assert marked.events.filter(kind=EventKind.PRINTED).count() == 1


def changed_and_chosen(book: Integration, fake: FakeConnector, admin: Client) -> list[Order]:
    """Two orders of which the shop has a newer note, both chosen for Synchronize."""
    for key in (A, B):
        edit(fake, key, customer_note="Ring twice")
    load(book)
    orders = [order_of(A), order_of(B)]
    assert all(order.shop_changed_at is not None for order in orders)
    admin.post(LIST, {"action": "synchronize_chosen", ACTION_CHECKBOX_NAME: [str(order.pk) for order in orders]})
    jobs.work(Run.objects.get(kind=RunKind.SYNCHRONIZE).pk)
    for order in orders:
        order.refresh_from_db()
    return orders


def test_synchronize_of_many_takes_the_document_and_the_mark(
    book: Integration, fake: FakeConnector, admin: Client
) -> None:
    for order in changed_and_chosen(book, fake, admin):
        assert (order.note, order.shop_changed_at) == ("Ring twice", None)
    load(book)
    assert not Order.objects.filter(shop_changed_at__isnull=False).exists()
    assert "Changed in the shop: " not in admin.get("/").content.decode()
    assert broken() == {}


def test_control_where_nobody_takes_the_mark_away(
    book: Integration, fake: FakeConnector, admin: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    keep = Opened.keep

    def others(change: Opened, name: str, value: Any) -> None:
        if name != "shop_changed_at":
            keep(change, name, value)

    monkeypatch.setattr(Opened, "keep", others)
    for order in changed_and_chosen(book, fake, admin):
        assert (order.note, order.shop_changed_at is None) == ("Ring twice", False)


def test_control_a_document_that_is_not_taken_leaves_the_mark(
    book: Integration, fake: FakeConnector, admin: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    refresh = overwrite.refresh

    def refused(order_id: int, *args: Any, **named: Any) -> Refreshed:
        if order_id == order_of(A).pk:
            return Refreshed(RefreshOutcome.REFUSED, "Not possible.")
        return refresh(order_id, *args, **named)

    monkeypatch.setattr(overwrite, "refresh", refused)
    first, second = changed_and_chosen(book, fake, admin)
    assert (first.note, first.shop_changed_at is None) == ("", False)
    assert (second.note, second.shop_changed_at) == ("Ring twice", None)


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
