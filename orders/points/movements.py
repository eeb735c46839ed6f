"""The only writer of points: rows of the ledger and the balances that follow, together in one statement."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import datetime

from django.db.models import Q

from config.kit import true_time
from config.kit.isolating import once_more
from config.kit.refusals import Refused
from config.kit.sql import execute
from orders.choices import PointsReason
from orders.intake.rows import as_json
from orders.models import Customer, PointsMovement, Segment
from orders.segments import due

# In one movement.
MOST_POINTS = 1_000_000_000


class PointsRefused(Refused):
    """Nothing was written; `field` says where. The message is for staff."""


class AdjustedMeanwhile(PointsRefused):
    """Points came or went since the person looked, maybe by their own click before."""

    def __init__(self) -> None:
        super().__init__(
            "Points came or went since you opened this page, maybe by your own click before."
            " Look at the ledger; do it again only if it is not there.",
            "points",
        )


@dataclass(frozen=True)
class Row:
    """Points that come or go; at most once for each cause, by the constraints of the table."""

    customer_id: int
    points: int
    reason: str
    rule_id: int | None = None
    entry_id: int | None = None
    order_id: int | None = None
    takes_back_id: int | None = None
    note: str = ""
    actor_id: int | None = None


def record(project_id: int, rows: Sequence[Row], at: datetime) -> int:
    """Write rows and balances in the caller's transaction; how many rows are new. What is there already stays.

    Customers are locked before their balances, in the order of their keys.
    """
    if not rows:
        return 0
    asked = Q(conditions__contains=[{"field": "points"}]) | Q(conditions__contains=[{"field": "updated_at"}])
    if Segment.objects.filter(asked, project_id=project_id, deleted_at=None).exists():
        # Before customers are locked, as placing does.
        due.mark(project_id, [row.customer_id for row in rows], at)
    written = execute(
        "WITH row AS MATERIALIZED (SELECT * FROM jsonb_to_recordset(%s::jsonb) AS row (customer_id bigint,"
        " points bigint, reason text, rule_id bigint, entry_id bigint, order_id bigint, takes_back_id bigint,"
        " note text, actor_id bigint)), locked AS MATERIALIZED (SELECT id FROM orders_customer"
        " WHERE id IN (SELECT customer_id FROM row) ORDER BY id FOR NO KEY UPDATE),"
        " new AS (INSERT INTO orders_pointsmovement (project_id, customer_id, points, reason, rule_id, entry_id,"
        " order_id, takes_back_id, note, actor_id, at)"
        " SELECT %s, customer_id, points, reason, rule_id, entry_id, order_id, takes_back_id, note, actor_id, %s"
        " FROM row JOIN locked ON locked.id = row.customer_id"
        " ON CONFLICT DO NOTHING RETURNING customer_id, points),"
        " balances AS (INSERT INTO orders_customersummary AS summary (customer_id, project_id, points)"
        " SELECT customer_id, %s, sum(points) FROM new GROUP BY customer_id ORDER BY customer_id"
        " ON CONFLICT (customer_id) DO UPDATE SET points = summary.points + excluded.points),"
        " changed AS (UPDATE orders_customer SET updated_at = %s WHERE id IN (SELECT customer_id FROM new))"
        " SELECT count(*) FROM new",
        [as_json([asdict(row) for row in rows]), project_id, at, project_id, at],
    )
    return int(written[0][0])


def adjust(customer_id: int, points: int, note: str, *, seen: int | None, actor_id: int | None) -> None:
    """Give or take points by hand. `seen` is the last movement the person had before their eyes.

    Raises PointsRefused, nothing written.
    """
    note = note.strip()
    if not points or abs(points) > MOST_POINTS:
        raise PointsRefused(f"Enter how many points, up to {MOST_POINTS:,}; with a minus they are taken.", "points")
    if not 0 < len(note) <= 300 or "\x00" in note:
        raise PointsRefused("Say why, in 1 to 300 characters.", "note")

    def work() -> None:
        customer = Customer.objects.select_for_update(no_key=True, of=("self",)).get(pk=customer_id)
        if seen != last_movement(customer_id):
            raise AdjustedMeanwhile
        row = Row(customer_id, points, PointsReason.ADJUSTED, note=note, actor_id=actor_id)
        record(customer.project_id, [row], true_time.now())

    once_more(work)  # customers are marked before they are locked elsewhere, and here after


def last_movement(customer_id: int) -> int | None:
    """The newest row of a customer's ledger."""
    newest = PointsMovement.objects.filter(customer_id=customer_id).order_by("-pk")
    return newest.values_list("pk", flat=True).first()
