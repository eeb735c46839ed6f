"""The doorbell: the only code that touches RQ. A bell carries a run's id and nothing else.

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
from rq.job import Job

logger = logging.getLogger(__name__)

WORK = "integrations.jobs.work"
ALLOWED = frozenset({WORK})
BELL = re.compile(r"run-(\d+)-")
"""How the id of a bell begins."""


class ForbiddenJob(Exception):
    """Somebody put a job on the queue that is not ours: it is not run."""


class RunJob(Job):
    """A job that can only be `integrations.jobs.work` with one integer, and no callbacks: whoever writes to the queue
    cannot make a worker run anything else."""

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
            raise ForbiddenJob("A job that is not a bell for a run is not ours.")


def ring(run_id: int) -> None:
    """Wake a worker for this run once the current transaction has committed. Never fails the caller."""
    transaction.on_commit(partial(_ring_now, run_id), robust=True)


def _ring_now(run_id: int) -> None:
    try:
        django_rq.get_queue("default").enqueue_call(
            WORK, args=(run_id,), job_id=f"run-{run_id}-{uuid4().hex}", result_ttl=0, failure_ttl=3600, timeout=300
        )
    except RedisError:
        logger.warning("The queue cannot be reached; run %s starts when the tick rings again.", run_id)


def rung() -> set[int]:
    """The runs that have a bell in the queue; none when it cannot be reached."""
    try:
        bells = django_rq.get_queue("default").get_job_ids()
    except RedisError:
        return set()
    return {int(found[1]) for bell in bells if (found := BELL.match(bell))}
