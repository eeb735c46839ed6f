"""Runs from outside: asked for, called off, rung again. What workers do with them is in `claims` and `worker`."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

from django.db import IntegrityError, transaction
from django.db.models import Q
from django.db.models.functions import Now

from config.kit import true_time
from config.kit.refusals import Refused
from config.kit.sql import execute
from integrations.choices import RUN_OPEN, RunKind, RunState
from integrations.models import Integration, Run
from integrations.runs.claims import AGAIN, FIRST_IN_LINE, KEPT, MOST_CLAIMS_WITHOUT_PROGRESS, WORKS_IN_SHOP
from integrations.runs.queue import ring, rung

RING_AGAIN_AFTER = timedelta(seconds=10)
REJECTED = "{} rejects our credentials: enter them again and test the connection."


class RunRefused(Refused):
    """The run cannot be started; the message says why, to staff."""


def request(
    kind: RunKind,
    integration: Integration,
    *,
    user_id: int | None = None,
    since: datetime | None = None,
    scope: Mapping[str, Any] | None = None,
) -> Run:
    """Write down that this should be done and ring the bell. Raises RunRefused when one of its kind is open already."""
    run = Run(
        project_id=integration.project_id,
        integration=integration,
        kind=kind,
        requested_by_id=user_id,
        since=since,
        scope=dict(scope or {}),
    )
    try:
        with transaction.atomic():
            run.save()
            ring(run.pk)
    except IntegrityError as error:
        if "one_open_run_per_kind" not in str(error):
            raise
        raise RunRefused(
            f"“{RunKind(kind).label}” is already running for {integration}. Wait until it ends, or cancel it."
        ) from error
    return run


def request_or_again(kind: RunKind, integration: Integration, *, user_id: int | None = None) -> Run:
    """A new run, or the open one of its kind, which then goes through everything once more, and pauses no longer."""
    while True:
        try:
            return request(kind, integration, user_id=user_id)
        except RunRefused:
            with transaction.atomic():
                open_run = Run.objects.select_for_update().filter(
                    integration=integration, kind=kind, state__in=RUN_OPEN
                )
                run = open_run.first()
                if run is None:
                    continue  # it has just ended
                Run.objects.filter(pk=run.pk).update(scope={**run.scope, AGAIN: True}, next_attempt_at=None)
                if run.state == RunState.WAITING and run.next_attempt_at:  # it was pausing, no bell is on its way
                    ring(run.pk)
                return run


def cancel(run: Run) -> bool:
    """Ask a run to stop: at once when it waits, after its page when it runs. Whether there was anything to cancel."""
    with transaction.atomic():
        # Locked, or a run that its worker just puts back is neither waiting nor running at both looks.
        Run.objects.select_for_update().filter(pk=run.pk).values_list("pk").first()
        waiting = Run.objects.filter(pk=run.pk, state=RunState.WAITING)
        called_off = waiting.filter(WORKS_IN_SHOP).update(cancel_requested_at=true_time.now(), next_attempt_at=None)
        if called_off:  # its worker tells the shop, and ends it
            ring(run.pk)
            return True
        stopped = waiting.update(
            state=RunState.CANCELLED,
            finished_at=true_time.now(),
            cancel_requested_at=true_time.now(),
            reason=KEPT,
        )
        if stopped:
            ring_next(run)
            return True
        return bool(
            Run.objects.filter(pk=run.pk, state=RunState.RUNNING, cancel_requested_at=None).update(
                cancel_requested_at=true_time.now()
            )
        )


def wake(integration: Integration) -> None:
    """Let the runs that wait for a shop go on: it answers. The tick rings them."""
    Run.objects.filter(integration=integration, state=RunState.WAITING).update(next_attempt_at=None)


def sweep() -> list[int]:
    """What the tick does for runs: park those that kill their worker, ring those that wait or were let down unheard.

    Returns the ids rung. Any number of these at once do no harm.
    """
    execute(
        "UPDATE integrations_run SET state = 'errored', finished_at = now(), lease_until = NULL,"
        " reason = 'The worker died ' || claims_without_progress || ' times at the same page;"
        " the run is parked until somebody looks.'"
        " WHERE state = 'running' AND lease_until < now() AND claims_without_progress >= %s",
        [MOST_CLAIMS_WITHOUT_PROGRESS],
    )
    due = execute(
        "SELECT id FROM integrations_run WHERE ((state = 'running' AND lease_until < now())"  # noqa: S608
        " OR (state = 'waiting' AND coalesce(next_attempt_at, created_at + %s) <= now()))"
        f" AND {FIRST_IN_LINE} ORDER BY id",
        [RING_AGAIN_AFTER],
    )
    # A second bell for a run would never end: every slice of it rings again, and small runs would wait behind them all.
    ringing = rung()
    ids = [row[0] for row in due if row[0] not in ringing]
    with transaction.atomic():
        for run_id in ids:
            ring(run_id)
    return ids


def others_wait(run: Run) -> bool:
    """Whether a worker has anything else to do: other runs that are due, but for those in line behind this one."""
    due = Q(next_attempt_at=None) | Q(next_attempt_at__lte=Now())
    behind = Q(kind=RunKind.BULK_BY_API, project_id=run.project_id)
    waiting = Run.objects.filter(due, state=RunState.WAITING).exclude(pk=run.pk)
    return waiting.exclude(behind).exists() if run.kind == RunKind.BULK_BY_API else waiting.exists()


def ring_next(run: Run) -> None:
    """Wake the import that was in line behind one that has ended; other kinds stand in no line."""
    if run.kind != RunKind.BULK_BY_API:
        return
    behind = Run.objects.filter(project_id=run.project_id, kind=run.kind, state=RunState.WAITING).order_by("id").first()
    if behind is not None:
        ring(behind.pk)


def open_runs(project_id: int) -> list[Run]:
    """Runs of a project that wait or run, oldest first."""
    runs = Run.objects.filter(project_id=project_id, state__in=RUN_OPEN).order_by("id")
    return list(runs.select_related("integration").defer("integration__credentials", "results"))
