"""How many members segments have, and what is known of a customer's segments, for lists and pages."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from config.kit.sql import execute
from orders.models import SegmentMember

# A count stops here: the index is read that far and no further.
MOST = 100_000


def members(segment_ids: Iterable[int]) -> dict[int, int]:
    """Members now by segment, at most MOST of each; one statement."""
    rows = execute(
        "SELECT segment, (SELECT count(*) FROM (SELECT 1 FROM orders_segmentmember"
        " WHERE segment_id = segment AND left_at IS NULL LIMIT %s) AS counted) FROM unnest(%s::bigint[]) AS segment",
        [MOST, list(segment_ids)],
    )
    return dict(rows)


def stays(customer_id: int) -> Sequence[SegmentMember]:
    """The customer's open stays in segments that are shown, by name of the segment."""
    return list(
        SegmentMember.objects.filter(customer_id=customer_id, left_at=None, segment__deleted_at=None)
        .select_related("segment")
        .order_by("segment__name")
    )
