"""Fill a segment that is new or has changed conditions: answer for every customer of the project, batch by batch.

The cursor stands with the segment and moves in the transaction of its batch, so a killed worker goes on where it was.
Whoever belongs to the segment now was there already and has not entered: no entry, as Voucherify tells of customers
that enter only once a segment is active (docs.voucherify.io/prepare/customer-segments). Customers of whom the filling
has answered, and those that came after the change, enter as everybody does.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from functools import partial

from django.db import transaction
from django.db.models import Max

from config.kit import true_time
from config.kit.isolating import in_halves
from config.kit.sql import execute
from orders import bell
from orders.choices import SegmentKind
from orders.models import Customer, Segment
from orders.segments.matching import AGES, JOINED, MOMENT, Age, asked_ages
from orders.segments.placing import enter, leave, left, rule_of

BATCH = 2_000


def begin(segment: Segment) -> None:
    """Set the cursor of an automatic segment back; the caller saves it, in its transaction."""
    last = Customer.objects.filter(project_id=segment.project_id).aggregate(last=Max("pk"))["last"]
    segment.fill_after, segment.fill_until = 0, last or 0
    bell.something_follows(segment.project_id)


def begin_all(project_id: int) -> None:
    """Fill all automatic segments of a project again, because its days begin at another time."""
    with transaction.atomic():
        segments = Segment.objects.select_for_update(no_key=True, of=("self",)).filter(
            project_id=project_id, kind=SegmentKind.AUTOMATIC, deleted_at=None
        )
        for segment in segments.order_by("pk"):
            begin(segment)
            segment.save(update_fields=["fill_after", "fill_until"])


def fill(project_id: int) -> bool:
    """Fill the project's oldest unfinished segment by a batch. Whether there may be more."""
    at = true_time.now()
    with transaction.atomic():
        segment = (
            Segment.objects.select_for_update(skip_locked=True, no_key=True, of=("self",))
            .select_related("project")
            .filter(project_id=project_id, fill_until__isnull=False, deleted_at=None, kind=SegmentKind.AUTOMATIC)
            .order_by("pk")
            .first()
        )
        if segment is None or segment.fill_until is None:
            return False
        customers = list(
            Customer.objects.filter(project_id=project_id, pk__gt=segment.fill_after, pk__lte=segment.fill_until)
            .order_by("pk")
            .values_list("pk", flat=True)[:BATCH]
        )
        if customers:
            rule = rule_of(segment, at)

            def answer(some: Sequence[int]) -> None:
                leave(rule, some, at)
                enter(project_id, rule, some, at)
                _recheck_sooner(some, at, rule.ages)

            in_halves(customers, answer, partial(left, project_id, at))
            segment.fill_after = customers[-1]
        if len(customers) < BATCH:
            segment.fill_until = None
        segment.save(update_fields=["fill_after", "fill_until"])
    return True


def waiting_projects() -> set[int]:
    """Projects that have segments to fill. For the tick."""
    unfinished = Segment.objects.filter(fill_until__isnull=False, deleted_at=None)
    return set(unfinished.values_list("project_id", flat=True))


def _recheck_sooner(customers: Sequence[int], at: datetime, found: frozenset[Age]) -> None:
    """Let time change the answers of this segment as well."""
    if found:
        execute(
            "UPDATE orders_customersummary AS old SET recheck_at = least(old.recheck_at, next.at) FROM ("  # noqa: S608  words of ours only
            f"SELECT customer.id, min({MOMENT}) AS at FROM {JOINED} JOIN {AGES} ON {MOMENT} > %s"
            " WHERE customer.id = ANY(%s) GROUP BY customer.id) AS next WHERE old.customer_id = next.id",
            [*asked_ages(found), at, list(customers)],
        )
