"""How many orders came into the book per day: what the overview draws.

Added up from the counters of 30 days of runs and from the orders that people accepted, then kept for five minutes by
each process. Single orders of partners are not among them.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from zoneinfo import ZoneInfo

from django.core.cache import cache

from config.kit.sql import execute
from config.kit.times import beginning, last_days
from integrations.choices import RemoteState, RunKind
from integrations.models import BulkAction

DAYS = 30
# Seconds for which the figures are kept.
KEPT = 300
FROM_SHOPS = (
    RunKind.LOAD, RunKind.OPEN_ORDERS, RunKind.RETRY, RunKind.WEBHOOK_ORDERS, RunKind.IMPORT_ORDERS,
    RunKind.ORDER_FILES,
)  # fmt: skip


@dataclass(frozen=True)
class DailyImports:
    days: tuple[date, ...]
    """Of the project's zone, oldest first; the last is today."""
    from_shops: tuple[int, ...]
    in_bulk: tuple[int, ...]
    """By bulk imports of the API."""
    accepted: tuple[int, ...]
    """By people, under Import Orders."""

    @property
    def any(self) -> bool:
        return any(map(any, (self.from_shops, self.in_bulk, self.accepted)))


def daily_imports(project_id: int, zone: ZoneInfo, now: datetime) -> DailyImports:
    """As they were at most five minutes ago."""
    key = f"daily-imports:{project_id}:{zone.key}"
    known: DailyImports | None = cache.get(key)
    if known is None or known.days[-1] != now.astimezone(zone).date():
        known = counted_imports(project_id, zone, now)
        cache.set(key, known, KEPT)
    return known


def counted_imports(project_id: int, zone: ZoneInfo, now: datetime) -> DailyImports:
    days = last_days(DAYS, now, zone)
    since = beginning(days[0], zone)
    rows = execute(
        # Runs are numbered as time goes: the index by id is walked back to the first day, and no further.
        "SELECT (run.created_at AT TIME ZONE %(zone)s)::date, run.kind = %(bulk)s, sum(run.created)"
        " FROM integrations_run run LEFT JOIN integrations_bulkimport call ON call.run_id = run.id"
        " WHERE run.project_id = %(project)s AND run.created > 0 AND run.created_at >= %(since)s"
        " AND run.id > coalesce((SELECT id FROM integrations_run WHERE project_id = %(project)s"
        "   AND created_at < %(since)s ORDER BY id DESC LIMIT 1), 0)"
        " AND (run.kind = ANY(%(shops)s) OR (run.kind = %(bulk)s AND call.action = %(orders)s)) GROUP BY 1, 2",
        {
            "zone": zone.key,
            "bulk": RunKind.BULK_BY_API.value,
            "project": project_id,
            "since": since,
            "shops": [kind.value for kind in FROM_SHOPS],
            "orders": BulkAction.ORDERS.value,
        },
    )
    found = {(day, in_bulk): int(created) for day, in_bulk, created in rows}
    from_shops, in_bulk = (tuple(found.get((day, bulk), 0) for day in days) for bulk in (False, True))
    accepted = _accepted(project_id, zone, since)
    return DailyImports(days, from_shops, in_bulk, tuple(accepted.get(day, 0) for day in days))


def _accepted(project_id: int, zone: ZoneInfo, since: datetime) -> dict[date, int]:
    return dict(
        execute(
            "SELECT (changed_at AT TIME ZONE %s)::date, count(*) FROM integrations_remoteorder"
            " WHERE project_id = %s AND reason_code = 'accepted' AND state = %s AND changed_at >= %s GROUP BY 1",
            [zone.key, project_id, RemoteState.IMPORTED.value, since],
        )
    )
