"""Look again: ignored and failed orders that are due, orders gone from the shop, open orders."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.db.models.functions import Now
from django.utils import timezone

from integrations import jobs
from integrations.choices import AfterImport, ImportAction, IntegrationHealth, RemoteState, RunKind, RunState
from integrations.importing import feeds
from integrations.importing.orders_page import import_page
from integrations.importing.payloads import digest_of, read_page
from integrations.importing.retry import retry_now
from integrations.models import Feed, Integration, RemoteOrder, Run
from integrations.runs import claims, control, pages
from integrations.shops.connection import set_up
from integrations.tick import tick
from orders.models import Order
from tests.benchmarks.w2000 import payloads
from tests.factories import IntegrationFactory
from tests.fake_connector import FakeConnector

pytestmark = pytest.mark.django_db

BODIES = {body.split(b'"id": ', 1)[1].split(b",", 1)[0].decode(): body for body in payloads()[:120]}


@pytest.fixture
def shop(monkeypatch: pytest.MonkeyPatch) -> FakeConnector:
    shop = FakeConnector(dict(BODIES))
    shop.install(monkeypatch)
    return shop


@pytest.fixture
def integration(shop: FakeConnector) -> Integration:
    """A shop with 120 orders ignored an hour ago because their status was not importable."""
    integration = IntegrationFactory.create()
    set_up(integration)
    integration.rules.filter(status="processing").update(action=ImportAction.SKIP, retry=True)
    RemoteOrder.objects.bulk_create(
        RemoteOrder(
            project=integration.project, integration=integration, external_id=key, number=key, status="processing",
            payload="{}", digest=b"old", state=RemoteState.IGNORED, reason_code="rule_retry", reason="Waiting.",
            action=ImportAction.SKIP, retry=True, next_attempt_at=timezone.now() - timedelta(minutes=1),
            first_seen_at=timezone.now(), changed_at=timezone.now(),
        )
        for key in BODIES
    )  # fmt: skip
    return integration


def work(integration: Integration, kind: RunKind) -> Run:
    run = control.request(kind, integration)
    jobs.work(run.pk)
    run.refresh_from_db()
    return run


def test_what_is_still_not_importable_waits_another_hour(integration: Integration, shop: FakeConnector) -> None:
    run = work(integration, RunKind.RETRY)
    assert (run.state, run.fetched, run.ignored, run.total) == (RunState.SUCCEEDED, 120, 120, 120)
    assert [len(ids) for ids in shop.asked] == [100, 20]
    due = RemoteOrder.objects.filter(next_attempt_at__gt=timezone.now() + timedelta(minutes=50))
    assert due.count() == 120
    assert not Order.objects.exists()


def test_what_has_become_importable_is_imported(integration: Integration, shop: FakeConnector) -> None:
    integration.rules.filter(status="processing").update(action=ImportAction.VALID)
    run = work(integration, RunKind.RETRY)
    assert (run.created, Order.objects.count()) == (120, 120)
    assert not RemoteOrder.objects.filter(next_attempt_at__isnull=False).exists()


def test_an_order_gone_from_the_shop_says_so(integration: Integration, shop: FakeConnector) -> None:
    gone = next(iter(BODIES))
    del shop.bodies[gone]
    work(integration, RunKind.RETRY)
    row = RemoteOrder.objects.get(external_id=gone)
    assert (row.state, row.reason_code) == (RemoteState.FAILED, "gone")
    assert "deleted or moved to the trash" in row.reason


def test_an_order_imported_while_it_was_asked_for_in_vain_stays_as_it_was_imported(
    integration: Integration, shop: FakeConnector
) -> None:
    """Restored from the trash a moment after the retry looked: the load that saw it knows better."""
    integration.rules.filter(status="processing").update(action=ImportAction.VALID)
    key = next(iter(BODIES))
    del shop.bodies[key]
    meanwhile = claims.claim(control.request(RunKind.LOAD, integration).pk)
    assert meanwhile is not None

    def load_meanwhile() -> None:
        if len(shop.asked) == 1:
            seen = read_page(integration.connector, integration.shop(), [BODIES[key]])
            pages.write(meanwhile, import_page(integration, seen, {}))

    shop.meanwhile = load_meanwhile
    work(integration, RunKind.RETRY)
    row = RemoteOrder.objects.get(external_id=key)
    assert (row.state, row.payload.encode(), bytes(row.digest)) == ("imported", BODIES[key], digest_of(BODIES[key]))


def test_what_has_no_id_is_not_asked_for_and_keeps_its_reason(integration: Integration, shop: FakeConnector) -> None:
    RemoteOrder.objects.exclude(pk=RemoteOrder.objects.earliest("pk").pk).delete()
    RemoteOrder.objects.update(external_id="no-id-abc", state=RemoteState.FAILED, retry=False, next_attempt_at=None)
    assert retry_now(RemoteOrder.objects.all()) == 0
    assert not Run.objects.exists()


def test_nothing_due_asks_the_shop_nothing(integration: Integration, shop: FakeConnector) -> None:
    RemoteOrder.objects.update(next_attempt_at=None)
    Integration.objects.update(health=IntegrationHealth.UNREACHABLE)
    run = work(integration, RunKind.RETRY)
    assert (run.state, shop.asked) == (RunState.SUCCEEDED, [])
    assert Integration.objects.get().health == IntegrationHealth.UNREACHABLE  # nobody has seen it come back


def test_a_shop_that_answered_is_connected_again(integration: Integration, shop: FakeConnector) -> None:
    Integration.objects.update(health=IntegrationHealth.UNREACHABLE)
    work(integration, RunKind.RETRY)
    assert Integration.objects.get().health == IntegrationHealth.OK


def test_retry_by_hand_makes_even_those_due_that_were_given_up(integration: Integration, shop: FakeConnector) -> None:
    RemoteOrder.objects.update(next_attempt_at=None, retry=False)
    integration.rules.filter(status="processing").update(action=ImportAction.VALID)
    assert retry_now(RemoteOrder.objects.filter(integration=integration)) == 120
    jobs.work(Run.objects.get(kind=RunKind.RETRY).pk)
    assert Order.objects.count() == 120


def ask_behind_its_back(shop: FakeConnector) -> str:
    """Somebody presses Retry for an order of the first page while the second one is read; its id."""
    first = next(iter(BODIES))

    def press() -> None:
        if len(shop.asked) == 2:
            assert retry_now(RemoteOrder.objects.filter(external_id=first)) == 1

    shop.meanwhile = press
    return first


def test_what_is_asked_for_behind_a_running_retry_is_done_by_it(integration: Integration, shop: FakeConnector) -> None:
    first = ask_behind_its_back(shop)
    run = work(integration, RunKind.RETRY)
    assert [len(ids) for ids in shop.asked] == [100, 20, 1]
    assert shop.asked[2] == (first,)
    assert (run.state, run.scope, run.fetched, run.ignored) == (RunState.SUCCEEDED, {}, 121, 121)
    assert Run.objects.count() == 1
    assert not RemoteOrder.objects.filter(next_attempt_at__lte=timezone.now()).exists()


def test_control_without_beginning_anew_it_waits_for_the_next_one(
    integration: Integration, shop: FakeConnector, monkeypatch: pytest.MonkeyPatch
) -> None:
    ask_behind_its_back(shop)
    monkeypatch.setattr(claims, "goes_again", lambda held: False)
    work(integration, RunKind.RETRY)
    assert len(shop.asked) == 2
    assert RemoteOrder.objects.filter(next_attempt_at__lte=timezone.now()).count() == 1


def test_a_retry_that_ends_while_somebody_asks_is_followed_by_another(integration: Integration) -> None:
    held = claims.claim(control.request(RunKind.RETRY, integration).pk)
    assert held is not None
    assert not claims.goes_again(held)
    claims.finish(held, RunState.SUCCEEDED)
    new = control.request_or_again(RunKind.RETRY, integration)
    assert (new.pk != held.run_id, new.scope) == (True, {})
    assert control.request_or_again(RunKind.RETRY, integration).pk == new.pk
    assert Run.objects.get(pk=new.pk).scope == {claims.AGAIN: True}


def test_a_retry_that_pauses_goes_on_at_once_when_somebody_asks(integration: Integration, shop: FakeConnector) -> None:
    held = claims.claim(control.request(RunKind.RETRY, integration).pk)
    assert held is not None
    claims.put_back(held, seconds=900, reason="The shop does not answer.", failed=True)
    assert claims.claim(held.run_id) is None
    retry_now(RemoteOrder.objects.filter(external_id__in=list(BODIES)[:3]))
    jobs.work(held.run_id)
    run = Run.objects.get()
    assert (run.state, run.fetched) == (RunState.SUCCEEDED, 120)


def test_open_orders_are_read_again_and_only_what_the_shop_says_changes(
    integration: Integration, shop: FakeConnector
) -> None:
    Integration.objects.update(after_import=AfterImport.NOTHING)
    integration.rules.filter(status="processing").update(action=ImportAction.HOLD)
    work(integration, RunKind.RETRY)
    key = next(iter(BODIES))
    shop.bodies[key] = shop.bodies[key].replace(b'"status": "processing"', b'"status": "cancelled"')
    run = work(integration, RunKind.OPEN_ORDERS)
    assert (run.fetched, run.updated, run.unchanged) == (120, 1, 119)
    row = RemoteOrder.objects.get(external_id=key)
    assert (row.status, row.state, row.order.status) == ("cancelled", RemoteState.IMPORTED, "on_hold")


def test_the_tick_starts_due_feeds_once(integration: Integration) -> None:
    Feed.objects.exclude(kind=RunKind.RETRY).update(next_at=timezone.now() + timedelta(hours=1))
    Feed.objects.filter(kind=RunKind.RETRY).update(next_at=Now() - timedelta(seconds=1))
    assert tick() and tick()
    assert Run.objects.filter(kind=RunKind.RETRY).count() == 1
    feed = Feed.objects.get(kind=RunKind.RETRY)
    assert feed.last_run == Run.objects.get()
    assert timedelta(minutes=59) < feed.next_at - timezone.now() <= timedelta(hours=1)


def test_feeds_that_are_off_or_whose_shop_is_off_do_not_start(integration: Integration) -> None:
    Feed.objects.update(enabled=False)
    assert feeds.start_due() == 0
    Feed.objects.update(enabled=True)
    Integration.objects.update(enabled=False)
    assert feeds.start_due() == 0


def test_the_tick_rings_for_lost_bells_and_parks_runs_that_kill_their_worker(integration: Integration) -> None:
    Feed.objects.update(enabled=False)
    lost = control.request(RunKind.RETRY, integration)
    assert control.sweep() == []  # just asked for: its own bell is on the way
    Run.objects.update(created_at=Now() - timedelta(seconds=11))
    assert control.sweep() == [lost.pk]
    for _ in range(claims.MOST_CLAIMS_WITHOUT_PROGRESS):
        assert claims.claim(lost.pk) is not None
        Run.objects.update(lease_until=Now() - timedelta(seconds=1))
    assert claims.claim(lost.pk) is None
    assert control.sweep() == []
    lost.refresh_from_db()
    assert lost.state == RunState.ERRORED
    assert "The worker died 5 times at the same page" in lost.reason
