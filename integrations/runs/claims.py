"""Claims on runs: the row is the truth; whoever holds the newest token may write.

All times of leases come from the database's clock.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.db import IntegrityError, transaction
from django.db.models import F, Q
from django.db.models.expressions import CombinedExpression
from django.db.models.functions import Now

from config.kit.sql import execute
from integrations.choices import RunState
from integrations.models import Run
from integrations.runs.queue import ring

LEASE = timedelta(seconds=60)
MOST_CLAIMS_WITHOUT_PROGRESS = 5
KEPT = "Cancelled. What was loaded before stays."
# Imports of partners are worked on one after another in each project.
FIRST_IN_LINE = (
    "(kind <> 'orders_import' OR NOT EXISTS (SELECT 1 FROM integrations_run before WHERE before.kind = 'orders_import'"
    " AND before.project_id = integrations_run.project_id AND before.id < integrations_run.id"
    " AND before.state IN ('waiting', 'running')))"
)
COUNTERS = ("fetched", "created", "updated", "unchanged", "pending", "ignored", "failed")
COUNTED = ", ".join(f"{name} = {name} + %s" for name in COUNTERS)


class LostClaim(Exception):
    """Somebody else holds the run now, or it is over: stop silently."""


@dataclass(frozen=True)
class Claim:
    """The right to work on a run until somebody takes a newer token."""

    run_id: int
    token: int


# In the scope of a run that begins anew at its end: something it had passed by was asked for since.
AGAIN = "again"


def goes_again(held: Claim) -> bool:
    """In the transaction that would finish a run: whether it was asked to begin anew instead. Raises LostClaim."""
    _fenced(held, lease_until=_lease())  # whoever asks now waits for our commit, and starts a new run
    scope = Run.objects.values_list("scope", flat=True).get(pk=held.run_id)
    if not scope.get(AGAIN):
        return False
    _fenced(held, scope={key: value for key, value in scope.items() if key != AGAIN}, cursor=None)
    return True


# In the cursor of a run: whether the shop is at work for it, which is to be told when the run is cancelled.
IN_SHOP = "in_shop"
WORKS_IN_SHOP = Q(**{f"cursor__{IN_SHOP}": True})


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
    return bool(_held(held, "lease_until = statement_timestamp() + %s", [LEASE]))


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
    _held(
        held,
        "cursor = %s::jsonb, lease_until = statement_timestamp() + %s, claims_without_progress = 0, failures = 0,"
        " reason = '', total = coalesce(%s, total), until = coalesce(%s, until),"
        f" results = coalesce(%s::jsonb, results), {COUNTED}",
        [_json(cursor), LEASE, total, until, _json(results), *(counts.get(name, 0) for name in COUNTERS)],
    )


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
        stopped = asked_to_stop.exclude(WORKS_IN_SHOP).update(
            state=RunState.CANCELLED, finished_at=Now(), next_attempt_at=None, reason=KEPT
        )
        called_off = asked_to_stop.filter(WORKS_IN_SHOP).update(next_attempt_at=None)
        if called_off or not (seconds or stopped):
            ring(held.run_id)


def _lease() -> CombinedExpression:
    return Now() + LEASE


def _fenced(held: Claim, **values: Any) -> None:
    """Update the run while the claim holds. Raises LostClaim."""
    if not Run.objects.filter(pk=held.run_id, token=held.token, state=RunState.RUNNING).update(**values):
        raise LostClaim(f"run {held.run_id} is held by somebody else")


def _held(held: Claim, assignments: str, params: Sequence[Any]) -> bool:
    """As `_fenced`, for what every page does. Whether a cancel was asked for. Raises LostClaim."""
    rows = execute(
        f"UPDATE integrations_run SET {assignments}"  # noqa: S608  assignments of this file only
        " WHERE id = %s AND token = %s AND state = 'running' RETURNING cancel_requested_at IS NOT NULL",
        [*params, held.run_id, held.token],
    )
    if not rows:
        raise LostClaim(f"run {held.run_id} is held by somebody else")
    return bool(rows[0][0])


def _json(value: Any) -> str | None:
    """NULL for None."""
    return None if value is None else json.dumps(value)
