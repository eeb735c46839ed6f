"""/readyz and the first page know when nobody works, and whose clock is wrong."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.db.models.functions import Now
from django.test import Client

from config.kit import true_time
from integrations.choices import Process, Role
from integrations.models import Heartbeat
from integrations.runs import liveness
from integrations.tick import tick
from tests.factories import ProjectFactory, member

pytestmark = pytest.mark.django_db


def beats(kind: Process, ago: float = 0, ahead: float = 0, name: str = "") -> None:
    Heartbeat.objects.create(
        kind=kind, name=name or f"{kind} 7 on shelf", at=Now() - timedelta(seconds=ago), ahead=ahead
    )


def ready() -> dict[str, Any]:
    answer = Client().get("/readyz")
    assert answer.status_code == 200
    found: dict[str, Any] = answer.json()
    return found


def test_all_is_well() -> None:
    beats(Process.WORKER, 40)
    beats(Process.WORKER, 4000, name="worker that was stopped")
    beats(Process.TICK, 10)
    well = {"postgresql": True, "redis": True, "workers": True, "tick": True, "clocks": True, "problems": []}
    assert ready() == well


def test_nobody_has_moved_for_a_minute() -> None:
    """The pages stay: a load balancer that takes them away would help nobody."""
    beats(Process.WORKER, 75)
    beats(Process.TICK, 300)
    found = ready()
    assert (found["workers"], found["tick"], found["clocks"]) == (False, False, True)
    assert found["problems"] == [
        "No worker has moved for 75 s: orders are not loaded, or late.",
        "The tick has not moved for 5 min: orders are not loaded, or late.",
    ]


def test_nobody_was_ever_started() -> None:
    assert ready()["problems"] == [
        "No worker has ever run here: orders are not loaded.",
        "The tick has never run here: orders are not loaded.",
    ]


def test_a_wrong_clock_is_named() -> None:
    beats(Process.WORKER)
    beats(Process.WORKER, ahead=3600, name="worker 8 on attic")
    beats(Process.TICK)
    found = ready()
    assert (found["workers"], found["clocks"]) == (True, False)
    sentence = "The clock of worker 8 on attic is 60 minutes ahead of the database's. Set it right; until then it"
    assert found["problems"] == [f"{sentence} stands back."]


def test_the_web_process_says_it_of_itself(monkeypatch: pytest.MonkeyPatch) -> None:
    beats(Process.WORKER)
    beats(Process.TICK)
    monkeypatch.setattr(true_time, "skew", lambda: -90.0)
    found = ready()
    assert not found["clocks"]
    assert found["problems"][0].startswith("The clock of web ")
    assert "is 90 seconds behind the database's" in found["problems"][0]


def test_the_tick_tells_that_it_lives() -> None:
    assert tick()
    assert tick()
    assert [found.kind for found in liveness.beating()] == [Process.TICK]


def test_a_tick_with_a_wrong_clock_stands_back(monkeypatch: pytest.MonkeyPatch) -> None:
    right = true_time.system_now
    monkeypatch.setattr(true_time, "system_now", lambda: right() + timedelta(hours=1))
    assert not tick()
    assert round(liveness.beating()[0].ahead) == 3600


def test_who_is_gone_is_forgotten() -> None:
    beats(Process.WORKER, 2 * 86_400)
    tick()
    assert [found.kind for found in liveness.beating()] == [Process.TICK]


@pytest.mark.parametrize(("path", "told"), [("/", True), ("/orders/order/", False)])
def test_the_first_page_says_it(path: str, told: bool) -> None:
    project = ProjectFactory.create()
    beats(Process.WORKER, 75)
    beats(Process.TICK)
    client = Client()
    client.force_login(member(project.account, Role.IMPORT_ADMIN))
    page = client.get(path).content.decode()
    assert ("No worker has moved for 75 s" in page) is told
    assert "The tick has" not in page
