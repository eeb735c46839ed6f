"""Root causes: what is not imported, grouped by shop, reason code and subject, so that a person mends a cause once.

A page of causes costs one index look-up per cause and reads at most MOST_COUNTED rows of each, from the index alone.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal

from django.db.models import QuerySet

from config.kit.sql import execute
from integrations.choices import RemoteState
from integrations.models import RemoteOrder

MOST_CAUSES = 500
# The code of a shop that cannot be read: a cause without orders of its own.
CONNECTION = "connection"
# The reason codes of orders that a rule ignores; their subject is the remote status.
RULED = frozenset({"rule", "rule_retry"})
MOST_COUNTED = 10_000


@dataclass(frozen=True)
class Cause:
    """Why orders of a shop are not in the book: `code` says what happened, `subject` to what ("": in general)."""

    integration_id: int
    code: str
    subject: str


@dataclass
class Group:
    """The orders of one cause."""

    cause: Cause
    count: int = 0
    """At most MOST_COUNTED."""
    amounts: dict[str, Decimal] = field(default_factory=dict)
    """Totals by currency, of what was counted; orders that cannot be read have none."""
    oldest: datetime | None = None
    next_attempt: datetime | None = None
    """The earliest; None: none of them is looked at again by itself."""


_CAUSES = """
WITH RECURSIVE cause AS (
    (SELECT integration_id, reason_code, subject FROM integrations_remoteorder
     WHERE project_id = %s AND state = %s ORDER BY 1, 2, 3 LIMIT 1)
    UNION ALL
    SELECT following.* FROM cause CROSS JOIN LATERAL (
        SELECT integration_id, reason_code, subject FROM integrations_remoteorder AS seen
        WHERE project_id = %s AND state = %s
          AND (seen.integration_id, seen.reason_code, seen.subject)
            > (cause.integration_id, cause.reason_code, cause.subject)
        ORDER BY 1, 2, 3 LIMIT 1) AS following
)
SELECT cause.integration_id, cause.reason_code, cause.subject, sums.*
FROM (SELECT * FROM cause LIMIT %s) AS cause CROSS JOIN LATERAL (
    SELECT currency, count(*), sum(total), min(first_seen_at), min(next_attempt_at) FROM (
        SELECT currency, total, first_seen_at, next_attempt_at FROM integrations_remoteorder AS seen
        WHERE project_id = %s AND state = %s AND seen.integration_id = cause.integration_id
          AND seen.reason_code = cause.reason_code AND seen.subject = cause.subject
        ORDER BY first_seen_at LIMIT %s) AS counted
    GROUP BY currency) AS sums
"""


def groups(project_id: int, state: RemoteState = RemoteState.FAILED) -> list[Group]:
    """The causes of a project, the one with most orders first; at most MOST_CAUSES."""
    here = [project_id, state.value]
    found: dict[Cause, Group] = {}
    rows = execute(_CAUSES, [*here, *here, MOST_CAUSES, *here, MOST_COUNTED])
    for integration_id, code, subject, currency, count, total, oldest, next_attempt in rows:
        cause = Cause(integration_id, code, subject)
        group = found.setdefault(cause, Group(cause))
        group.count += count
        if total is not None:
            group.amounts[currency] = total
        group.oldest = min(filter(None, (group.oldest, oldest)))
        group.next_attempt = min(filter(None, (group.next_attempt, next_attempt)), default=None)
    return sorted(found.values(), key=lambda group: (-group.count, group.oldest, group.cause.subject))


_OLDEST = """
id IN (SELECT oldest.id FROM unnest(%s::bigint[], %s::text[], %s::text[]) AS cause (integration_id, code, subject)
CROSS JOIN LATERAL (
    SELECT id FROM integrations_remoteorder AS seen
    WHERE project_id = %s AND state = %s AND seen.integration_id = cause.integration_id
      AND seen.reason_code = cause.code AND seen.subject = cause.subject
    ORDER BY first_seen_at LIMIT 1) AS oldest)
"""


def samples(project_id: int, causes: Sequence[Cause], state: RemoteState) -> dict[Cause, RemoteOrder]:
    """The oldest order of each cause, with its payload."""
    columns = zip(*((cause.integration_id, cause.code, cause.subject) for cause in causes), strict=True)
    if not causes:
        return {}
    here = [*map(list, columns), project_id, state.value]
    oldest = RemoteOrder.objects.extra(where=[_OLDEST], params=here)  # noqa: S610  a constant
    return {cause_of(row): row for row in oldest}


def orders_of(project_id: int, cause: Cause, state: RemoteState | None = None) -> QuerySet[RemoteOrder]:
    """The remote orders of a cause that are not in the book: failed and ignored ones, or those of one state."""
    states = [state] if state else [RemoteState.FAILED, RemoteState.IGNORED]
    return RemoteOrder.objects.filter(
        project_id=project_id,
        state__in=states,
        integration_id=cause.integration_id,
        reason_code=cause.code,
        subject=cause.subject,
    )


def group_of(project_id: int, cause: Cause, state: RemoteState) -> Group:
    """One cause; its count is 0 when nothing of it is left."""
    group = Group(cause)
    rows = orders_of(project_id, cause, state).order_by("first_seen_at")
    fields = ("currency", "total", "first_seen_at", "next_attempt_at")
    for currency, total, first_seen, next_attempt in rows.values_list(*fields)[:MOST_COUNTED]:
        group.count += 1
        if total is not None:
            group.amounts[currency] = group.amounts.get(currency, Decimal(0)) + total
        group.oldest = group.oldest or first_seen
        group.next_attempt = min(filter(None, (group.next_attempt, next_attempt)), default=None)
    return group


def cause_of(row: RemoteOrder) -> Cause:
    return Cause(row.integration_id, row.reason_code, row.subject)
