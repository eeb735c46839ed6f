"""Load new orders: which window, who may, one at a time; pages, cancel, shops that fail, slices."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from django.db import OperationalError
from django.utils import timezone

from config.kit import true_time
from integrations import client, jobs
from integrations.choices import AccountPlan, IntegrationHealth, RunState
from integrations.connectors.errors import Failure, ShopError
from integrations.connectors.listings import OrderPage
from integrations.importing import load
from integrations.importing.load import request_load, window_start
from integrations.models import Integration, RemoteOrder, Run
from integrations.runs import control, worker
from integrations.runs.control import RunRefused
from orders.models import Order
from tests.benchmarks.w2000 import payloads
from tests.factories import IntegrationFactory

pytestmark = pytest.mark.django_db

NOW = datetime(2026, 11, 21, 9, 30, tzinfo=UTC)
ORDERS = payloads()[:250]


@pytest.fixture
def integration() -> Integration:
    from integrations.shops.connection import set_up

    integration = IntegrationFactory.create(start_at=NOW - timedelta(days=30))
    set_up(integration)
    return integration


def on_trial(integration: Integration) -> Integration:
    integration.project.account.plan = AccountPlan.TRIAL
    integration.project.account.save()
    return integration


def test_the_first_load_starts_at_the_integrations_start(integration: Integration) -> None:
    assert window_start(integration, NOW) == NOW - timedelta(days=30)


def test_without_an_outage_the_last_fifteen_minutes_are_loaded(integration: Integration) -> None:
    integration.complete_until = NOW - timedelta(minutes=1)
    assert window_start(integration, NOW) == NOW - timedelta(minutes=15)


def test_after_an_outage_everything_since_the_last_complete_load_less_the_overlap(integration: Integration) -> None:
    integration.complete_until = NOW - timedelta(days=3)
    assert window_start(integration, NOW) == NOW - timedelta(days=3, minutes=10)


def test_a_trial_reaches_back_a_day_at_most(integration: Integration) -> None:
    on_trial(integration).complete_until = NOW - timedelta(days=3)
    assert window_start(integration, NOW) == NOW - timedelta(hours=24)


def test_a_shop_connected_a_minute_ago_still_loads_fifteen_minutes(integration: Integration) -> None:
    integration.start_at = NOW - timedelta(minutes=1)
    assert window_start(integration, NOW) == NOW - timedelta(minutes=1)
    integration.complete_until = NOW
    assert window_start(integration, NOW) == NOW - timedelta(minutes=15)


def test_a_date_is_midnight_in_the_shops_zone(integration: Integration) -> None:
    start = window_start(integration, NOW, date(2026, 11, 2))
    assert start == datetime(2026, 11, 2, tzinfo=ZoneInfo("Europe/Prague"))


@pytest.mark.parametrize(
    ("day", "sentence"),
    [(date(2026, 11, 22), "in the future"), (date(2025, 11, 20), "at most one year back"), (date(1, 1, 1), "one year")],
)
def test_dates_out_of_reach_are_refused(integration: Integration, day: date, sentence: str) -> None:
    with pytest.raises(RunRefused, match=sentence):
        window_start(integration, NOW, day)


def test_one_year_back_is_allowed_also_from_the_29th_of_february(integration: Integration) -> None:
    assert load.earliest_date(integration, NOW) == date(2025, 11, 21)
    assert load.earliest_date(integration, datetime(2028, 2, 29, 12, tzinfo=UTC)) == date(2027, 2, 28)
    assert window_start(integration, NOW, date(2025, 11, 21)).year == 2025


def test_a_trial_is_refused_a_date(integration: Integration) -> None:
    with pytest.raises(RunRefused, match="standard plan"):
        request_load(on_trial(integration), date_from=timezone.now().date())


def test_one_load_per_shop_at_a_time_and_other_shops_side_by_side(integration: Integration) -> None:
    request_load(integration)
    with pytest.raises(RunRefused, match="already running"):
        request_load(integration)
    request_load(IntegrationFactory.create(project=integration.project))
    assert Run.objects.count() == 2


@pytest.mark.parametrize(("field", "value"), [("enabled", False), ("health", IntegrationHealth.CREDENTIALS)])
def test_a_shop_that_is_off_or_rejects_us_is_not_asked(integration: Integration, field: str, value: Any) -> None:
    setattr(integration, field, value)
    with pytest.raises(RunRefused):
        request_load(integration)


class Shop:
    """Stands in for the client: answers pages of 100, or fails as told."""

    def __init__(self, orders: list[bytes]) -> None:
        self.pages = [orders[start : start + 100] for start in range(0, len(orders), 100)]
        self.calls: list[int] = []
        self.failures: list[ShopError] = []

    def drive(self, operation: Any, **_: Any) -> OrderPage:
        operation.close()
        if self.failures:
            raise self.failures.pop(0)
        number = len(self.calls)
        self.calls.append(number)
        last = number == len(self.pages) - 1
        total = sum(map(len, self.pages))
        return OrderPage(tuple(self.pages[number]), None if last else {"page": number + 1}, total, NOW)


@pytest.fixture
def shop(monkeypatch: pytest.MonkeyPatch) -> Shop:
    shop = Shop(ORDERS)
    monkeypatch.setattr(client, "drive", shop.drive)
    monkeypatch.setattr(true_time, "now", lambda: NOW)
    return shop


def test_a_load_works_page_after_page_and_marks_the_shop_complete(integration: Integration, shop: Shop) -> None:
    run = request_load(integration)
    jobs.work(run.pk)
    run.refresh_from_db()
    assert (run.state, run.fetched, run.created, run.total) == (RunState.SUCCEEDED, 250, 250, 250)
    assert Order.objects.count() == 250
    integration.refresh_from_db()
    assert integration.complete_until == NOW
    assert integration.health == IntegrationHealth.OK


def test_a_slice_ends_after_a_page_and_the_next_goes_on(integration: Integration, shop: Shop) -> None:
    run = request_load(integration)
    for done in (100, 200):
        worker.work(run.pk, jobs.HANDLERS, slice_seconds=0)
        run.refresh_from_db()
        assert (run.state, run.fetched) == (RunState.WAITING, done)
    worker.work(run.pk, jobs.HANDLERS, slice_seconds=0)
    run.refresh_from_db()
    assert (run.state, run.fetched) == (RunState.SUCCEEDED, 250)
    assert shop.calls == [0, 1, 2]


def test_a_cancelled_load_keeps_its_pages_and_is_not_complete(integration: Integration, shop: Shop) -> None:
    run = request_load(integration)
    worker.work(run.pk, jobs.HANDLERS, slice_seconds=0)
    assert control.cancel(run)
    run.refresh_from_db()
    assert run.state == RunState.CANCELLED
    assert "stays" in run.reason
    assert RemoteOrder.objects.count() == 100
    integration.refresh_from_db()
    assert integration.complete_until is None
    assert not control.cancel(run)


def test_a_running_load_stops_after_its_page(
    integration: Integration, shop: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    run = request_load(integration)
    drive = shop.drive

    def cancel_meanwhile(operation: Any, **named: Any) -> OrderPage:
        control.cancel(run)
        return drive(operation, **named)

    monkeypatch.setattr(client, "drive", cancel_meanwhile)
    jobs.work(run.pk)
    run.refresh_from_db()
    assert (run.state, run.fetched) == (RunState.CANCELLED, 100)


def test_a_busy_shop_is_waited_for_and_asked_for_the_same_page(integration: Integration, shop: Shop) -> None:
    shop.failures = [ShopError(Failure.BUSY, "The shop asks us to wait.", retry_after=30)]
    run = request_load(integration)
    jobs.work(run.pk)
    run.refresh_from_db()
    assert (run.state, run.failures) == (RunState.WAITING, 1)
    assert run.reason == "The shop asks us to wait. Goes on in 30 seconds."
    jobs.work(run.pk)
    assert shop.calls == []  # not due yet
    Run.objects.update(next_attempt_at=None)
    Integration.objects.update(quiet_until=None)
    jobs.work(run.pk)
    run.refresh_from_db()
    assert (run.state, run.created) == (RunState.SUCCEEDED, 250)


def test_a_busy_shop_is_left_alone_by_all_its_runs(integration: Integration, shop: Shop) -> None:
    Integration.objects.update(quiet_until=NOW + timedelta(seconds=40))
    other = IntegrationFactory.create(project=integration.project)
    quiet, asked = request_load(integration), request_load(other)
    jobs.work(quiet.pk)
    quiet.refresh_from_db()
    assert (quiet.state, quiet.failures, shop.calls) == (RunState.WAITING, 0, [])
    assert quiet.reason == "The shop asked us to wait. Goes on in 40 seconds."
    jobs.work(asked.pk)
    assert shop.calls == [0, 1, 2]


def test_a_shop_that_stays_away_ends_the_load_with_its_reason(integration: Integration, shop: Shop) -> None:
    shop.failures = [ShopError(Failure.UNAVAILABLE, "The shop answers 503.") for _ in range(20)]
    run = request_load(integration)
    for _ in range(worker.MOST_FAILURES + 1):
        Run.objects.update(next_attempt_at=None)
        jobs.work(run.pk)
    run.refresh_from_db()
    assert (run.state, run.reason) == (RunState.FAILED, "The shop answers 503.")
    integration.refresh_from_db()
    assert integration.health == IntegrationHealth.UNREACHABLE


def test_rejected_credentials_stop_everything_at_once(integration: Integration, shop: Shop) -> None:
    shop.failures = [ShopError(Failure.CREDENTIALS, "The shop rejects our key.", status=401)] * 2
    run = request_load(integration)
    jobs.work(run.pk)
    run.refresh_from_db()
    integration.refresh_from_db()
    assert (run.state, run.reason) == (RunState.FAILED, "The shop rejects our key.")
    assert integration.health == IntegrationHealth.CREDENTIALS
    with pytest.raises(RunRefused, match="rejects our credentials"):
        request_load(integration)


def test_switching_a_shop_off_ends_its_load(integration: Integration, shop: Shop) -> None:
    run = request_load(integration)
    worker.work(run.pk, jobs.HANDLERS, slice_seconds=0)
    Integration.objects.update(enabled=False)
    jobs.work(run.pk)
    run.refresh_from_db()
    assert (run.state, run.fetched) == (RunState.CANCELLED, 100)


def test_known_orders_are_counted_and_left_alone(integration: Integration, shop: Shop) -> None:
    jobs.work(request_load(integration).pk)
    shop.calls.clear()
    run = request_load(integration)
    jobs.work(run.pk)
    run.refresh_from_db()
    assert (run.fetched, run.unchanged, run.created) == (250, 250, 0)


def test_a_load_from_a_date_after_a_hole_does_not_mark_the_hole_complete(integration: Integration, shop: Shop) -> None:
    integration.complete_until = NOW - timedelta(days=9)
    integration.save()
    jobs.work(request_load(integration, date_from=(NOW - timedelta(days=2)).date()).pk)
    integration.refresh_from_db()
    assert integration.complete_until == NOW - timedelta(days=9)


def test_a_load_from_a_date_joins_the_last_one_only_with_the_overlap(integration: Integration, shop: Shop) -> None:
    """An order that shows up late, with a stamp before the date, would be seen by no load any more."""
    midnight = datetime(2026, 11, 20, tzinfo=integration.zone)
    reached = midnight + timedelta(minutes=9)
    Integration.objects.update(complete_until=reached)
    jobs.work(request_load(integration, date_from=midnight.date()).pk)
    integration.refresh_from_db()
    assert integration.complete_until == reached
    Integration.objects.update(complete_until=midnight + timedelta(minutes=10))
    shop.calls.clear()
    jobs.work(request_load(integration, date_from=midnight.date()).pk)
    integration.refresh_from_db()
    assert integration.complete_until == NOW


def test_a_shop_whose_clock_is_years_ahead_is_complete_up_to_now_at_most(
    integration: Integration, shop: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Or a mark in the future would hide every outage until then."""
    drive = shop.drive
    monkeypatch.setattr(client, "drive", lambda *args, **named: replace(drive(*args, **named), until=NOW.replace(2099)))
    jobs.work(request_load(integration).pk)
    integration.refresh_from_db()
    assert integration.complete_until is not None
    assert integration.complete_until <= datetime.now(UTC)


def test_a_trial_is_complete_as_far_as_its_plan_reaches(integration: Integration, shop: Shop) -> None:
    on_trial(integration)
    run = request_load(integration)
    assert run.since == NOW - timedelta(hours=24)
    jobs.work(run.pk)
    integration.refresh_from_db()
    assert integration.complete_until == NOW


def failing(monkeypatch: pytest.MonkeyPatch, error: Exception) -> None:
    def fail(*_: Any, **__: Any) -> None:
        raise error

    monkeypatch.setattr(load, "import_page", fail)


def test_a_fault_of_ours_parks_the_run_without_quoting_data(
    integration: Integration, shop: Shop, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    failing(monkeypatch, ValueError("Key (email)=(jana@mail.example)"))
    run = request_load(integration)
    jobs.work(run.pk)
    run.refresh_from_db()
    assert run.state == RunState.ERRORED
    assert run.reason.startswith("A fault of Countinghouse ended this run (ValueError in fail, line ")
    assert "jana" not in run.reason + caplog.text


def test_an_interrupted_database_is_tried_again_from_the_same_page(
    integration: Integration, shop: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("integrations.runs.worker.connection.close", lambda: None)  # the test's transaction lives on it
    with monkeypatch.context() as patch:
        failing(patch, OperationalError("deadlock detected"))
        run = request_load(integration)
        jobs.work(run.pk)
    run.refresh_from_db()
    assert (run.state, run.failures) == (RunState.WAITING, 1)
    assert run.reason == "The database was interrupted. Goes on in 5 seconds."
    shop.calls.clear()
    Run.objects.update(next_attempt_at=None)
    jobs.work(run.pk)
    run.refresh_from_db()
    assert (run.state, run.created) == (RunState.SUCCEEDED, 250)
