"""“Load new orders”: the dialog, who may, what is refused, the progress and the end."""

from __future__ import annotations

import re
from datetime import timedelta
from zoneinfo import ZoneInfo

import pytest
from django.test import Client
from django.utils import timezone

from integrations.choices import AccountPlan, Role, RunKind, RunState
from integrations.models import Integration, Project, Run
from tests.admin.conftest import Login
from tests.factories import IntegrationFactory

LIST, LOAD, PROGRESS = "/orders/order/", "/orders/order/load/", "/orders/order/load/progress/"


def page(browser: Client) -> str:
    return browser.get(LIST).content.decode()


def test_the_button_is_there_for_those_who_may(project: Project, shop: Integration, login: Login) -> None:
    for role, shown in [(Role.ORDER_STAFF, True), (Role.IMPORT_ADMIN, True), (Role.READ_ONLY, False)]:
        assert ("Load new orders</button>" in page(login(project, role))) is shown
    assert login(project, Role.READ_ONLY).post(LOAD, {"shop": "all"}).status_code == 403


def test_a_load_starts_and_the_message_takes_the_buttons_place(shop: Integration, admin: Client) -> None:
    shown = admin.post(LOAD, {"shop": str(shop.pk)}, follow=True).content.decode()
    run = Run.objects.get()
    assert (run.kind, run.integration, run.state) == (RunKind.LOAD, shop, RunState.WAITING)
    assert "Importing orders from the eshop." in shown
    assert 'data-open-dialog="load-dialog"' not in shown


def test_all_shops_means_those_that_are_switched_on(project: Project, shop: Integration, admin: Client) -> None:
    IntegrationFactory.create(project=project, enabled=False)
    other = IntegrationFactory.create(project=project)
    admin.post(LOAD, {"shop": "all"})
    assert set(Run.objects.values_list("integration_id", flat=True)) == {shop.pk, other.pk}


def test_a_second_start_is_refused_with_a_sentence(shop: Integration, admin: Client) -> None:
    admin.post(LOAD, {"shop": str(shop.pk)})
    shown = admin.post(LOAD, {"shop": str(shop.pk)}, follow=True).content.decode()
    assert "is already running for Garden shop" in shown
    assert Run.objects.count() == 1


def test_a_date_is_offered_within_a_year_and_used(shop: Integration, admin: Client) -> None:
    shown = page(admin)
    today = timezone.now().astimezone(shop.zone).date()
    assert f'max="{today:%Y-%m-%d}"' in shown
    day = today - timedelta(days=10)
    admin.post(LOAD, {"shop": str(shop.pk), "from_date": "on", "date_from": day.isoformat()})
    since = Run.objects.get().since
    assert since is not None
    assert since.astimezone(shop.zone).date() == day


@pytest.mark.parametrize("bound", ["min", "max"])
def test_each_day_that_is_offered_loads_every_shop(project: Project, admin: Client, bound: str) -> None:
    """Between these two zones it is never the same day."""
    zones = ("Pacific/Kiritimati", "Pacific/Pago_Pago")
    for zone in zones:
        IntegrationFactory.create(project=project, time_zone=zone)
    found = re.search(f'name="date_from"[^>]* {bound}="([^"]+)"', page(admin))
    assert found
    admin.post(LOAD, {"shop": "all", "from_date": "on", "date_from": found[1]})
    runs = {run.integration.time_zone: run.since for run in Run.objects.all() if run.integration and run.since}
    days = {zone: since.astimezone(ZoneInfo(zone)).date() for zone, since in runs.items()}
    now = timezone.now()
    assert days[zones[0]] == days[zones[1]] + timedelta(days=1)
    assert max(days.values()) <= now.astimezone(ZoneInfo(zones[0])).date()


def test_what_several_shops_refuse_is_said_once(project: Project, shop: Integration, admin: Client) -> None:
    IntegrationFactory.create(project=project)
    sent = {"shop": "all", "from_date": "on", "date_from": "2001-01-01"}
    assert admin.post(LOAD, sent, follow=True).content.decode().count("at most one year back") == 1


def test_a_date_without_its_box_is_not_used(shop: Integration, admin: Client) -> None:
    admin.post(LOAD, {"shop": str(shop.pk), "date_from": "2026-11-01"})
    since = Run.objects.get().since
    assert since == shop.start_at


@pytest.mark.parametrize(
    ("values", "sentence"),
    [
        ({"date_from": "tomorrow"}, "Enter a valid date"),
        ({"date_from": ""}, "Choose the day to load from"),
        ({"date_from": "future"}, "is in the future"),
        ({"date_from": "far"}, "at most one year back"),
    ],
)
def test_odd_dates_are_refused_by_the_server(
    shop: Integration, admin: Client, values: dict[str, str], sentence: str
) -> None:
    today = timezone.now().astimezone(shop.zone).date()
    days = {"future": today + timedelta(days=1), "far": today - timedelta(days=367)}
    typed = values["date_from"]
    sent = {"shop": str(shop.pk), "from_date": "on", "date_from": str(days.get(typed, typed))}
    assert sentence in admin.post(LOAD, sent, follow=True).content.decode()
    assert not Run.objects.exists()


def test_on_trial_there_is_no_box_and_a_crafted_date_is_refused(
    project: Project, shop: Integration, admin: Client
) -> None:
    project.account.plan = AccountPlan.TRIAL
    project.account.save()
    assert "from a specific date" not in page(admin)
    assert "The trial plan loads the last 24 hours at most" in page(admin)
    sent = {"shop": str(shop.pk), "from_date": "on", "date_from": timezone.now().date().isoformat()}
    assert "Loading from a date is part of the standard plan." in admin.post(LOAD, sent, follow=True).content.decode()
    assert not Run.objects.exists()


def test_progress_is_told_while_it_runs(shop: Integration, admin: Client) -> None:
    now = timezone.now()
    Run.objects.create(
        project=shop.project,
        integration=shop,
        kind=RunKind.LOAD,
        state=RunState.RUNNING,
        started_at=now - timedelta(seconds=100),
        fetched=1000,
        total=5000,
        created=900,
        ignored=90,
        failed=10,
        reason="The shop asks us to wait.",
    )
    [told] = admin.get(PROGRESS).json()["runs"]
    assert told["line"].startswith("1,000 of 5,000 orders · ")
    assert told["line"].endswith(" · about 7 minutes left")
    assert told["counts"] == "900 created, 90 ignored, 10 failed"
    assert told["reason"] == "The shop asks us to wait."
    assert "1,000 of 5,000 orders" in page(admin)


def test_the_end_is_told_once_and_the_button_comes_back(shop: Integration, admin: Client) -> None:
    admin.post(LOAD, {"shop": str(shop.pk)})
    assert "Importing orders" in page(admin)
    Run.objects.update(state=RunState.SUCCEEDED, finished_at=timezone.now(), fetched=12, created=9, ignored=2, failed=1)
    assert admin.get(PROGRESS).json() == {"runs": []}
    shown = page(admin)
    assert "12 orders read from Garden shop: 9 created, 2 ignored, 1 failed." in shown
    assert "Load new orders</button>" in shown
    assert "12 orders read" not in page(admin)


def test_a_load_can_be_cancelled_from_the_page(project: Project, shop: Integration, login: Login) -> None:
    staff = login(project, Role.ORDER_STAFF)
    staff.post(LOAD, {"shop": str(shop.pk)})
    run = Run.objects.get()
    cancel = f"/integrations/run/{run.pk}/cancel/"
    assert login(project, Role.READ_ONLY).post(cancel).status_code == 403
    answer = staff.post(cancel, {"back": "orders"})
    assert answer.headers["Location"] == LIST
    run.refresh_from_db()
    assert run.state == RunState.CANCELLED


def test_the_dialog_says_what_else_loads_and_what_the_rules_do(shop: Integration, admin: Client) -> None:
    shown = page(admin)
    assert "New orders also load automatically every 15 minutes." in shown
    assert "Import as valid" in shown
    shop.feeds.update(enabled=False)
    assert "Nothing else loads its orders" in page(admin)
