"""Place due customers: add their orders up, and find who enters and who leaves each automatic segment.

One batch is one transaction of a few statements and two for each segment, however many customers it has. Locks are
taken in one order: the list of segments, the segments, the marks of due customers (those that others change are passed
over), those customers, the summaries. Time-based conditions need no scan: with each summary stands the next moment at
which time alone changes an answer ("the last order is 30 days old"), indexed; customers whose moment has come are
placed as if due.
"""

from __future__ import annotations

import logging
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import partial

from django.db import transaction

from config.kit import locks, true_time
from config.kit.isolating import in_halves, place_of
from config.kit.locks import ProjectLock
from config.kit.sql import execute
from orders.choices import SegmentKind
from orders.models import Segment
from orders.segments import due, summaries
from orders.segments.conditions import stored
from orders.segments.matching import AGES, JOINED, MOMENT, Age, Match, ages, asked_ages, match

logger = logging.getLogger(__name__)

BATCH = 500


@dataclass(frozen=True)
class SegmentRule:
    """A segment as placing sees it. `unanswered` are the customers (after, until] whom its filling has not seen yet."""

    segment_id: int
    match: Match
    ages: frozenset[Age]
    unanswered: tuple[int, int]


def place_due(project_id: int) -> bool:
    """Place a batch of the project's due customers. Whether there may be more."""
    at = true_time.now()
    with transaction.atomic():
        lock_list(project_id, shared=True)
        rules = rules_of(project_id, at)
        taken = due.take(project_id, BATCH)
        late = _of_age(project_id, at, BATCH - len(taken), taken)
        customers, marked = sorted({*taken, *late}), frozenset(taken)

        def place(some: Sequence[int]) -> None:
            summaries.refresh(project_id, [pk for pk in some if pk in marked], at)
            for rule in rules:
                leave(rule, some, at)
                enter(project_id, rule, some, at)
            _recheck_later(some, at, frozenset(age for rule in rules for age in rule.ages))

        in_halves(customers, place, partial(left, project_id, at))
    return len(customers) >= BATCH


def left(project_id: int, at: datetime, customer_id: int, error: Exception) -> None:
    """One who cannot be placed stays due, behind all others."""
    logger.error("Customer %s cannot be placed into segments: %s", customer_id, place_of(error))
    due.mark(project_id, [customer_id], at)


def lock_list(project_id: int, *, shared: bool = False) -> None:
    """Keep new segments out of the project's list, or, not shared, wait until nobody places by the list as it was."""
    locks.lock_project(ProjectLock.SEGMENTS, project_id, shared=shared)


def waiting_projects(at: datetime | None = None) -> set[int]:
    """Projects that have customers to place: marked ones, or such whose moment has come. For the tick."""
    rows = execute(
        "SELECT id FROM integrations_project AS project"
        " WHERE EXISTS (SELECT 1 FROM orders_duecustomer AS due WHERE due.project_id = project.id) UNION"
        " SELECT project_id FROM orders_customersummary WHERE recheck_at <= %s",
        [at or true_time.now()],
    )
    return {row[0] for row in rows}


def rules_of(project_id: int, at: datetime) -> list[SegmentRule]:
    """The project's automatic segments, which stay as they are until the transaction ends."""
    # FOR SHARE: a change of the conditions waits for us, and we for it; placings do not wait for each other.
    execute(
        "SELECT id FROM orders_segment WHERE project_id = %s AND kind = %s AND deleted_at IS NULL"
        " ORDER BY id FOR SHARE",
        [project_id, SegmentKind.AUTOMATIC],
    )
    segments = Segment.objects.filter(project_id=project_id, kind=SegmentKind.AUTOMATIC, deleted_at=None)
    return [rule_of(segment, at) for segment in segments.select_related("project").order_by("pk")]


def rule_of(segment: Segment, at: datetime) -> SegmentRule:
    conditions = stored(segment.conditions)
    return SegmentRule(
        segment.pk,
        match(conditions, segment.junction, segment.project.zone, at),
        ages(conditions),
        (0, 0) if segment.fill_until is None else (segment.fill_after, segment.fill_until),
    )


def leave(rule: SegmentRule, customers: Sequence[int], at: datetime) -> None:
    """End the stay of those of these customers who do not meet the conditions any more."""
    # Stays are looked up customer by customer: LIMIT sees to that, and "+ 0" keeps the planner from the indexes that
    # begin with the segment. Of one that has just been made it knows nothing, and would read all its members.
    execute(
        "UPDATE orders_segmentmember AS member SET left_at = greatest(%s, member.since)"  # noqa: S608
        f" FROM {JOINED} CROSS JOIN LATERAL (SELECT id FROM orders_segmentmember"
        " WHERE customer_id = customer.id AND segment_id + 0 = %s AND left_at IS NULL LIMIT 1) AS stay"
        " WHERE customer.id = ANY(%s) AND member.id = stay.id AND member.left_at IS NULL"
        f" AND NOT {rule.match.sql}",
        [at, rule.segment_id, list(customers), *rule.match.params],
    )


def enter(project_id: int, rule: SegmentRule, customers: Sequence[int], at: datetime) -> None:
    """Take in those of these customers who meet the conditions, with an entry each unless they were there before."""
    after, until = rule.unanswered
    # Members of before are left to the constraint: a NOT EXISTS would read the segment through, as said in `leave`.
    execute(
        "WITH fresh AS (INSERT INTO orders_segmentmember (segment_id, customer_id, since)"  # noqa: S608
        f" SELECT %s, customer.id, %s FROM {JOINED}"
        f" WHERE customer.id = ANY(%s) AND customer.project_id = %s AND {rule.match.sql}"
        " ON CONFLICT (segment_id, customer_id) WHERE left_at IS NULL DO NOTHING RETURNING id, customer_id)"
        " INSERT INTO orders_segmententry (project_id, member_id, segment_id, customer_id, at)"
        " SELECT %s, id, %s, customer_id, %s FROM fresh WHERE NOT (customer_id > %s AND customer_id <= %s)"
        " ORDER BY customer_id",
        [
            *(rule.segment_id, at, list(customers), project_id, *rule.match.params),
            *(project_id, rule.segment_id, at, after, until),
        ],
    )


def _of_age(project_id: int, at: datetime, limit: int, taken: Sequence[int]) -> list[int]:
    """Customers for whom time alone has changed an answer; locked, those that somebody else places are passed over.

    Those taken already are locked before their summaries.
    """
    if limit <= 0:
        return []
    rows = execute(
        "SELECT customer_id FROM orders_customersummary WHERE project_id = %s AND recheck_at <= %s"
        " AND customer_id <> ALL(%s) ORDER BY recheck_at, customer_id LIMIT %s FOR UPDATE SKIP LOCKED",
        [project_id, at, list(taken), limit],
    )
    return [row[0] for row in rows]


def _recheck_later(customers: Sequence[int], at: datetime, found: frozenset[Age]) -> None:
    """Note when time alone will change an answer next."""
    execute(
        "UPDATE orders_customersummary AS old SET recheck_at = next.at FROM ("  # noqa: S608  words of ours only
        f"SELECT customer.id, min({MOMENT}) FILTER (WHERE {MOMENT} > %s) AS at"
        f" FROM {JOINED} LEFT JOIN {AGES} ON true WHERE customer.id = ANY(%s) GROUP BY customer.id) AS next"
        " WHERE old.customer_id = next.id AND old.recheck_at IS DISTINCT FROM next.at",
        [at, *asked_ages(found), list(customers)],
    )
