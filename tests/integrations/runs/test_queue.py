"""The doorbell: one id, on commit, never in the way; and a worker that runs nothing but our bell."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import django_rq
import pytest
from django.db import transaction
from redis import Redis
from redis.backoff import NoBackoff
from redis.retry import Retry
from rq.job import Job
from rq.serializers import JSONSerializer

from config.kit import valkey_client
from integrations.runs import queue
from integrations.runs.queue import ForbiddenJob, RunJob, ring, ring_follow_up

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("commits")]


@pytest.fixture(autouse=True)
def empty_queue() -> Any:
    bells = django_rq.get_queue("default")
    bells.connection.flushdb()
    yield bells
    bells.connection.flushdb()


def test_a_bell_carries_the_runs_id_and_nothing_else(empty_queue: Any) -> None:
    ring(17)
    [job] = empty_queue.jobs
    assert (job.func_name, job.args, job.kwargs) == ("integrations.jobs.work", [17], {})
    assert isinstance(job, RunJob)


def test_a_bell_for_a_project_carries_its_id_and_nothing_else(empty_queue: Any) -> None:
    ring_follow_up(17)
    [job] = empty_queue.jobs
    assert (job.func_name, job.args, job.kwargs) == ("integrations.jobs.follow_up", [17], {})
    assert isinstance(job, RunJob)
    assert queue.rung() == set()  # 17 is no run


def test_a_bell_rings_on_commit_and_not_after_a_rollback(empty_queue: Any) -> None:
    with transaction.atomic():
        ring(17)
        assert empty_queue.count == 0
    assert empty_queue.count == 1
    with pytest.raises(RuntimeError), transaction.atomic():
        ring(18)
        raise RuntimeError
    assert empty_queue.count == 1


def test_a_queue_that_is_away_does_not_fail_the_caller(monkeypatch: pytest.MonkeyPatch, caplog: Any) -> None:
    # A port of this machine at which nobody listens.
    monkeypatch.setattr(valkey_client, "shared", lambda: Redis(host="127.0.0.1", port=1, retry=Retry(NoBackoff(), 0)))
    ring(17)
    assert "The queue cannot be reached; run 17 starts when the tick rings again." in caplog.text
    ring_follow_up(18)
    queue.heard(18)
    assert "The queue cannot be reached; project 18 waits until the tick rings again." in caplog.text


@pytest.fixture
def patient(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """On a busy machine an answer may take longer than a bell waits for it, who then connects once more."""
    with monkeypatch.context() as patch:
        patch.setattr(valkey_client, "PATIENCE", 60)
        valkey_client._of.cache_clear()
        yield
    valkey_client._of.cache_clear()


@pytest.mark.usefixtures("patient")
def test_however_often_bells_ring_a_process_keeps_one_connection(empty_queue: Any) -> None:
    def opened() -> int:
        return int(empty_queue.connection.info("stats")["total_connections_received"])

    ring(1)
    before = opened()
    for number in range(20):
        ring(number)
        ring_follow_up(number)
        queue.heard(number)
    assert (opened() - before, empty_queue.count) == (0, 41)
    for _ in range(20):  # the control: a client for each bell
        django_rq.get_queue("default").connection.ping()
    assert opened() - before == 20


FORGED: dict[str, dict[str, Any]] = {
    "another function": {"func": "os.system", "args": ("true",)},
    "no argument": {"func": "integrations.jobs.work", "args": ()},
    "a text": {"func": "integrations.jobs.work", "args": ("17",)},
    "a truth value": {"func": "integrations.jobs.work", "args": (True,)},
    "a text for a project": {"func": "integrations.jobs.follow_up", "args": ("17",)},
    "two projects": {"func": "integrations.jobs.follow_up", "args": (17, 18)},
    "another function of the same module": {"func": "integrations.jobs.bulk_portion", "args": (17,)},
    "a keyword": {"func": "integrations.jobs.work", "args": (17,), "kwargs": {"x": 1}},
}


@pytest.mark.parametrize("what", FORGED)
def test_a_forged_job_is_refused(empty_queue: Any, what: str) -> None:
    job = RunJob.create(connection=empty_queue.connection, serializer=JSONSerializer, **FORGED[what])
    job.save()
    fetched = RunJob.fetch(job.id, connection=empty_queue.connection, serializer=JSONSerializer)
    with pytest.raises(ForbiddenJob):
        fetched.perform()


def test_control_rqs_own_job_class_runs_a_forged_job(empty_queue: Any) -> None:
    job = Job.create(
        connection=empty_queue.connection, serializer=JSONSerializer, func="os.path.basename", args=("/tmp/ran",)
    )
    job.save()
    assert Job.fetch(job.id, connection=empty_queue.connection, serializer=JSONSerializer).perform() == "ran"


@pytest.mark.parametrize("callback", ["_success_callback_name", "_failure_callback_name", "_stopped_callback_name"])
def test_a_job_with_a_callback_is_refused(empty_queue: Any, callback: str) -> None:
    job = RunJob.create(connection=empty_queue.connection, serializer=JSONSerializer, func=queue.WORK, args=(1,))
    setattr(job, callback, "os.system")
    with pytest.raises(ForbiddenJob):
        getattr(job, callback.removeprefix("_").removesuffix("_name"))
