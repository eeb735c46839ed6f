"""Actions on more rows than they take at once: what waits, who goes on, and what is left."""

from __future__ import annotations

from typing import Any

import pytest
from django.test import Client

from config.kit.admin import waiting_rows
from config.kit.admin.guards import guarded_action
from integrations.admin.remote_orders import RemoteOrderAdmin
from integrations.choices import RemoteState, Role
from integrations.models import Integration, Project, RemoteOrder
from tests.admin.conftest import Login, remote
from tests.factories import ProjectFactory

LIST = "/integrations/remoteorder/"
PENDING = f"{LIST}?tab=pending"


@pytest.fixture
def waiting(shop: Integration, admin: Client, monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """Five orders are to be dismissed, two at a time; the first two are."""
    rows = [remote(shop, str(number), RemoteState.PENDING).pk for number in range(5)]
    monkeypatch.setattr(waiting_rows, "chosen", _two_of(waiting_rows.chosen, waiting_rows.keep, monkeypatch))
    sent = {"action": "dismiss_chosen", "_selected_action": rows, "index": 0, "reason": "A test"}
    admin.post(PENDING, sent)
    return rows


def _two_of(chosen: Any, keep: Any, monkeypatch: pytest.MonkeyPatch) -> Any:
    """As if the limit of every action were two."""
    held: dict[str, list[int]] = {}

    def two(request: Any, rows: Any) -> list[int]:
        found = chosen(request, rows)
        held["rest"] = found[2:]
        return list(found[:2])

    monkeypatch.setattr(
        waiting_rows, "keep", lambda admin, request, action, rest, limit: keep(admin, request, action, held["rest"], 2)
    )
    return two


def dismissed() -> int:
    return RemoteOrder.objects.filter(state=RemoteState.DISMISSED).count()


def go(browser: Client, address: str = f"{LIST}portion/?tab=pending", do: str = "go") -> str:
    return browser.post(address, {"do": do}, follow=True).content.decode()


def test_portions_go_on_with_what_was_typed_until_nothing_waits(waiting: list[int], admin: Client) -> None:
    assert dismissed() == 2
    page = admin.get(PENDING).content.decode()
    assert "Mark as cancel: 3 chosen rows wait." in page and "Go on with the next 2" in page
    assert "Mark as cancel: 1 chosen row waits." in go(admin)
    assert "chosen row" not in go(admin)
    assert dismissed() == 5
    assert set(RemoteOrder.objects.values_list("reason", flat=True)) == {RemoteOrder.objects.first().reason}  # type: ignore[union-attr]
    assert "A test" in RemoteOrder.objects.get(pk=waiting[-1]).reason
    assert "Nothing waits here any more." in go(admin)


def plant(browser: Client, project: Project, rows: list[int]) -> None:
    """A session in which these rows wait, however they came there."""
    session = browser.session
    session[waiting_rows.KEY] = {
        "list": "integrations_remoteorder", "project": project.pk, "action": "dismiss_chosen", "left": rows,
        "limit": 2, "more": {},
    }  # fmt: skip
    session.save()


def test_what_waits_can_be_left(waiting: list[int], admin: Client) -> None:
    assert "The other rows are left as they are." in go(admin, do="leave")
    assert dismissed() == 2
    assert "chosen rows wait" not in admin.get(PENDING).content.decode()


def test_what_waits_is_the_persons_and_the_lists(
    project: Project, waiting: list[int], admin: Client, login: Login
) -> None:
    assert "chosen rows wait" not in admin.get("/orders/order/").content.decode()
    assert "Nothing waits here any more." in go(login(project))
    assert "Nothing waits here any more." in go(admin, "/orders/order/portion/")
    assert dismissed() == 2


def test_what_waits_in_another_order_book_is_not_shown_here(
    project: Project, waiting: list[int], admin: Client
) -> None:
    second = ProjectFactory.create(account=project.account)
    admin.post("/project/", {"project": second.pk})
    assert "chosen rows wait" not in admin.get(PENDING).content.decode()
    assert "Nothing waits here any more." in go(admin)
    admin.post("/project/", {"project": project.pk})
    assert "3 chosen rows wait" in admin.get(PENDING).content.decode()


@pytest.fixture
def few(monkeypatch: pytest.MonkeyPatch) -> None:
    """The buttons of remote orders take two rows at once."""
    for name in ("dismiss_chosen", "accept_chosen"):
        whole = getattr(RemoteOrderAdmin, name)
        small = guarded_action("integrations.review_remoteorder", description=whole.short_description, limit=2)
        monkeypatch.setattr(RemoteOrderAdmin, name, small(whole.__wrapped__))


def choose(browser: Client, action: str, rows: list[RemoteOrder], **more: str) -> str:
    sent = {"action": action, "_selected_action": [row.pk for row in rows], "index": 0, **more}
    return browser.post(PENDING, sent, follow=True).content.decode()


def left(browser: Client) -> list[int]:
    return list(browser.session[waiting_rows.KEY]["left"])


@pytest.mark.usefixtures("few")
def test_what_is_chosen_for_the_same_waits_behind_what_waits(shop: Integration, admin: Client) -> None:
    rows = [remote(shop, str(number), RemoteState.PENDING) for number in range(8)]
    choose(admin, "dismiss_chosen", rows[:4], reason="A test")
    before = left(admin)
    assert len(before) == 2
    page = choose(admin, "dismiss_chosen", rows[4:], reason="A test")
    assert "They wait behind 2 rows that were chosen before." in page and "4 chosen rows wait" in page
    assert left(admin)[:2] == before and len(left(admin)) == 4
    assert dismissed() == 4
    go(admin)
    go(admin)
    assert dismissed() == 8


@pytest.mark.usefixtures("few")
@pytest.mark.parametrize(("action", "reason"), [("accept_chosen", "A test"), ("dismiss_chosen", "Another")])
def test_what_waits_is_not_given_up_for_something_else(
    shop: Integration, admin: Client, action: str, reason: str
) -> None:
    rows = [remote(shop, str(number), RemoteState.PENDING) for number in range(8)]
    choose(admin, "dismiss_chosen", rows[:4], reason="A test")
    before = left(admin)
    page = choose(admin, action, rows[4:], reason=reason)
    assert "Nothing was done: 2 rows chosen before still wait in the list of remote orders" in page
    assert "for “Mark as cancel”" in page
    assert left(admin) == before and dismissed() == 2
    # As many as are done at once need not wait, and are done.
    choose(admin, "dismiss_chosen", rows[4:6], reason="Another")
    assert left(admin) == before and dismissed() == 4
    go(admin, do="leave")
    assert "Nothing was done" not in choose(admin, action, rows[6:], reason=reason)


def test_rows_of_another_project_are_left_alone(project: Project, waiting: list[int], login: Login) -> None:
    """Who may not open the rows any more goes on with none of them."""
    other = ProjectFactory.create()
    stranger = login(other)
    plant(stranger, other, waiting)
    assert "None of the chosen rows is here any more." in go(stranger)
    assert dismissed() == 2


def test_the_action_needs_its_permission_still(project: Project, waiting: list[int], login: Login) -> None:
    reader = login(project, Role.READ_ONLY)
    plant(reader, project, waiting)
    assert "This cannot be done in the tab that is open" in go(reader)
    assert dismissed() == 2


def test_far_too_many_are_refused(shop: Integration, admin: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(waiting_rows, "MOST_CHOSEN", 3)
    rows = [remote(shop, str(number), RemoteState.PENDING).pk for number in range(4)]
    sent = {"action": "dismiss_chosen", "_selected_action": rows, "index": 0}
    answer = admin.post(PENDING, sent, follow=True).content.decode()
    assert "At most 3 rows can be chosen at once: filter or search first." in answer
    assert dismissed() == 0
