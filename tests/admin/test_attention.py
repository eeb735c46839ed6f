"""What waits for a person: the red banner, the yellow lines, the list of items in error, retry."""

from __future__ import annotations

from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from integrations.choices import IntegrationHealth, RemoteState, Role, RunKind
from integrations.models import Integration, Project, RemoteOrder, Run
from integrations.shops import attention
from tests.admin.conftest import Login, remote
from tests.factories import IntegrationFactory

LIST = "/integrations/remoteorder/"


def test_the_banner_counts_open_failures_for_those_who_may_fix_them(
    project: Project, shop: Integration, login: Login
) -> None:
    staff, reader = login(project, Role.ORDER_STAFF), login(project, Role.READ_ONLY)
    for address in ("/", "/orders/order/", "/stock/product/"):
        assert "can not be imported" not in staff.get(address).content.decode()
    remote(shop, "1", RemoteState.FAILED)
    remote(shop, "2", RemoteState.IGNORED)
    assert "1 order can not be imported, click here to fix it" in staff.get("/").content.decode()
    remote(shop, "3", RemoteState.FAILED)
    for address in ("/", "/orders/order/", "/stock/product/"):
        assert "2 orders can not be imported, click here to fix them" in staff.get(address).content.decode()
        assert "can not be imported, click" not in reader.get(address).content.decode()


def menu(browser: Client, address: str) -> dict[str, tuple[str, bool]]:
    """The count and whether one is there, by what the entries are called."""
    page = browser.get(address)
    entries = [entry for section in page.context["sections"] for entry in section["entries"]]
    return {str(entry["label"]): (entry["count"], entry["current"]) for entry in entries}


def test_the_menu_counts_what_waits_for_a_person(shop: Integration, admin: Client) -> None:
    assert menu(admin, "/")["Import Orders"] == ("", False)
    waiting = [remote(shop, f"p{number}", RemoteState.PENDING) for number in range(3)]
    remote(shop, "1", RemoteState.FAILED)
    remote(shop, "2", RemoteState.DISMISSED)
    here = menu(admin, "/integrations/remoteorder/?tab=pending")
    assert (here["Import Orders"], here["Items in error"]) == (("3", True), ("1", False))
    assert here["Transactions"] == ("", False)
    assert menu(admin, f"/integrations/remoteorder/{waiting[0].pk}/change/")["Import Orders"] == ("3", True)
    elsewhere = menu(admin, "/integrations/remoteorder/?tab=handed_on")
    assert (elsewhere["Transactions"][1], elsewhere["Import Orders"][1]) == (True, False)
    assert menu(admin, "/integrations/remoteorder/?tab=dismissed")["Items in error"] == ("1", True)


def test_all_is_asked_in_one_statement_that_stops_counting(
    shop: Integration, django_assert_num_queries: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    for number in range(4):
        remote(shop, f"p{number}", RemoteState.PENDING)
    monkeypatch.setattr(attention, "MOST", 3)
    with django_assert_num_queries(1):
        assert attention.waiting(shop.project_id) == (0, 3, False, [])


def test_the_banner_stops_counting(shop: Integration, admin: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(attention, "waiting", lambda project_id: attention.Waiting(attention.MOST, attention.MOST))
    assert menu(admin, "/")["Items in error"] == menu(admin, "/")["Import Orders"] == ("999+", False)
    assert "999+ orders can not be imported" in admin.get("/").content.decode()


@pytest.mark.parametrize(
    ("health", "sentence"),
    [
        (IntegrationHealth.CREDENTIALS, "rejects our credentials"),
        (IntegrationHealth.UNREACHABLE, "could not be reached"),
        (IntegrationHealth.OK, None),
    ],
)
def test_a_shop_that_cannot_be_read_is_said(
    shop: Integration, admin: Client, health: IntegrationHealth, sentence: str | None
) -> None:
    Integration.objects.update(health=health)
    page = admin.get("/orders/order/").content.decode()
    assert ("notice-warn" in page) is (sentence is not None)
    assert sentence is None or sentence in page


def test_what_is_not_urgent_waits_behind_one_line(shop: Integration, admin: Client) -> None:
    """More than two such lines would push every page out of sight; the red one never folds."""
    remote(shop, "1", RemoteState.FAILED)
    IntegrationFactory.create(project=shop.project, title="Second shop")
    Integration.objects.update(health=IntegrationHealth.UNREACHABLE)
    assert "things wait for somebody" not in admin.get("/stock/product/").content.decode()
    IntegrationFactory.create(project=shop.project, title="Third shop", health=IntegrationHealth.UNREACHABLE)
    page = admin.get("/stock/product/")
    assert [notice.tone for notice in page.context["notices"]] == ["bad"]
    assert len(page.context["more_notices"]) == 3
    assert "3 things wait for somebody" in page.content.decode()
    assert "Third shop could not be reached" in page.content.decode()


def test_items_in_error_say_what_and_how_grave(shop: Integration, admin: Client) -> None:
    remote(shop, "77", RemoteState.FAILED, number="N-77", reason="SKU A-99 is unknown.", retry=True)
    remote(shop, "78", RemoteState.IGNORED, number="N-78")
    page = admin.get(LIST).content.decode()
    assert all(text in page for text in ("N-77", "77", "SKU A-99 is unknown.", "High", "Garden shop"))
    assert "N-78" not in page
    page = admin.get(f"{LIST}?tab=ignored").content.decode()
    assert "N-78" in page
    assert "Info" in page


def test_retry_of_chosen_rows_starts_one_run_a_shop(shop: Integration, admin: Client) -> None:
    failed = [remote(shop, str(number), RemoteState.FAILED) for number in range(3)]
    done = remote(shop, "9", RemoteState.IMPORTED)
    chosen = [row.pk for row in (*failed, done)]
    data = {"action": "retry_chosen", "_selected_action": chosen, "index": 0}
    admin.post(LIST, data)
    assert Run.objects.get().kind == RunKind.RETRY
    assert RemoteOrder.objects.filter(next_attempt_at__lte=timezone.now()).count() == 3
    done.refresh_from_db()
    assert done.next_attempt_at is None


def test_retry_of_one_row_and_of_a_page(shop: Integration, admin: Client) -> None:
    row = remote(shop, "1", RemoteState.IGNORED)
    answer = admin.post(f"{LIST}{row.pk}/retry/?tab=ignored")
    assert answer.headers["Location"] == f"{LIST}?tab=ignored"
    answer = admin.post(f"{LIST}{row.pk}/retry/", {"back": "page"}, follow=True)
    assert "1 order is being looked at again" in answer.content.decode()
    answer = admin.post(f"{LIST}{row.pk}/retry/?tab=//evil.example")
    assert answer.headers["Location"] == f"{LIST}?tab=failed"


def test_readers_are_offered_no_retry(project: Project, shop: Integration, login: Login) -> None:
    row = remote(shop, "1", RemoteState.FAILED)
    reader = login(project, Role.READ_ONLY)
    page = reader.get(LIST).content.decode()
    assert "retry_chosen" not in page
    assert "formaction" not in page
    data = {"action": "retry_chosen", "_selected_action": [row.pk], "index": 0}
    reader.post(LIST, data)
    assert not Run.objects.exists()


def test_the_limit_of_a_bulk_retry(shop: Integration, admin: Client) -> None:
    for number in range(1001):
        remote(shop, str(number), RemoteState.FAILED)
    ids = list(RemoteOrder.objects.values_list("pk", flat=True)[:50])
    data = {"action": "retry_chosen", "_selected_action": ids, "select_across": "1", "index": 0}
    page = admin.post(LIST, data, follow=True).content.decode()
    assert "These were the first 1,000 of 1,001 chosen rows." in page
    assert "Retry now: 1 chosen row waits." in page
    assert "waits" not in admin.post(f"{LIST}portion/?tab=failed", {"do": "go"}, follow=True).content.decode()
    assert not RemoteOrder.objects.filter(state=RemoteState.FAILED, next_attempt_at=None).exists()


def test_what_the_shop_sent_is_shown_and_not_run(shop: Integration, admin: Client) -> None:
    nasty = '{"note": "<svg onload=alert(1)>"}'
    row = remote(shop, "1", RemoteState.FAILED, payload=nasty, buyer="<b>Eve</b>")
    page = admin.get(f"{LIST}{row.pk}/change/").content.decode()
    assert "<svg onload" not in page
    assert "&lt;svg onload=alert(1)&gt;" in page
    assert "<b>Eve" not in page
    broken = remote(shop, "2", RemoteState.FAILED, payload="<html>busy</html>")
    assert "&lt;html&gt;busy" in admin.get(f"{LIST}{broken.pk}/change/").content.decode()
