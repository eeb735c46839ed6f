"""Runs among several workers, ticks and people: bells are not doubled, no cancel is lost, only the holder writes."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from datetime import timedelta
from typing import Any

import django_rq
import pytest
from django.db import DatabaseError, OperationalError, connection, transaction
from django.db.models.functions import Now
from django.utils import timezone

from integrations.choices import FeedKind, IntegrationHealth, RunKind, RunState
from integrations.connectors.errors import Failure, ShopError
from integrations.importing.retry import retry_now
from integrations.models import Feed, Integration, RemoteOrder, Run
from integrations.runs import claims, control, worker
from integrations.runs.claims import Claim
from integrations.runs.pages import Handler, RunPage, Written
from integrations.secrets import Secrets
from integrations.shops.connection import set_up
from integrations.tick import tick
from tests.factories import IntegrationFactory
from tests.waiting import somebody_waits_for_a_lock, until

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture(autouse=True)
def bells() -> Iterator[Any]:
    queue = django_rq.get_queue("default")
    queue.empty()  # type: ignore[no-untyped-call]
    yield queue
    queue.empty()  # type: ignore[no-untyped-call]


@pytest.fixture
def integration() -> Integration:
    return IntegrationFactory.create()


def requested(integration: Integration, kind: RunKind = RunKind.LOAD) -> Run:
    return control.request(kind, integration)


def work(run: Run, handler: Handler, slice_seconds: float = 20) -> Run:
    worker.work(run.pk, {RunKind(run.kind): handler}, slice_seconds)
    run.refresh_from_db()
    return run


def failing(error: Exception) -> Handler:
    def handler(held: Claim, run: Run, integration: Integration) -> RunPage:
        raise error

    return handler


def in_a_thread(job: Callable[[], Any]) -> threading.Thread:
    def run() -> None:
        try:
            job()
        finally:
            connection.close()

    thread = threading.Thread(target=run)
    thread.start()
    return thread


def endless(held: Claim, run: Run, integration: Integration) -> RunPage:
    return RunPage({"at": 1}, lambda run_id: Written())


def test_long_runs_that_take_turns_have_one_bell_each_however_often_the_tick_comes(
    integration: Integration, bells: Any
) -> None:
    """A bell too many would ring again after every slice, and the load somebody asks for now would wait behind all."""
    both = [requested(integration, kind) for kind in (RunKind.LOAD, RunKind.PRODUCTS)]
    Run.objects.update(created_at=timezone.now() - timedelta(hours=1))
    for turn in range(6):
        tick()
        bell = bells.jobs[0]
        bell.delete()
        assert bell.args == [both[turn % 2].pk]
        worker.work(bell.args[0], {RunKind.LOAD: endless, RunKind.PRODUCTS: endless}, slice_seconds=0)
        assert bells.count == 2
    bells.empty()
    tick()
    assert sorted(job.args[0] for job in bells.jobs) == [run.pk for run in both]


@pytest.mark.parametrize(("somebody_waits", "pages"), [(True, 1), (False, 5)])
def test_a_run_gives_way_between_pages_when_others_wait(
    integration: Integration, monkeypatch: pytest.MonkeyPatch, somebody_waits: bool, pages: int
) -> None:
    monkeypatch.setattr(worker, "GIVE_WAY_AFTER", 0.0)
    run = requested(integration)
    if somebody_waits:
        requested(IntegrationFactory.create())
    done = []

    def page(held: Claim, run: Run, integration: Integration) -> RunPage:
        done.append(1)
        return RunPage(done=len(done) == 5)

    work(run, page)
    assert len(done) == pages


def test_many_ticks_at_once_start_each_feed_once(integration: Integration, bells: Any) -> None:
    set_up(integration)
    for thread in [in_a_thread(tick) for _ in range(6)]:
        thread.join()
    tick()
    assert Run.objects.count() == bells.count == Feed.objects.filter(enabled=True).count() == 6


def test_a_platform_without_webhooks_has_none_to_check() -> None:
    kinds = {}
    for platform in ("woocommerce", "prestashop"):
        shop = IntegrationFactory.create(platform=platform)
        set_up(shop)
        kinds[platform] = set(shop.feeds.values_list("kind", flat=True))
    assert kinds["woocommerce"] - kinds["prestashop"] == {FeedKind.WEBHOOK_CHECK}
    assert shop.feeds.get(kind=FeedKind.CODE_LISTS).interval == timedelta(hours=8)


def test_a_cancel_is_not_lost_between_running_and_waiting(integration: Integration) -> None:
    run = requested(integration)
    held = claims.claim(run.pk)
    assert held is not None
    let_go, goes_on = threading.Event(), threading.Event()

    def put_back_slowly() -> None:
        with transaction.atomic():
            claims.put_back(held)
            let_go.set()
            goes_on.wait(0.5)

    thread = in_a_thread(put_back_slowly)
    let_go.wait()
    assert control.cancel(run)
    thread.join()
    run.refresh_from_db()
    assert run.state == RunState.CANCELLED


def test_a_cancel_while_the_shop_fails_is_not_waited_for(integration: Integration) -> None:
    def cancelled_meanwhile(held: Claim, run: Run, integration: Integration) -> RunPage:
        assert control.cancel(run)
        raise ShopError(Failure.BUSY, "The shop asks us to wait.", retry_after=900)

    run = work(requested(integration), cancelled_meanwhile)
    assert (run.state, run.reason) == (RunState.CANCELLED, "Cancelled. What was loaded before stays.")
    assert run.next_attempt_at is None
    requested(integration)  # the next may start at once


def test_a_page_the_database_always_breaks_off_parks_its_run_and_says_why(integration: Integration) -> None:
    run = requested(integration)
    for _ in range(worker.MOST_FAILURES + 1):
        Run.objects.update(next_attempt_at=None)
        assert run.is_open
        work(run, failing(OperationalError("canceling statement due to statement timeout")))
    assert (run.state, run.lease_until) == (RunState.ERRORED, None)
    assert run.reason == "The database broke off the same page 9 times; the run is parked."


def _refuse() -> RunPage:
    raise ShopError(Failure.CREDENTIALS, "The shop rejects our key.", status=401)


def _fault() -> RunPage:
    raise ValueError


STALLED: dict[str, Callable[[], RunPage]] = {
    "done": lambda: RunPage(done=True),
    "cancelled": lambda: RunPage(cancelled=True),
    "slice over": RunPage,
    "rejected": _refuse,
    "fault": _fault,
}


@pytest.mark.parametrize("how", STALLED)
def test_who_wakes_up_after_its_lease_changes_nothing(integration: Integration, how: str) -> None:
    def asleep(held: Claim, run: Run, integration: Integration) -> RunPage:
        Run.objects.update(lease_until=Now() - timedelta(seconds=1))
        assert claims.claim(run.pk) is not None
        return STALLED[how]()

    run = work(requested(integration), asleep, slice_seconds=0)
    assert (run.state, run.token, run.reason) == (RunState.RUNNING, 2, "")
    integration.refresh_from_db()
    assert integration.health == IntegrationHealth.UNKNOWN


def test_a_refusal_of_keys_that_were_replaced_meanwhile_says_nothing_of_the_new_ones(integration: Integration) -> None:
    def replaced_meanwhile(held: Claim, run: Run, integration: Integration) -> RunPage:
        entered = Integration.objects.get()
        entered.credentials, entered.health = Secrets(consumer_key="new"), IntegrationHealth.OK
        entered.save()
        return _refuse()

    run = work(requested(integration), replaced_meanwhile)
    assert run.state == RunState.FAILED
    integration.refresh_from_db()
    assert integration.health == IntegrationHealth.OK


def test_a_shop_that_rejects_our_keys_is_not_asked_by_runs_of_any_kind(integration: Integration) -> None:
    """Runs that were waiting, or were asked for since, would knock on with the same keys."""
    run = requested(integration, RunKind.CODE_LISTS)
    Integration.objects.update(health=IntegrationHealth.CREDENTIALS)
    work(run, failing(AssertionError("the shop was asked")))
    assert run.state == RunState.FAILED
    assert run.reason.endswith("rejects our credentials: enter them again and test the connection.")


def test_a_shop_is_left_alone_as_long_as_it_ever_asked(integration: Integration) -> None:
    for kind, wait in ((RunKind.LOAD, 600), (RunKind.RETRY, 5)):
        Integration.objects.filter(quiet_until=None).update(quiet_until=Now() - timedelta(seconds=1))
        held = claims.claim(requested(integration, kind).pk)
        assert held is not None
        error = ShopError(Failure.BUSY, "The shop asks us to wait.", retry_after=wait)
        worker._shop_failed(held, Run.objects.get(pk=held.run_id), integration, error)
    integration.refresh_from_db()
    assert integration.quiet_until is not None
    assert integration.quiet_until > timezone.now() + timedelta(seconds=500)


def test_a_retry_of_many_asked_for_while_a_page_is_written_ends_in_no_deadlock(integration: Integration) -> None:
    now = timezone.now()
    rows = RemoteOrder.objects.bulk_create(
        RemoteOrder(
            project=integration.project, integration=integration, external_id=key, payload="{}", digest=b"",
            state="failed", reason_code="x", reason="x", attempts=1, first_seen_at=now, changed_at=now,
        )
        for key in ("1", "2")
    )  # fmt: skip
    first, second = (RemoteOrder.objects.filter(pk=row.pk) for row in rows)
    first.update(number="moved behind the second, in the order of the table")
    errors: list[DatabaseError] = []

    def retry() -> None:
        try:
            retry_now(RemoteOrder.objects.all())
        except DatabaseError as error:
            errors.append(error)

    with transaction.atomic():
        assert len(first.select_for_update())
        thread = in_a_thread(retry)
        assert until(somebody_waits_for_a_lock)  # for the first, and must not hold the second meanwhile
        assert len(second.select_for_update())
    thread.join()
    assert errors == []
    assert RemoteOrder.objects.filter(retry=True).count() == 2


def test_a_single_rejection_is_asked_about_again(integration: Integration, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(worker, "REJECTED_AGAIN_AFTER", 0)
    answers: list[Callable[[], RunPage]] = [_refuse, lambda: RunPage(done=True)]

    def once(held: Claim, run: Run, integration: Integration) -> RunPage:
        return answers.pop(0)()

    assert work(requested(integration), once).state == RunState.SUCCEEDED
    integration.refresh_from_db()
    assert integration.health == IntegrationHealth.OK


def test_two_rejections_are_believed(integration: Integration, monkeypatch: pytest.MonkeyPatch) -> None:
    """The control of the test above, too: without a second question one rejection would do."""
    monkeypatch.setattr(worker, "REJECTED_AGAIN_AFTER", 0)
    asked: list[int] = []

    def always(held: Claim, run: Run, integration: Integration) -> RunPage:
        asked.append(1)
        return _refuse()

    assert work(requested(integration), always).state == RunState.FAILED
    integration.refresh_from_db()
    assert (len(asked), integration.health) == (2, IntegrationHealth.CREDENTIALS)


def test_a_shop_that_asks_us_to_wait_is_busy_and_not_away(integration: Integration) -> None:
    def busy(held: Claim, run: Run, integration: Integration) -> RunPage:
        raise ShopError(Failure.BUSY, "The shop asks us to wait (HTTP 429).", status=429, retry_after=60)

    run = work(requested(integration), busy)
    integration.refresh_from_db()
    assert (run.state, integration.health) == (RunState.WAITING, IntegrationHealth.BUSY)
    assert integration.health_note == "The shop asks us to wait (HTTP 429)."
