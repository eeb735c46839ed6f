"""The worker: takes bells from the one queue and runs each in a process of its own."""

from __future__ import annotations

import os
import signal

import django_rq
from django.db import connections
from rq import Queue, Worker
from rq.job import Job

from config.running.lifeline import die_with


class BellWorker(Worker):
    """RQ's worker; its forked process does not outlive it, so that a killed worker's run is not worked on twice."""

    def main_work_horse(self, job: Job, queue: Queue) -> None:
        die_with(self.pid or os.getppid(), signal.SIGKILL)
        super().main_work_horse(job, queue)


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
        worker_ttl=60,
        maintenance_interval=30,
        job_monitoring_interval=10,
        log_job_description=False,
    )
