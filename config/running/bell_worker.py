"""The worker: takes bells from the one queue and runs each in a process of its own."""

from __future__ import annotations

import logging
import os
import signal
import time
from typing import Any

import django_rq
from django.db import Error, connections
from rq import Queue, Worker
from rq.job import Job
from rq.utils import import_attribute

from config.running import memory
from config.running.lifeline import die_with
from integrations.choices import Process
from integrations.connectors import all_connectors
from integrations.runs import liveness
from integrations.runs.queue import ALLOWED

logger = logging.getLogger(__name__)

# Seconds between two heartbeats of a worker that is busy, and between two looks at a clock that is wrong.
BEAT_EVERY = 5.0


class BellWorker(Worker):
    """RQ's worker; its forked process does not outlive it, so that a killed worker's run is not worked on twice.

    It tells the database that it lives, and takes no work while the clock of its machine is wrong.
    """

    _beaten = -BEAT_EVERY
    _may_work = True

    def heartbeat(self, timeout: int | None = None, pipeline: Any = None) -> None:
        super().heartbeat(timeout, pipeline)
        self._beat()

    def check_for_suspension(self, burst: bool) -> None:
        """Before each wait for a job."""
        super().check_for_suspension(burst)
        self._beat()
        while not self._may_work and not self._stop_requested:
            time.sleep(BEAT_EVERY)
            super().heartbeat()
            self._beat()

    def _beat(self) -> None:
        """On a connection of its own, since a forked process must not share one."""
        if time.monotonic() - self._beaten < BEAT_EVERY:
            return
        self._beaten = time.monotonic()
        try:
            self._may_work = liveness.beat(Process.WORKER)
        except Error as error:  # away, or not yet brought up to date
            logger.warning("The worker could not tell that it lives: %s", str(error).splitlines()[0])
        finally:
            connections.close_all()

    def main_work_horse(self, job: Job, queue: Queue) -> None:
        die_with(self.pid or os.getppid(), signal.SIGKILL)
        super().main_work_horse(job, queue)


def load_jobs() -> None:
    """Load what jobs need in this process: in that of each job it takes longer than many a job."""
    for path in sorted(ALLOWED):
        import_attribute(path)
    all_connectors()
    memory.leave_out_what_is_loaded()


def make_worker(name: str | None = None) -> BellWorker:
    """A worker of the queue "default", with the serializer and the job class of the settings on this end too.

    RQ's own intervals suit long jobs: it would notice a job of a killed worker only after ten minutes.
    """
    queue = django_rq.get_queue("default")
    connections.close_all()  # a forked process must not share a connection with us
    return BellWorker(
        [queue],
        name=name,
        connection=queue.connection,
        serializer=queue.serializer,
        job_class=queue.job_class,
        queue_class=type(queue),
        worker_ttl=40,  # of which it waits 25 s for a bell, between two heartbeats
        maintenance_interval=30,
        job_monitoring_interval=10,
        log_job_description=False,
    )
