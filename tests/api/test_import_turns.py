"""Imports wait for their turn: in order within a project, portion by portion in turn between projects."""

from __future__ import annotations

import threading
from datetime import timedelta
from typing import Any

import django_rq
import pytest
import redis
from django.db import IntegrityError, connection, transaction
from django.utils import timezone

from config.kit import valkey_client
from integrations import jobs
from integrations.choices import RunKind, RunState
from integrations.invariants import broken
from integrations.models import Project, Run
from integrations.partner_runs import bulk_calls, bulk_import
from integrations.runs import control
from integrations.tick import tick
from orders.models import Order
from tests.api.conftest import Partner, told
from tests.factories import ProjectFactory

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture(autouse=True)
def portions_of_a_hundred(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bulk_import, "PORTION", 100)
    monkeypatch.setattr(bulk_import, "AT_ONCE", 100)


def orders(count: int, name: str = "o") -> list[dict[str, Any]]:
    return [{"source_id": f"{name}-{number}", "amount": 100} for number in range(count)]


def asked(partner: Partner, rows: list[dict[str, Any]], **headers: str) -> str:
    answer = partner.post("/v1/orders/import", rows, **headers)
    assert answer.status_code == 200, answer.content
    return str(told(answer)["async_action_id"])


def action(partner: Partner, action_id: str) -> dict[str, Any]:
    found: dict[str, Any] = told(partner.get(f"/v1/async-actions/{action_id}"))
    return found


def take_bells(count: int | None = None) -> int:
    """Answer bells of runs one after another, as one worker does; how many there were."""
    queue = django_rq.get_queue("default")
    taken = 0
    while queue.count and (count is None or taken < count):
        bell = str(queue.pop_job_id()).split("-")
        if bell[0] == "run":  # others are for what follows from orders
            jobs.work(int(bell[1]))
            taken += 1
    return taken


def test_the_answer_comes_before_the_work(partner: Partner) -> None:
    waiting = asked(partner, orders(3))
    told_at_once = action(partner, waiting)
    assert (told_at_once["status"], told_at_once["operation_status"]) == ("IN_PROGRESS", "UNKNOWN")
    assert (told_at_once["progress"], told_at_once["queue_position"]) == (0, 0)
    assert "result" not in told_at_once
    assert Order.objects.count() == 0


def test_progress_is_true_portion_by_portion(partner: Partner, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(control, "others_wait", lambda run: True)
    waiting = asked(partner, orders(250))
    seen = []
    for _ in range(3):
        take_bells(1)
        now = action(partner, waiting)
        seen.append((now["status"], now["progress"], Order.objects.count()))
    assert seen == [("IN_PROGRESS", 40, 100), ("IN_PROGRESS", 80, 200), ("DONE", 100, 250)]


def test_time_left_follows_the_pace(partner: Partner, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(control, "others_wait", lambda run: True)
    waiting = asked(partner, orders(200))
    assert action(partner, waiting)["estimated_seconds"] is None
    take_bells(1)
    Run.objects.update(started_at=timezone.now() - timedelta(seconds=8))
    assert action(partner, waiting)["estimated_seconds"] == 8


def test_further_imports_of_a_project_wait_in_order(partner: Partner, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bulk_import, "PORTION", 10)
    monkeypatch.setattr(bulk_import, "AT_ONCE", 10)
    first, second, third = (asked(partner, orders(30, name)) for name in "abc")
    assert [action(partner, each)["queue_position"] for each in (first, second, third)] == [0, 1, 2]
    later = Run.objects.latest("id")
    jobs.work(later.pk)  # a bell out of order
    assert (action(partner, third)["status"], Order.objects.count()) == ("ENQUEUED", 0)
    take_bells()
    written = list(Order.objects.order_by("id").values_list("source_id", flat=True))
    assert written == [f"{name}-{number}" for name in "abc" for number in range(30)]
    assert action(partner, third)["status"] == "DONE"


def test_the_invariants_hold_while_imports_wait_and_see_what_is_wrong(partner: Partner) -> None:
    for rows in (orders(1), [{"id": "ord_1"}]):
        asked(partner, rows)
    assert broken() == {}
    take_bells()
    assert broken() == {}
    Run.objects.update(failed=5)
    assert {name.split()[0] for name in broken()} == {"B01", "I07"}


def test_the_next_in_line_is_rung_when_one_ends_or_is_cancelled(partner: Partner) -> None:
    first, second, third = (asked(partner, orders(1, name)) for name in "abc")
    queue = django_rq.get_queue("default")
    queue.empty()  # type: ignore[no-untyped-call]
    assert partner.call("DELETE", f"/v1/async-actions/{first}").status_code == 204
    assert take_bells() == 2  # the second, and at its end the third
    assert [action(partner, each)["status"] for each in (first, second, third)] == ["FAILED", "DONE", "DONE"]


def test_the_tick_rings_only_the_first_in_line(partner: Partner) -> None:
    for name in "abc":
        asked(partner, orders(1, name))
    queue = django_rq.get_queue("default")
    queue.empty()  # type: ignore[no-untyped-call]
    Run.objects.update(created_at="2025-01-01T00:00:00Z")
    tick()
    bells = [name.split("-")[:2] for name in queue.get_job_ids() if name.startswith("run-")]
    assert bells == [["run", str(Run.objects.earliest("id").pk)]]


def test_one_running_import_per_project_is_a_constraint(partner: Partner) -> None:
    asked(partner, orders(1, "a"))
    asked(partner, orders(1, "b"))
    with pytest.raises(IntegrityError, match="one_running_orders_import"), transaction.atomic():
        Run.objects.update(state=RunState.RUNNING)


def test_a_small_import_waits_for_one_portion_of_every_other_project(
    partner: Partner, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Three imports of 2,000 orders are under way with one worker; the small one comes last."""
    big = [Partner(ProjectFactory.create()) for _ in range(3)]
    names = [asked(each, orders(2_000)) for each in big]
    take_bells(3)
    small = asked(partner, orders(1))
    before = Order.objects.count()
    bells = 0
    while action(partner, small)["status"] != "DONE":
        bells += take_bells(1)
    assert bells <= 4
    assert Order.objects.count() - before <= 3 * bulk_import.PORTION + 1
    assert [action(each, name)["status"] for each, name in zip(big, names, strict=True)] == ["IN_PROGRESS"] * 3


def test_large_orders_are_fewer_in_a_turn(partner: Partner, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bulk_import, "BYTES_AT_ONCE", 5_000)
    other = Partner(ProjectFactory.create())
    asked(partner, [order | {"metadata": {"about": "x" * 1_000}} for order in orders(30)])
    asked(other, orders(30, "small"))
    take_bells(1)
    assert Order.objects.count() == 5
    take_bells(1)
    assert Order.objects.count() == 5 + 30
    take_bells()
    assert Order.objects.count() == 60


def test_control_an_import_that_does_not_give_way_keeps_the_small_one_waiting(
    partner: Partner, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(control, "others_wait", lambda run: False)
    asked(Partner(ProjectFactory.create()), orders(500))
    asked(partner, orders(1))
    take_bells(1)
    assert Order.objects.count() == 500


def test_alone_an_import_is_worked_off_without_letting_go(partner: Partner) -> None:
    asked(partner, orders(500))
    assert take_bells() == 1
    assert Order.objects.count() == 500


def test_cancel_between_portions_keeps_what_was_written(partner: Partner, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(control, "others_wait", lambda run: True)
    waiting = asked(partner, orders(300))
    take_bells(1)
    assert partner.call("DELETE", f"/v1/async-actions/{waiting}").status_code == 204
    take_bells()
    ended = action(partner, waiting)
    assert (ended["status"], ended["operation_status"], ended["progress"]) == ("FAILED", "FAILED", 33)
    assert ended["result"]["message"] == (
        "100 order(s) imported successfully, 0 failed. Cancelled. What was loaded before stays."
    )
    assert Order.objects.count() == 100
    again = partner.call("DELETE", f"/v1/async-actions/{waiting}")
    assert (again.status_code, told(again)["key"]) == (409, "already_over")


def test_imports_that_come_at_the_same_time_stand_in_one_line(project: Project, partner: Partner) -> None:
    def call(name: str) -> None:
        try:
            asked(Partner(project, partner.made), orders(5, name))
        finally:
            connection.close()

    threads = [threading.Thread(target=call, args=(f"t{number}",)) for number in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    positions = [bulk_calls.queue_position(run) for run in Run.objects.filter(kind=RunKind.BULK_BY_API).order_by("id")]
    assert positions == list(range(8))
    take_bells()
    assert Order.objects.count() == 40
    assert set(Run.objects.values_list("state", flat=True)) == {RunState.SUCCEEDED}


def test_a29_an_import_is_taken_while_valkey_is_away(partner: Partner) -> None:
    def away(*_: object) -> Any:
        raise redis.ConnectionError("away")

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(valkey_client, "shared", away)
        waiting = asked(partner, orders(1))
    assert action(partner, waiting)["status"] == "IN_PROGRESS"
    Run.objects.update(created_at="2025-01-01T00:00:00Z")
    tick()
    take_bells()
    assert action(partner, waiting)["status"] == "DONE"
