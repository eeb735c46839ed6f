"""A flood of notifications: few runs take them all, which stand apart in the list and go early."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.db.models import F
from pytest_django import Settings

from config.kit import true_time
from integrations import retention
from integrations.choices import RunKind, RunState
from integrations.models import Integration, OrderHint, Run
from integrations.shop_webhooks import hints
from tests.admin.conftest import Login, login
from tests.factories import IntegrationFactory

__all__ = ["login"]
pytestmark = pytest.mark.django_db


def told(shop: Integration, times: int) -> int:
    """So many notifications, each after the run of the one before is over; how many runs that made."""
    now = true_time.now()
    for number in range(times):
        OrderHint.objects.create(integration=shop, external_id=str(number), first_at=now, last_at=now, look_at=now)
        hints.start(shop)
        Run.objects.exclude(state=RunState.SUCCEEDED).update(state=RunState.SUCCEEDED, finished_at=now)
    return Run.objects.count()


def test_a_flood_makes_few_runs_and_the_tick_takes_what_waits() -> None:
    shop = IntegrationFactory.create()
    assert told(shop, 50) == hints.FLOOD
    assert hints.start_leftovers() == 0
    Run.objects.update(created_at=F("created_at") - hints.TOGETHER)
    assert hints.start_leftovers() == 1


def test_control_without_the_brake_each_makes_a_run(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(hints, "FLOOD", 1_000)
    assert told(IntegrationFactory.create(), 50) == 50


def test_they_stand_apart_in_the_list(login: Login) -> None:
    shop = IntegrationFactory.create()
    now = true_time.now()
    for kind in (RunKind.LOAD, RunKind.WEBHOOK_ORDERS):
        Run.objects.create(project=shop.project, integration=shop, kind=kind, state="succeeded", finished_at=now)
    browser = login(shop.project)

    def shown(query: str) -> set[str]:
        return {run.kind for run in browser.get(f"/integrations/run/{query}").context["cl"].result_list}

    assert shown("") == shown("?tab=all") == {RunKind.LOAD}
    assert shown("?tab=told") == shown("?kind=hints") == {RunKind.WEBHOOK_ORDERS}


def test_they_are_kept_for_days_of_their_own(settings: Settings) -> None:
    shop = IntegrationFactory.create()
    old = true_time.now() - timedelta(days=settings.WEBHOOK_RUN_DAYS + 1)
    for kind in (RunKind.LOAD, RunKind.WEBHOOK_ORDERS):
        Run.objects.create(
            project=shop.project, integration=shop, kind=kind, state="succeeded", created_at=old, finished_at=old
        )
    settings.WEBHOOK_RUN_DAYS = 0
    retention.clean()
    assert Run.objects.count() == 2
    settings.WEBHOOK_RUN_DAYS = 7
    retention.clean()
    assert [run.kind for run in Run.objects.all()] == [RunKind.LOAD]
