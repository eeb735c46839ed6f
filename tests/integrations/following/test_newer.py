"""A newer document of an order that is here: the order follows it, or is marked; by meaning, not by stamp."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import timedelta

import pytest
from django.contrib.auth.models import User
from django.db import connection
from django.test.utils import CaptureQueriesContext

from integrations.choices import AfterImport, ImportAction, ListKind, Role, RunKind
from integrations.following import newer
from integrations.importing import synchronize
from integrations.importing.mapping import Mapping
from integrations.invariants import broken
from integrations.models import CodeListEntry, Integration, MetadataMapping, RemoteOrder
from integrations.runs import control
from orders.choices import EventKind, OrderStatus, Part
from orders.models import Invoice, Order
from orders.work import editing, invoicing, lifecycle, notes, shipping
from orders.work.refresh import overwrite
from tests.factories import member
from tests.integrations.following.shop import A, B, C, D, EditedShop, load, notify, order_of, reread, sync, work

pytestmark = pytest.mark.django_db

WAYS: dict[str, Callable[[Integration], object]] = {
    "load": load,
    "webhook": lambda integration: notify(integration, A),
    "open orders": reread,
    "look": lambda integration: synchronize.look(order_of(A)),
}


def only_mark(integration: Integration) -> None:
    Integration.objects.update(after_import=AfterImport.NOTHING)
    integration.refresh_from_db()


def differing(integration: Integration, key: str = A) -> set[str]:
    return {str(change["field"]) for change in newer.differs_now(integration, order_of(key))}


@pytest.fixture
def person(integration: Integration) -> User:
    return member(integration.project.account, Role.ORDER_STAFF, "ann")


# --- marks ---


@pytest.mark.parametrize("way", WAYS)
def test_whoever_sees_a_newer_document_marks_the_order(integration: Integration, shop: EditedShop, way: str) -> None:
    only_mark(integration)
    shop.edit(A, customer_note="new")
    WAYS[way](integration)
    order = order_of(A)
    assert (order.shop_changed_at is None, order.note == "new") == (False, False)
    assert differing(integration) == {"note"}
    assert Order.objects.filter(shop_changed_at__isnull=False).count() == 1
    assert broken() == {}


def test_a_newer_document_that_says_the_same_leaves_no_mark(integration: Integration, shop: EditedShop) -> None:
    only_mark(integration)
    shop.edit(A, some_plugin="was here")
    load(integration)
    order, remote = order_of(A), RemoteOrder.objects.get(external_id=A)
    assert (order.shop_changed_at, order.remote_modified_at) == (None, remote.stamp)
    assert "some_plugin" in remote.payload


def test_a_status_that_means_the_same_here_leaves_no_mark(integration: Integration, shop: EditedShop) -> None:
    only_mark(integration)
    shop.edit(A, status="packed")
    integration.rules.create(status="packed", action=ImportAction.VALID)
    load(integration)
    order = order_of(A)
    assert (order.shop_changed_at, order.remote_status, order.status) == (None, "packed", OrderStatus.PROCESSING)
    shop.edit(A, status="cancelled")
    load(integration)
    assert (order_of(A).shop_changed_at is not None, differing(integration)) == (True, {"status"})


def test_neither_edits_nor_mappings_of_ours_are_news(integration: Integration, shop: EditedShop) -> None:
    only_mark(integration)
    source = next(iter(order_of(B).metadata))
    editing.edit_note(order_of(A).pk, "ours")
    MetadataMapping.objects.create(integration=integration, source=source, name="our name")
    for key in (A, B):
        shop.edit(key, some_plugin="was here")
    load(integration)
    assert not Order.objects.filter(shop_changed_at__isnull=False).exists()
    shop.edit(A, customer_note="theirs")
    load(integration)
    assert differing(integration) == {"note"}


def test_control_comparing_without_the_older_document(
    integration: Integration, shop: EditedShop, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(newer, "_read_bases", lambda integration, pairs: None)
    only_mark(integration)
    editing.edit_note(order_of(A).pk, "ours")
    shop.edit(A, some_plugin="was here")
    load(integration)
    assert order_of(A).shop_changed_at is not None


def test_a_second_change_is_told_beside_the_first(integration: Integration, shop: EditedShop) -> None:
    only_mark(integration)
    shop.edit(A, customer_note="new")
    load(integration)
    since = order_of(A).shop_changed_at
    shop.edit(A, payment_method="cod", payment_method_title="Cash")
    load(integration)
    assert differing(integration) == {"note", "payment_code", "payment_title"}
    assert order_of(A).shop_changed_at == since
    document = shop.document(A)
    before = {name: document[name] for name in ("customer_note",)} | {"customer_note": order_of(A).note}
    shop.edit(A, **before, payment_method=order_of(A).payment_code, payment_method_title=order_of(A).payment_title)
    load(integration)
    assert (order_of(A).shop_changed_at, RemoteOrder.objects.get(external_id=A).taken) == (None, "")


def test_what_cannot_be_read_marks_the_order(integration: Integration, shop: EditedShop) -> None:
    shop.edit(A, line_items=7)
    load(integration)
    assert order_of(A).shop_changed_at is not None


def test_synchronize_takes_the_mark_away(integration: Integration, shop: EditedShop) -> None:
    only_mark(integration)
    shop.edit(A, customer_note="new")
    load(integration)
    sync(integration, A)
    order = order_of(A)
    assert (order.shop_changed_at, order.note) == (None, "new")
    shop.edit(A, some_plugin="was here")
    load(integration)
    assert order_of(A).shop_changed_at is None


def test_the_feed_of_statuses_takes_the_mark_of_a_status_away(integration: Integration, shop: EditedShop) -> None:
    Integration.objects.update(after_import=AfterImport.STATUS)
    shop.edit(A, status="cancelled")
    shop.edit(B, status="cancelled", customer_note="new")
    load(integration)
    assert Order.objects.filter(shop_changed_at__isnull=False).count() == 2
    work(control.request(RunKind.ORDER_UPDATE, integration))
    assert (order_of(A).status, order_of(A).shop_changed_at) == (OrderStatus.CANCELLED, None)
    assert (order_of(B).status, differing(integration, B)) == (OrderStatus.CANCELLED, {"note"})
    assert order_of(B).shop_changed_at is not None


def test_a_page_of_marks_costs_the_same_statements_however_many(integration: Integration, shop: EditedShop) -> None:
    only_mark(integration)
    counted = []
    for number, keys in enumerate(((D,), (A,), (A, B, C))):
        for key in keys:
            shop.edit(key, payment_method_title=f"Paid {number}", customer_note=f"{number}")
        with CaptureQueriesContext(connection) as captured:
            load(integration)
        counted.append(len(captured))
    assert counted[1] == counted[2]


def test_what_could_not_follow_stays_marked_whatever_comes_next(integration: Integration, shop: EditedShop) -> None:
    """A status that needs documents; a line that has left, of an order that came shipped."""
    integration.rules.filter(status="completed").update(action=ImportAction.COMPLETE)
    integration.rules.create(status="archived", action=ImportAction.HISTORY)
    old, whole = "990002", shop.document(B)
    shop.bodies[old] = json.dumps(whole | {"id": int(old), "number": old, "status": "archived"}).encode()
    load(integration)
    shop.edit(A, status="completed")
    shop.edit(old, line_items=whole["line_items"][:-1])
    for note in ("", "new", "new"):
        shop.edit(A, customer_note=note)
        shop.edit(old, customer_note=note)
        load(integration)
        for key in (A, old):
            assert (order_of(key).note, order_of(key).shop_changed_at is None) == (note, False)
    assert differing(integration) == {"status"}
    assert broken() == {}


# --- following ---


def test_an_order_nobody_has_worked_on_follows_the_shop(integration: Integration, shop: EditedShop) -> None:
    items = shop.document(A)["line_items"]
    items[0] |= {"quantity": items[0]["quantity"] + 2}
    shop.edit(A, customer_note="new", line_items=items, status="on-hold")
    load(integration)
    order = order_of(A)
    assert (order.note, order.status, order.shop_changed_at) == ("new", OrderStatus.ON_HOLD, None)
    assert order.lines.order_by("position")[0].reserved == items[0]["quantity"]
    event = order.events.get(kind=EventKind.FOLLOWED)
    assert (event.actor, event.message[:20]) == (None, "Changed by the shop:")
    assert broken() == {}
    overwrite.revert(order.pk, event.pk)
    order.refresh_from_db()
    assert (order.note, order.status) == ("", OrderStatus.PROCESSING)
    shop.edit(A, customer_note="newer")
    load(integration)
    assert (order_of(A).note, order_of(A).shop_changed_at is not None) == ("", True)
    assert broken() == {}


def noted(order: Order, person: User) -> None:
    notes.add_note(order.pk, "call back", seen=0, author_id=person.pk)


WORK: dict[str, Callable[[Order, User], object]] = {
    "edited": lambda order, person: editing.edit_note(order.pk, "ours", actor_id=person.pk),
    "noted": noted,
    "shipped": lambda order, person: shipping.ship(order.pk, {order.lines.all()[0].pk: 1}, actor_id=person.pk),
    "invoiced": lambda order, person: invoicing.issue(order.pk, actor_id=person.pk),
    "held": lambda order, person: lifecycle.hold(order.pk, actor_id=person.pk),
}


@pytest.mark.parametrize("what", WORK)
def test_an_order_somebody_has_worked_on_is_only_marked(
    integration: Integration, shop: EditedShop, person: User, what: str
) -> None:
    WORK[what](order_of(A), person)
    shop.edit(A, payment_method_title="Cash")
    load(integration)
    order = order_of(A)
    assert (order.payment_title == "Cash", order.shop_changed_at is None) == (False, False)
    assert differing(integration) == {"payment_title"}
    assert not order.events.filter(kind=EventKind.FOLLOWED).exists()


def test_control_following_whoever_has_worked_on_it(
    integration: Integration, shop: EditedShop, person: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(newer, "worked_on", lambda ids: set())
    noted(order_of(A), person)
    shop.edit(A, payment_method_title="Cash")
    load(integration)
    assert order_of(A).payment_title == "Cash"


def test_following_never_applies_changed_mappings(integration: Integration, shop: EditedShop) -> None:
    order = order_of(A)
    source = next(iter(order.metadata))
    line = order.lines.order_by("position")[0]
    MetadataMapping.objects.create(integration=integration, source=source, name="our name")
    CodeListEntry.objects.update_or_create(
        integration=integration, kind="payment", code=order.payment_code, defaults={"label": "x", "name": "Renamed"}
    )
    integration.sku_mappings.create(shop_sku=line.sku, sku=order_of(B).lines.all()[0].sku)
    CodeListEntry.objects.create(integration=integration, kind=ListKind.TAX, code="*", label="*", name="Standard")
    items = shop.document(A)["line_items"]
    items[0] |= {"quantity": items[0]["quantity"] + 1}
    shop.edit(A, customer_note="new", line_items=items)
    load(integration)
    after = order_of(A)
    assert (after.note, after.payment_title, after.metadata) == ("new", order.payment_title, order.metadata)
    changed = after.lines.order_by("position")[0]
    assert (changed.sku, changed.product_id, changed.quantity) == (line.sku, line.product_id, line.quantity + 1)
    assert changed.tax_name == ""
    assert after.shop_changed_at is None
    sync(integration, A)
    assert order_of(A).lines.order_by("position")[0].tax_name == "Standard"
    assert (order_of(A).payment_title, "our name" in order_of(A).metadata) == ("Renamed", True)
    assert broken() == {}


@pytest.mark.parametrize("guarded", [True, False])
def test_a_field_that_is_mapped_since_is_no_news(
    integration: Integration, shop: EditedShop, guarded: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    Integration.objects.update(after_import="nothing")
    MetadataMapping.objects.create(integration=integration, source="$.order_key", field="note")
    if not guarded:
        monkeypatch.setattr(Mapping, "fields", frozenset())
    before = order_of(A).note
    shop.edit(A)
    load(integration)
    assert (order_of(A).note, order_of(A).shop_changed_at is None) == (before, guarded)
    sync(integration, A)
    assert order_of(A).note == shop.document(A)["order_key"] != before
    assert order_of(A).shop_changed_at is None


def test_following_makes_no_documents_and_leaves_those_there_are(integration: Integration, shop: EditedShop) -> None:
    Order.objects.filter(pk=order_of(A).pk).update(created_at=order_of(A).created_at - timedelta(days=1))
    shop.edit(A, status="completed")
    integration.rules.filter(status="completed").update(action=ImportAction.COMPLETE)
    load(integration)
    order = order_of(A)
    assert (order.status, order.invoices.count(), order.shipments.count()) == (OrderStatus.PROCESSING, 0, 0)
    assert (order.shop_changed_at is not None, differing(integration)) == (True, {"status"})
    assert not Invoice.objects.exists()


def test_what_was_paid_back_is_not_sent_whatever_its_status_becomes(integration: Integration, shop: EditedShop) -> None:
    """All units paid back close the order; opened again by its shop, they stay closed and leave no mark."""
    items = shop.document(A)["line_items"]
    lines = [
        {"quantity": -item["quantity"], "meta_data": [{"key": "_refunded_item_id", "value": item["id"]}]}
        for item in items
    ]
    shop.edit(A, refunds=[{"id": 9, "total": "-1.00"}], refunds_by_line=[{"line_items": lines}])
    load(integration)
    assert (order_of(A).status, order_of(A).shop_changed_at) == (OrderStatus.CANCELLED, None)
    for status in ("on-hold", "processing"):
        shop.edit(A, status=status, customer_note=status)
        load(integration)
        order = order_of(A)
        assert (order.status, order.shop_changed_at) == (OrderStatus.CANCELLED, None)
        assert all(line.cancelled == line.quantity for line in order.lines.all())
    assert broken() == {}


def test_what_ours_wins_is_not_followed(integration: Integration, shop: EditedShop) -> None:
    Integration.objects.update(ours_wins=[Part.NOTE])
    shop.edit(A, customer_note="new")
    load(integration)
    assert order_of(A).note == "new", "nobody has edited it here"


def test_an_order_that_cannot_follow_stops_nobody(
    integration: Integration, shop: EditedShop, monkeypatch: pytest.MonkeyPatch
) -> None:
    Integration.objects.update(unknown_products="fail")
    items = shop.document(A)["line_items"]
    items[0] |= {"sku": "NOWHERE-1"}
    shop.edit(A, line_items=items)
    shop.edit(B, customer_note="new")
    load(integration)
    assert (order_of(A).shop_changed_at is not None, order_of(B).note) == (True, "new")
    assert broken() == {}
