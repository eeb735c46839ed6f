"""Synchronize up to a hundred orders in as few requests as the platform allows; each has its own result."""

from __future__ import annotations

import json
from datetime import timedelta
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.utils import timezone

from config.kit.sql import execute
from integrations import jobs
from integrations.choices import (
    FeedKind,
    ImportAction,
    IntegrationHealth,
    ListKind,
    RemoteState,
    Role,
    RunKind,
    RunState,
)
from integrations.connectors import shop_connectors
from integrations.connectors.errors import Failure, ShopError
from integrations.importing import mapping, synchronize
from integrations.importing.load import request_load
from integrations.importing.statuses import ended_statuses
from integrations.importing.synchronize import SyncRefused
from integrations.invariants import broken
from integrations.models import CodeListEntry, Feed, Integration, MetadataMapping, RemoteOrder, Run
from integrations.runs import control
from integrations.shops.connection import set_up
from orders.choices import EventKind, OrderStatus, Part
from orders.models import Order, OrderEvent
from orders.work.changing import ChangedMeanwhile, Opened
from orders.work.refresh import overwrite
from orders.work.refresh.overwrite import RefreshOutcome
from tests.benchmarks.w2000 import payloads
from tests.factories import IntegrationFactory, member
from tests.fake_connector import FakeConnector

pytestmark = pytest.mark.django_db

BODIES = {body.split(b'"id": ', 1)[1].split(b",", 1)[0].decode(): body for body in payloads()[:120]}
KEYS = list(BODIES)


class Shop(FakeConnector):
    """A shop whose orders can be edited."""

    def edit(self, key: str, **values: Any) -> None:
        """Change an order in the shop, now."""
        document = json.loads(self.bodies[key])
        document |= values | {"date_modified_gmt": f"{timezone.now():%Y-%m-%dT%H:%M:%S}"}
        self.bodies[key] = json.dumps(document).encode()


@pytest.fixture
def shop(monkeypatch: pytest.MonkeyPatch) -> Shop:
    shop = Shop(dict(BODIES))
    shop.install(monkeypatch)
    return shop


@pytest.fixture
def integration(shop: Shop) -> Integration:
    """A shop with 120 orders in the book."""
    integration = IntegrationFactory.create()
    set_up(integration)
    integration.rules.exclude(status="cancelled").update(action=ImportAction.VALID)
    run = request_load(integration)
    jobs.work(run.pk)
    assert Order.objects.count() == 120
    return integration


@pytest.fixture
def person(integration: Integration) -> User:
    return member(integration.project.account, Role.ORDER_STAFF, "ann")


def order_of(key: str) -> Order:
    return Order.objects.get(remote_order__external_id=key)


def sync(integration: Integration, *keys: str) -> Run:
    ids = list(Order.objects.filter(remote_order__external_id__in=keys).values_list("pk", flat=True))
    requested = synchronize.request(integration.project_id, ids)
    assert requested.refusals == ()
    [run] = requested.runs
    jobs.work(run.pk)
    run.refresh_from_db()
    return run


def test_a_hundred_orders_cost_one_request(integration: Integration, shop: Shop) -> None:
    shop.edit(KEYS[0], customer_note="new")
    run = sync(integration, *KEYS[:100])
    assert [len(ids) for ids in shop.asked] == [100]
    assert (run.state, run.fetched, run.updated, run.unchanged, run.failed) == (RunState.SUCCEEDED, 100, 1, 99, 0)
    assert run.reason == "1 changed, 99 as in the shop, 0 could not be synchronized."
    assert order_of(KEYS[0]).note == "new"
    assert len(run.results) == 100
    assert broken() == {}


def test_settings_are_read_once_for_a_page(
    integration: Integration, shop: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    loads: list[int] = []
    load = mapping.load

    def counted(which: Integration, orders: Any = None) -> mapping.Mapping:
        loads.append(len(orders))
        return load(which, orders)

    monkeypatch.setattr(mapping, "load", counted)
    sync(integration, *KEYS[:40])
    assert loads == [40]


def test_101_are_refused_and_nothing_is_queued(integration: Integration, shop: Shop) -> None:
    ids = list(Order.objects.values_list("pk", flat=True)[:101])
    before = Run.objects.count()
    with pytest.raises(SyncRefused, match="At most 100 orders at once: 101 were chosen, nothing was started"):
        synchronize.request(integration.project_id, ids)
    assert (Run.objects.count(), shop.asked) == (before, [])


def test_each_order_has_its_result(integration: Integration, shop: Shop) -> None:
    shop.edit(KEYS[0], customer_note="new")
    del shop.bodies[KEYS[1]]
    shop.bodies[KEYS[2]] = shop.bodies[KEYS[2]].replace(b'"line_items"', b'"line_items": 7, "x"')
    run = sync(integration, *KEYS[:4])
    results = {result["number"]: (result["outcome"], result["message"]) for result in run.results}
    assert results[order_of(KEYS[0]).number][0] == RefreshOutcome.CHANGED
    assert results[order_of(KEYS[1]).number] == (RefreshOutcome.REFUSED, synchronize.GONE)
    assert results[order_of(KEYS[2]).number][0] == RefreshOutcome.REFUSED
    assert results[order_of(KEYS[3]).number][0] == RefreshOutcome.SAME
    assert (run.updated, run.unchanged, run.failed) == (1, 1, 2)
    assert broken() == {}


def test_an_answer_that_cannot_be_stored_stops_nobody(
    integration: Integration, shop: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    for key in KEYS[:2]:
        shop.edit(key, customer_note="new")
    poisoned = order_of(KEYS[0]).pk
    write = overwrite._overwrite

    def refuse(change: Opened, *rest: Any) -> None:
        if change.order.pk == poisoned:
            execute("SELECT 'not a number'::int")
        write(change, *rest)

    monkeypatch.setattr(overwrite, "_overwrite", refuse)
    run = sync(integration, *KEYS[:2])
    assert (run.state, run.updated, run.failed) == (RunState.SUCCEEDED, 1, 1)
    assert (order_of(KEYS[0]).note, order_of(KEYS[1]).note) != ("new", "")
    assert "cannot be stored" in run.results[0]["message"]
    assert broken() == {}


def test_the_current_mapping_is_applied(integration: Integration) -> None:
    order = order_of(KEYS[0])
    source = next(iter(order.metadata))
    MetadataMapping.objects.create(integration=integration, source=source, name="our name")
    run = sync(integration, KEYS[0])
    assert run.updated == 1
    assert "our name" in order_of(KEYS[0]).metadata
    assert source in order_of(KEYS[1]).metadata


def test_a_name_for_a_tax_comes_by_synchronizing_and_goes_again(integration: Integration, person: User) -> None:
    CodeListEntry.objects.create(integration=integration, kind=ListKind.TAX, code="*", label="*", name="Standard")
    sync(integration, KEYS[0])
    named = [list(order_of(key).lines.values_list("tax_name", flat=True)) for key in KEYS[:2]]
    assert set(named[0]) == {"Standard"} and set(named[1]) == {""}
    assert sync(integration, KEYS[0]).unchanged == 1
    event = order_of(KEYS[0]).events.filter(kind=EventKind.SYNCHRONIZED).latest("pk")
    assert {change["new"]["tax_name"] for change in event.changes if change["field"].startswith("line ")} == {
        "Standard"
    }
    overwrite.revert(order_of(KEYS[0]).pk, event.pk, actor_id=person.pk)
    assert set(order_of(KEYS[0]).lines.values_list("tax_name", flat=True)) == {""}
    assert broken() == {}


def test_what_was_edited_here_is_kept_where_ours_wins(integration: Integration, shop: Shop) -> None:
    Integration.objects.update(ours_wins=[Part.NOTE])
    Order.objects.filter(pk=order_of(KEYS[0]).pk).update(note="ours", edited=[Part.NOTE])
    for key in KEYS[:2]:
        shop.edit(key, customer_note="theirs")
    sync(integration, *KEYS[:2])
    assert [order_of(key).note for key in KEYS[:2]] == ["ours", "theirs"]


def test_a_run_waits_for_a_shop_that_is_down(integration: Integration, shop: Shop) -> None:
    shop.failure = ShopError(Failure.UNAVAILABLE, "The shop does not answer.")
    ids = list(Order.objects.values_list("pk", flat=True)[:3])
    [run] = synchronize.request(integration.project_id, ids).runs
    jobs.work(run.pk)
    run.refresh_from_db()
    assert (run.state, run.results) == (RunState.WAITING, [])
    shop.failure = None
    Run.objects.update(next_attempt_at=None)
    jobs.work(run.pk)
    run.refresh_from_db()
    assert (run.state, len(run.results)) == (RunState.SUCCEEDED, 3)


def test_a_second_run_of_the_shop_is_refused(integration: Integration) -> None:
    ids = list(Order.objects.values_list("pk", flat=True)[:3])
    synchronize.request(integration.project_id, ids)
    again = synchronize.request(integration.project_id, ids)
    assert (again.runs, len(again.refusals)) == ((), 1)
    assert "already running" in again.refusals[0]


def test_shops_that_cannot_be_asked_are_named(integration: Integration) -> None:
    ids = list(Order.objects.values_list("pk", flat=True)[:1])
    Integration.objects.update(health=IntegrationHealth.CREDENTIALS)
    assert "rejects our credentials" in synchronize.request(integration.project_id, ids).refusals[0]
    Integration.objects.update(enabled=False)
    assert "switched off" in synchronize.request(integration.project_id, ids).refusals[0]
    Order.objects.filter(pk=ids[0]).update(integration=None)
    assert "came by the API" in synchronize.request(integration.project_id, ids).refusals[0]
    assert synchronize.request(IntegrationFactory.create().project_id, ids) == synchronize.Requested((), ())


def test_one_order_is_looked_at_before(integration: Integration, shop: Shop, person: User) -> None:
    shop.edit(KEYS[0], customer_note="new", status="cancelled")
    order = order_of(KEYS[0])
    look = synchronize.look(order)
    assert {change["field"] for change in look.result.changes} == {"note", "status", "remote_status"}
    assert (order_of(KEYS[0]).note, Run.objects.filter(kind=RunKind.SYNCHRONIZE).count()) == (order.note, 0)
    done = synchronize.synchronize(order, look.seen, version=0, actor_id=person.pk)
    assert done.changes == look.result.changes
    fresh = order_of(KEYS[0])
    assert (fresh.note, fresh.status, fresh.remote_status) == ("new", OrderStatus.CANCELLED, "cancelled")
    assert OrderEvent.objects.get(kind=EventKind.SYNCHRONIZED).actor == person
    assert len(shop.asked) == 1
    with pytest.raises(ChangedMeanwhile):
        synchronize.synchronize(order, look.seen, version=0, actor_id=person.pk)


def test_a_newer_answer_since_the_look_is_not_written_unseen(
    integration: Integration, shop: Shop, person: User
) -> None:
    look = synchronize.look(order_of(KEYS[0]))
    shop.edit(KEYS[0], customer_note="later")
    synchronize.look(order_of(KEYS[0]))
    with pytest.raises(SyncRefused, match="newer version"):
        synchronize.synchronize(order_of(KEYS[0]), look.seen, version=0, actor_id=person.pk)


def test_what_a_look_cannot_do_is_said(integration: Integration, shop: Shop) -> None:
    order = order_of(KEYS[0])
    del shop.bodies[KEYS[0]]
    with pytest.raises(SyncRefused, match="no longer has this order"):
        synchronize.look(order)
    shop.failure = ShopError(Failure.UNAVAILABLE, "The shop does not answer.")
    with pytest.raises(SyncRefused, match="does not answer"):
        synchronize.look(order)
    order.integration_id = None
    with pytest.raises(SyncRefused, match="came by the API"):
        synchronize.look(order)


def test_a_stale_answer_is_no_news(integration: Integration, shop: Shop) -> None:
    RemoteOrder.objects.update(stamp=order_of(KEYS[0]).placed_at + timedelta(days=3000), digest=b"newer")
    Order.objects.update(remote_modified_at=order_of(KEYS[0]).placed_at + timedelta(days=3000))
    shop.edit(KEYS[0], customer_note="old")
    run = sync(integration, KEYS[0])
    assert run.results[0]["outcome"] == RefreshOutcome.STALE
    assert bytes(RemoteOrder.objects.get(external_id=KEYS[0]).digest) == b"newer"


# --- the order update feed ---


def test_the_feed_is_off_by_default_and_carries_only_statuses(integration: Integration, shop: Shop) -> None:
    assert not Feed.objects.get(integration=integration, kind=FeedKind.ORDER_UPDATE).enabled
    RemoteOrder.objects.filter(external_id=KEYS[0]).update(status="cancelled", payload="{}")
    run = control.request(RunKind.ORDER_UPDATE, integration)
    jobs.work(run.pk)
    run.refresh_from_db()
    assert (run.state, run.fetched, run.updated, shop.asked) == (RunState.SUCCEEDED, 1, 1, [])
    fresh = order_of(KEYS[0])
    assert (fresh.status, fresh.remote_status) == (OrderStatus.CANCELLED, "cancelled")
    assert RemoteOrder.objects.get(external_id=KEYS[0]).state == RemoteState.IMPORTED
    assert broken() == {}


def test_more_orders_than_one_page_are_carried_over(integration: Integration, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("integrations.following.status_feed.AT_ONCE", 7)
    RemoteOrder.objects.update(status="on-hold")
    integration.rules.filter(status="on-hold").update(action=ImportAction.HOLD)
    run = control.request(RunKind.ORDER_UPDATE, integration)
    jobs.work(run.pk)
    assert set(Order.objects.values_list("remote_status", flat=True)) == {"on-hold"}
    assert broken() == {}


def test_the_feed_leaves_settled_orders_alone(integration: Integration, shop: Shop) -> None:
    order = order_of(KEYS[0])
    Order.objects.filter(pk=order.pk).update(status=OrderStatus.COMPLETE, tab="")
    RemoteOrder.objects.filter(external_id=KEYS[0]).update(status="cancelled")
    run = control.request(RunKind.ORDER_UPDATE, integration)
    jobs.work(run.pk)
    run.refresh_from_db()
    assert (run.state, run.fetched, order_of(KEYS[0]).status) == (RunState.SUCCEEDED, 0, OrderStatus.COMPLETE)


@pytest.mark.parametrize("connector", shop_connectors(), ids=lambda connector: connector.key)
def test_every_platform_says_which_sales_are_off(connector: Any) -> None:
    assert ended_statuses(connector)
