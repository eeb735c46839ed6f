"""What follows from orders is done by project, a slice at a time, one worker a step, whatever becomes of the bells."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from typing import Any

import django_rq
import pytest
from django.db import OperationalError, connection
from django.utils import timezone

from config.kit import locks
from integrations import jobs, tick
from integrations.follow_up import fan_out, steps
from integrations.follow_up.steps import Follower
from integrations.models import Project
from integrations.runs import queue
from orders import bell
from orders.intake.plans import VALID
from orders.models import Announcement
from tests.factories import ProjectFactory, incoming, line
from tests.orders.intake.test_new_orders import take
from tests.waiting import GENEROUS, until

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture(autouse=True)
def bells() -> Iterator[Any]:
    found = django_rq.get_queue("default")
    found.connection.flushdb()
    yield found
    found.connection.flushdb()


@pytest.fixture
def project() -> Project:
    return ProjectFactory.create()


def rung(bells: Any) -> list[tuple[str, int]]:
    return [(job.func_name, job.args[0]) for job in bells.jobs]


def put(project: Project, count: int = 1) -> None:
    """New orders, of which nobody is told yet."""
    with bell.quiet():
        take(project, *((incoming(line("A-17")), VALID) for _ in range(count)))


def never() -> list[int]:
    return []


def test_steps_take_turns_until_none_has_more(project: Project) -> None:
    done: list[str] = []

    def step(name: str, times: int) -> Follower:
        left = iter(range(times - 1, -1, -1))

        def portion(project_id: int) -> bool:
            assert (project_id, connection.in_atomic_block) == (project.pk, True)
            done.append(name)
            return next(left) > 0

        return Follower(portion, never)

    steps.follow_up(project.pk, [step("a", 3), step("b", 1), step("c", 2)])
    assert done == ["a", "b", "c", "a", "c", "a"]


def test_a_slice_ends_and_rings_for_what_is_left(project: Project, bells: Any, monkeypatch: Any) -> None:
    monkeypatch.setattr(steps, "SLICE", 0.05)
    ends = time.monotonic() + 30

    def endless(project_id: int) -> bool:
        time.sleep(0.01)
        return time.monotonic() < ends

    steps.follow_up(project.pk, [Follower(endless, never)])
    assert time.monotonic() < ends, "it went on until nothing was left"
    assert rung(bells) == [("integrations.jobs.follow_up", project.pk)]


def test_what_is_done_rings_nobody(project: Project, bells: Any) -> None:
    put(project)
    steps.follow_up(project.pk)
    assert rung(bells) == []
    assert not Announcement.objects.filter(taken_at=None).exists()


def test_a_step_that_fails_is_told_without_its_data_and_stops_no_other(project: Project, caplog: Any) -> None:
    done = []

    def faulty(project_id: int) -> bool:
        ProjectFactory.create(name="half done")
        raise ValueError("jana@mail.example")

    def away(project_id: int) -> bool:
        raise OperationalError("server closed the connection")

    def fine(project_id: int) -> bool:
        done.append(project_id)
        return False

    others = [Follower(faulty, never), Follower(away, never), Follower(fine, never)]
    steps.follow_up(project.pk, others)
    assert done == [project.pk]
    assert not Project.objects.filter(name="half done").exists()
    assert f"Follow-up of project {project.pk} failed unexpectedly: ValueError in faulty" in caplog.text
    assert "jana" not in caplog.text
    assert f"Follow-up of project {project.pk} waits for the tick" in caplog.text


def most_at_once(job: Callable[[Callable[[int], bool]], None], patience: float = GENEROUS) -> int:
    """How many of four workers are inside of a step at the same time, at most; each waits there for another."""
    inside, most = 0, 0
    guard = threading.Lock()

    def step(project_id: int) -> bool:
        nonlocal inside, most
        with guard:
            inside += 1
            most = max(most, inside)
        until(lambda: most > 1, patience)
        with guard:
            inside -= 1
        return False

    def run() -> None:
        try:
            job(step)
        finally:
            connection.close()

    threads = [threading.Thread(target=run) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return most


def test_one_worker_at_a_time_does_a_projects_steps(project: Project) -> None:
    assert most_at_once(lambda step: steps.follow_up(project.pk, [Follower(step, never)]), patience=0.2) == 1


def test_control_without_the_lock_workers_do_them_side_by_side(project: Project, monkeypatch: Any) -> None:
    monkeypatch.setattr(locks, "lock_project", lambda *_: None)
    assert most_at_once(lambda step: steps.follow_up(project.pk, [Follower(step, never)])) > 1


def test_projects_do_not_wait_for_each_other() -> None:
    numbers = iter(ProjectFactory.create_batch(4))
    assert most_at_once(lambda step: steps.follow_up(next(numbers).pk, [Follower(step, never)])) > 1


# --- bells ---


def test_many_bells_of_a_project_are_one(project: Project, bells: Any) -> None:
    other = ProjectFactory.create()
    for _ in range(5):
        queue.ring_follow_up(project.pk)
    queue.ring_follow_up(other.pk)
    assert rung(bells) == [("integrations.jobs.follow_up", project.pk), ("integrations.jobs.follow_up", other.pk)]


def test_what_happens_while_a_worker_is_at_it_rings_anew(project: Project, bells: Any, monkeypatch: Any) -> None:
    queue.ring_follow_up(project.pk)
    bells.empty()

    def late(project_id: int) -> bool:
        queue.ring_follow_up(project_id)
        return False

    monkeypatch.setattr(steps, "FOLLOWERS", (Follower(late, never, sends=True),))
    jobs.follow_up(project.pk)
    assert rung(bells) == [("integrations.jobs.follow_up", project.pk)]


def test_a_lost_bell_costs_one_tick(project: Project, bells: Any) -> None:
    put(project)
    idle = ProjectFactory.create()
    queue.ring_follow_up(project.pk)
    bells.connection.flushdb()
    assert rung(bells) == []
    assert tick.tick()
    assert rung(bells) == [("integrations.jobs.follow_up", project.pk)]
    jobs.follow_up(project.pk)
    assert Announcement.objects.get().taken_at is not None
    bells.connection.flushdb()
    assert tick.tick()
    assert (rung(bells), idle.pk != project.pk) == ([], True)


def test_the_tick_finds_what_waits_by_an_index(project: Project) -> None:
    put(project, 300)
    Announcement.objects.update(taken_at=timezone.now())
    put(project)
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE orders_announcement")
        cursor.execute("EXPLAIN SELECT DISTINCT project_id FROM orders_announcement WHERE taken_at IS NULL")
        plan = "\n".join(row[0] for row in cursor.fetchall())
    assert "announcement_waiting" in plan


# --- announcements ---


def test_listeners_hear_everything_in_order_and_once(project: Project, monkeypatch: Any) -> None:
    heard: list[int] = []

    def listen(project_id: int, found: Any) -> None:
        assert project_id == project.pk
        heard.extend(row.order_id for row in found)

    monkeypatch.setattr(fan_out, "LISTENERS", (listen,))
    monkeypatch.setattr(fan_out, "AT_ONCE", 4)
    put(project, 10)
    steps.follow_up(project.pk)
    expected = list(Announcement.objects.order_by("id").values_list("order_id", flat=True))
    assert (heard, len(expected)) == (expected, 10)


def test_a_listener_that_fails_loses_nothing(project: Project, monkeypatch: Any) -> None:
    def broken(project_id: int, found: Any) -> None:
        raise ValueError

    monkeypatch.setattr(fan_out, "LISTENERS", (broken,))
    put(project)
    steps.follow_up(project.pk)
    assert Announcement.objects.get().taken_at is None
