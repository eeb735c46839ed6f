"""Runs: asked for, claimed, advanced, finished, swept. The row is the truth; whoever holds the newest token may write.

All times of leases come from the database's clock.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.db import IntegrityError, transaction
from django.db.models import F, Q
from django.db.models.expressions import CombinedExpression
from django.db.models.functions import Now
from django.utils import timezone

from config.kit.sql import execute
from integrations.choices import RUN_OPEN, RunKind, RunState
from integrations.models import Integration, Run
from integrations.runs.queue import ring, rung

LEASE = timedelta(seconds=60)
RING_AGAIN_AFTER = timedelta(seconds=10)
MOST_CLAIMS_WITHOUT_PROGRESS = 5
REJECTED = "{} rejects our credentials: enter them again and test the connection."
KEPT = "Cancelled. What was loaded before stays."
FIRST_IN_LINE = (
    "(kind <> 'orders_import' OR NOT EXISTS (SELECT 1 FROM integrations_run before WHERE before.kind = 'orders_import'"
    " AND before.project_id = integrations_run.project_id AND before.id < integrations_run.id"
    " AND before.state IN ('waiting', 'running')))"
)
"""Imports of partners are worked on one after another in each project."""
COUNTERS = ("fetched", "created", "updated", "unchanged", "pending", "ignored", "failed")


class RunRefused(Exception):
    """The run cannot be started; the message says why, to staff."""


class LostClaim(Exception):
    """Somebody else holds the run now, or it is over: stop silently."""


@dataclass(frozen=True)
class Claim:
    """The right to work on a run until somebody takes a newer token."""

    run_id: int
    token: int


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


AGAIN = "again"
"""In the scope of a run that begins anew at its end: something it had passed by was asked for since."""


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


def goes_again(held: Claim) -> bool:
    """In the transaction that would finish a run: whether it was asked to begin anew instead. Raises LostClaim."""
    _fenced(held, lease_until=_lease())  # whoever asks now waits for our commit, and starts a new run
    scope = Run.objects.values_list("scope", flat=True).get(pk=held.run_id)
    if not scope.get(AGAIN):
        return False
    _fenced(held, scope={key: value for key, value in scope.items() if key != AGAIN}, cursor=None)
    return True


IN_SHOP = "in_shop"
"""In the cursor of a run: whether the shop is at work for it, which is to be told when the run is cancelled."""
_WORKS_IN_SHOP = Q(**{f"cursor__{IN_SHOP}": True})


def works_in_shop(run: Run) -> bool:
    return bool((run.cursor or {}).get(IN_SHOP))


def claim(run_id: int) -> Claim | None:
    """Take the run when it waits and is due, or when its holder's lease has run out. None: nothing to do."""
    statement = (
        "UPDATE integrations_run SET state = 'running', token = token + 1, lease_until = now() + %s,"  # noqa: S608
        " started_at = coalesce(started_at, now()), claims_without_progress = claims_without_progress + 1,"
        " next_attempt_at = NULL"
        f" WHERE id = %s AND claims_without_progress < %s AND {FIRST_IN_LINE} AND ("
        "  (state = 'waiting' AND (next_attempt_at IS NULL OR next_attempt_at <= now()))"
        "  OR (state = 'running' AND lease_until < now())) RETURNING token"
    )
    try:
        rows = execute(statement, [LEASE, run_id, MOST_CLAIMS_WITHOUT_PROGRESS])
    except IntegrityError:  # two of one line at the same time: the constraint lets one through
        return None
    return Claim(run_id, rows[0][0]) if rows else None


def heartbeat(held: Claim) -> None:
    """Keep the lease while waiting for a shop. Raises LostClaim."""
    _fenced(held, lease_until=_lease())


def hold(held: Claim) -> bool:
    """First statement of a page's transaction: locks the run. Whether a cancel was asked for. Raises LostClaim."""
    _fenced(held, lease_until=_lease())
    return Run.objects.filter(pk=held.run_id, cancel_requested_at__isnull=False).exists()


def advance(
    held: Claim,
    counts: Mapping[str, int],
    cursor: Any,
    *,
    total: int | None = None,
    until: datetime | None = None,
    results: Any = None,
) -> None:
    """Last statement of a page's transaction: cursor and counters. Raises LostClaim."""
    values: dict[str, Any] = {name: F(name) + counts.get(name, 0) for name in COUNTERS}
    if total is not None:
        values["total"] = total
    if until is not None:
        values["until"] = until
    if results is not None:
        values["results"] = results
    _fenced(held, cursor=cursor, lease_until=_lease(), claims_without_progress=0, failures=0, reason="", **values)


def finish(held: Claim, state: RunState, reason: str = "") -> None:
    """End the run. Raises LostClaim."""
    _fenced(held, state=state, reason=reason[:500], finished_at=Now(), lease_until=None, next_attempt_at=None)


def put_back(held: Claim, *, seconds: float = 0, reason: str = "", failed: bool = False) -> None:
    """Let go of the run: the next claim goes on from its cursor, after `seconds`. Raises LostClaim.

    `failed` counts a failed call to the shop; an orderly pause is no lack of progress either way. A run that was asked
    to stop meanwhile ends here, instead of waiting first.
    """
    with transaction.atomic():
        _fenced(
            held,
            state=RunState.WAITING,
            lease_until=None,
            reason=reason[:500],
            failures=F("failures") + int(failed),
            claims_without_progress=0,
            next_attempt_at=Now() + timedelta(seconds=seconds) if seconds else None,
        )
        asked_to_stop = Run.objects.filter(pk=held.run_id, cancel_requested_at__isnull=False)
        stopped = asked_to_stop.exclude(_WORKS_IN_SHOP).update(
            state=RunState.CANCELLED, finished_at=Now(), next_attempt_at=None, reason=KEPT
        )
        called_off = asked_to_stop.filter(_WORKS_IN_SHOP).update(next_attempt_at=None)
        if called_off or not (seconds or stopped):
            ring(held.run_id)


def _lease() -> CombinedExpression:
    return Now() + LEASE


def _fenced(held: Claim, **values: Any) -> None:
    """Update the run while the claim holds. Raises LostClaim."""
    if not Run.objects.filter(pk=held.run_id, token=held.token, state=RunState.RUNNING).update(**values):
        raise LostClaim(f"run {held.run_id} is held by somebody else")


def cancel(run: Run) -> bool:
    """Ask a run to stop: at once when it waits, after its page when it runs. Whether there was anything to cancel."""
    with transaction.atomic():
        # Locked, or a run that its worker just puts back is neither waiting nor running at both looks.
        Run.objects.select_for_update().filter(pk=run.pk).values_list("pk").first()
        waiting = Run.objects.filter(pk=run.pk, state=RunState.WAITING)
        called_off = waiting.filter(_WORKS_IN_SHOP).update(cancel_requested_at=timezone.now(), next_attempt_at=None)
        if called_off:  # its worker tells the shop, and ends it
            ring(run.pk)
            return True
        stopped = waiting.update(
            state=RunState.CANCELLED,
            finished_at=timezone.now(),
            cancel_requested_at=timezone.now(),
            reason=KEPT,
        )
        if stopped:
            ring_next(run)
            return True
        return bool(
            Run.objects.filter(pk=run.pk, state=RunState.RUNNING, cancel_requested_at=None).update(
                cancel_requested_at=timezone.now()
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
    behind = Q(kind=RunKind.ORDERS_IMPORT, project_id=run.project_id)
    waiting = Run.objects.filter(due, state=RunState.WAITING).exclude(pk=run.pk)
    return waiting.exclude(behind).exists() if run.kind == RunKind.ORDERS_IMPORT else waiting.exists()


def ring_next(run: Run) -> None:
    """Wake the import that was in line behind one that has ended; other kinds stand in no line."""
    if run.kind != RunKind.ORDERS_IMPORT:
        return
    behind = Run.objects.filter(project_id=run.project_id, kind=run.kind, state=RunState.WAITING).order_by("id").first()
    if behind is not None:
        ring(behind.pk)


def open_runs(project_id: int) -> list[Run]:
    """Runs of a project that wait or run, oldest first."""
    runs = Run.objects.filter(project_id=project_id, state__in=RUN_OPEN).order_by("id")
    return list(runs.select_related("integration").defer("integration__credentials", "results"))
