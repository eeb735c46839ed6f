"""Webhooks are cut off at every moment, and their workers killed: everything arrives at least once, in order."""

from __future__ import annotations

import time
from typing import Any

import django_rq
import pytest
from django.db import connection

from config.kit.sql import execute
from integrations.follow_up import fan_out
from integrations.follow_up import steps as follow_up
from integrations.follow_up.steps import Follower
from integrations.invariants import broken
from integrations.models import Project, WebhookDelivery
from integrations.runs import queue
from integrations.simulator.receiver import Receiver, Reply
from integrations.tick import tick
from integrations.webhooks import sender
from orders import announcements
from orders.models import Announcement
from tests.crash.faults import moments
from tests.crash.processes import workers
from tests.factories import ProjectFactory
from tests.integrations.webhooks.deliveries import endpoint_at, sell_paid
from tests.waiting import until

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.crash]

STEPS = (
    Follower(fan_out.pass_on, announcements.waiting_projects),
    Follower(sender.deliver, sender.due_projects, sends=True),
)


def expire_leases() -> None:
    """What a minute does to the lease of a dead worker."""
    execute("UPDATE integrations_webhookendpoint SET lease_until = now() - interval '1 second'")


def told(receiver: Receiver) -> list[str]:
    """What arrived, each for the first time."""
    return list(dict.fromkeys(found.told["id"] for found in receiver.received))


def cut_off(receiver: Receiver, moment: int) -> tuple[int, str]:
    """Three events, cut off at this moment and taken up again: the moments there are, and what went wrong."""
    receiver.received.clear()
    project = ProjectFactory.create()
    endpoint_at(project, receiver.url, ["customer.order.created"])
    sell_paid(project, 3)
    with moments(drop_at=moment) as counted:
        follow_up.follow_up(project.pk, STEPS)
    connection.close()
    expire_leases()
    follow_up.follow_up(project.pk, STEPS)
    rows = WebhookDelivery.objects.filter(project=project).order_by("id")
    subjects = [found.told["event"]["entity_id"] for found in receiver.received]
    if [row.state for row in rows] != ["delivered"] * 3:
        return counted.passed, f"{moment}: {[row.state for row in rows]}"
    if list(dict.fromkeys(subjects)) != [row.subject for row in rows]:
        return counted.passed, f"{moment}: {subjects}"
    return counted.passed, "" if len(subjects) <= 4 else f"{moment}: {len(subjects)} copies"


def test_every_moment_is_survived(receiver: Receiver) -> None:
    count, wrong = cut_off(receiver, 0)
    assert (count > 40, wrong) == (True, "")
    assert [each for each in (cut_off(receiver, moment)[1] for moment in range(1, count + 1)) if each] == []
    assert broken() == {}


def test_control_what_is_taken_before_it_is_written_gets_lost(receiver: Receiver, monkeypatch: Any) -> None:
    """The same with the guard off: announcements are marked as taken in a transaction of their own."""

    def taken_first(project_id: int) -> bool:
        found = announcements.take(project_id, 100)
        for tell in fan_out.LISTENERS:
            tell(project_id, found)
        return False

    steps = (Follower(taken_first, announcements.waiting_projects, sends=True), STEPS[1])
    monkeypatch.setattr("tests.crash.test_webhooks.STEPS", steps)
    monkeypatch.setattr(Announcement.objects, "select_for_update", lambda **_: Announcement.objects.all())
    count, _ = cut_off(receiver, 0)
    assert any(cut_off(receiver, moment)[1] for moment in range(1, count + 1))


def test_killed_workers_and_an_emptied_queue_lose_nothing(receiver: Receiver) -> None:
    bells = django_rq.get_queue("default")
    receiver.reply = lambda _: Reply(after=0.03)
    project: Project = ProjectFactory.create()
    endpoint_at(project, receiver.url)
    sell_paid(project, 60)
    with workers(2, receiver.address) as working:
        for part in range(1, 6):
            queue.ring_follow_up(project.pk)
            wait_for(receiver, part * 15)
            working.kill_one()
            bells.connection.flushdb()
            expire_leases()
            tick()
        deadline = time.monotonic() + 60
        while time.monotonic() < deadline and WebhookDelivery.objects.exclude(state="delivered").exists():
            expire_leases()
            tick()
            time.sleep(1)
    rows = WebhookDelivery.objects.order_by("id")
    assert set(rows.values_list("state", flat=True)) == {"delivered"}
    assert len(told(receiver)) == rows.count() == 120
    first = list(dict.fromkeys((each.told["event"]["entity_id"], each.told["type"]) for each in receiver.received))
    assert first == list(rows.values_list("subject", "event"))
    assert broken() == {}


def wait_for(receiver: Receiver, at_least: int) -> None:
    until(lambda: len(receiver.received) >= at_least, within=20)  # a bell may be lost: the next tick makes up for it
