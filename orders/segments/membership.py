"""How many members segments have, and what is known of a customer's segments, for lists and pages."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime
from zoneinfo import ZoneInfo

from config.kit.sql import execute
from orders.choices import SegmentKind
from orders.models import Segment, SegmentMember
from orders.segments.conditions import stored
from orders.segments.matching import NOBODY, match

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


def of_nobody(project_id: int, zone: ZoneInfo, at: datetime) -> Sequence[tuple[int, str]]:
    """The segments, (primary key, name) by name, that somebody would be in of whom nothing is known; one statement."""
    theirs = Segment.objects.filter(project_id=project_id, deleted_at=None).exclude(kind=SegmentKind.STATIC)
    names = dict(theirs.order_by("name").values_list("pk", "name"))
    matches = [match(stored(each.conditions), each.junction, zone, at) for each in theirs.order_by("name")]
    asked = " UNION ALL ".join(f"SELECT %s::bigint FROM {NOBODY} WHERE {each.sql}" for each in matches)  # noqa: S608
    params = [param for pk, each in zip(names, matches, strict=True) for param in (pk, *each.params)]
    found = {row[0] for row in execute(asked, params)} if asked else set()
    return [(pk, name) for pk, name in names.items() if pk in found]
