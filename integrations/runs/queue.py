"""The doorbell: the only code that touches RQ. A bell carries the id of a run, a project, a
request for a password or a trouble, and nothing else.

Losing, doubling or reordering bells harms nothing: the tick rings again, and a claim is taken by one worker only.
"""

from __future__ import annotations

import logging
import re
from functools import partial
from uuid import uuid4

import django_rq
from django.db import transaction
from redis.exceptions import RedisError
from rq import Queue
from rq.job import Job

from config.kit import valkey_client

logger = logging.getLogger(__name__)

WORK = "integrations.jobs.work"
FOLLOW_UP = "integrations.jobs.follow_up"
RESET_LETTER = "integrations.jobs.password_letter"
ALERT = "integrations.jobs.alert"
ALLOWED = frozenset({WORK, FOLLOW_UP, RESET_LETTER, ALERT})
# How the id of a run's bell begins.
BELL = re.compile(r"run-(\d+)-")
# Seconds in which a project has one bell for its follow-up, unless a worker hears it before.
ONE_BELL_FOR = 10


class ForbiddenJob(Exception):
    """Somebody put a job on the queue that is not ours: it is not run."""


class RunJob(Job):
    """A job that can only be one of ALLOWED with one integer, and no callbacks: whoever writes to the queue cannot make
    a worker run anything else."""

    @property
    def func(self):  # type: ignore[no-untyped-def]
        self._check()
        return super().func

    @property
    def success_callback(self):  # type: ignore[no-untyped-def]
        return self._no_callback(self._success_callback_name)

    @property
    def failure_callback(self):  # type: ignore[no-untyped-def]
        return self._no_callback(self._failure_callback_name)

    @property
    def stopped_callback(self):  # type: ignore[no-untyped-def]
        return self._no_callback(self._stopped_callback_name)

    def _no_callback(self, name: str | None) -> None:
        if name:
            raise ForbiddenJob("A job with a callback is not ours.")

    def _check(self) -> None:
        if self.func_name not in ALLOWED or self.kwargs or len(self.args) != 1 or type(self.args[0]) is not int:
            raise ForbiddenJob("A job that is not a bell for a run or a project is not ours.")


def ring(run_id: int) -> None:
    """Wake a worker for this run once the current transaction has committed. Never fails the caller."""
    transaction.on_commit(partial(_ring_now, run_id), robust=True)


def _ring_now(run_id: int) -> None:
    try:
        _enqueue(WORK, run_id, "run")
    except RedisError:
        logger.warning("The queue cannot be reached; run %s starts when the tick rings again.", run_id)


def _enqueue(function: str, pk: int, kind: str) -> None:
    _queue().enqueue_call(
        function, args=(pk,), job_id=f"{kind}-{pk}-{uuid4().hex}", result_ttl=0, failure_ttl=3600, timeout=300
    )


def ring_follow_up(project_id: int) -> None:
    """Wake a worker for what follows from a project's orders, once the current transaction has committed.

    Never fails the caller. However often it rings, one bell is in the queue until a worker hears it, and a transaction
    that changes a hundred orders rings once.
    """
    current = transaction.get_connection()
    for savepoints, bell, *_ in current.run_on_commit:
        is_ours = isinstance(bell, partial) and bell.func is _ring_follow_up_now and bell.args == (project_id,)
        if is_ours and savepoints <= set(current.savepoint_ids):  # no savepoint that may still be rolled back
            return
    transaction.on_commit(partial(_ring_follow_up_now, project_id), robust=True)


def _ring_follow_up_now(project_id: int) -> None:
    try:
        if valkey_client.shared().set(_follow_up_key(project_id), 1, nx=True, ex=ONE_BELL_FOR):
            _enqueue(FOLLOW_UP, project_id, "follow-up")
    except RedisError:
        logger.warning("The queue cannot be reached; project %s waits until the tick rings again.", project_id)


def ring_password_letter(request_id: int) -> None:
    """Wake a worker for a letter, once the current transaction has committed. Never fails the caller."""
    transaction.on_commit(partial(_ring_letter_now, RESET_LETTER, request_id, "password-letter"), robust=True)


def ring_alert(trouble_id: int) -> None:
    """Wake a worker for a letter about a shop, in the same way."""
    transaction.on_commit(partial(_ring_letter_now, ALERT, trouble_id, "alert"), robust=True)


def _ring_letter_now(function: str, pk: int, kind: str) -> None:
    try:
        _enqueue(function, pk, kind)
    except RedisError:
        logger.warning("The queue cannot be reached; an e-mail goes out when the tick rings again.")


def heard(project_id: int) -> None:
    """A worker begins to follow up: what comes from now on needs a new bell."""
    try:
        valkey_client.shared().delete(_follow_up_key(project_id))
    except RedisError:
        logger.warning("The queue cannot be reached; a bell for project %s may come late.", project_id)


def _queue() -> Queue:
    return django_rq.get_queue("default", connection=valkey_client.shared())


def _follow_up_key(project_id: int) -> str:
    return f"countinghouse:follow-up:{project_id}"


def rung() -> set[int]:
    """The runs that have a bell in the queue; none when it cannot be reached."""
    try:
        bells = _queue().get_job_ids()
    except RedisError:
        return set()
    return {int(found[1]) for bell in bells if (found := BELL.match(bell))}
