"""Stamps of shops that write what their own clock shows, without a zone: `2026-10-25 02:30:00`.

Once a year that clock is put back and shows an hour twice. Spans of time are asked for so wide that neither of the two
is left out (`bounds`). A stamp within it stands for two moments: the first of them is taken (`earliest`), but of
"modified", which may never go back from one change to the next, the end of the hour (`latest`).
"""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

from integrations.connectors.kit import stamps

WRITTEN = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2} [0-9]{2}:[0-9]{2}:[0-9]{2}")
SECOND = timedelta(seconds=1)
# Further than any clock is put back at once.
LONGEST_SHIFT = timedelta(hours=3)


def bounds(since: datetime, until: datetime, zone: ZoneInfo) -> tuple[str, str]:
    """The least and the greatest that a clock in `zone` may have shown from `since` to `until`, or what lies beyond."""
    after, before = moments(since, until, zone)
    return _shown(after, _offset(since, zone)), _shown(before, _offset(until, zone))


def moments(since: datetime, until: datetime, zone: ZoneInfo) -> tuple[datetime, datetime]:
    """The same for a shop that puts the moments it is asked for into its own time: usually `since` and `until`.

    Where the clock is put back soon after `since`, or was shortly before `until`, as much earlier and later.
    """
    put_back = _offset(since, zone) - _offset(since + LONGEST_SHIFT, zone)
    was_put_back = _offset(until - LONGEST_SHIFT, zone) - _offset(until, zone)
    return since - max(put_back, timedelta(0)), until + max(was_put_back, timedelta(0))


def earliest(value: str, zone: ZoneInfo, field: str) -> datetime:
    """The first moment at which the clock showed it, as UTC; one that was skipped moves forward. PayloadError."""
    return _local(value, field).replace(tzinfo=zone).astimezone(UTC)


def latest(value: str, zone: ZoneInfo, field: str) -> datetime:
    """The same, but for what was shown twice the moment from which nothing is any more. PayloadError."""
    local = _local(value, field)
    first = local.replace(tzinfo=zone).astimezone(UTC)
    again = local.replace(tzinfo=zone, fold=1).astimezone(UTC)
    if again <= first:
        return first
    before, put_back = first, again
    while put_back - before > SECOND:
        middle = before + (put_back - before) // (2 * SECOND) * SECOND
        if _offset(middle, zone) == _offset(first, zone):
            before = middle
        else:
            put_back = middle
    return put_back + (again - first)


def _local(value: str, field: str) -> datetime:
    """Without a zone. Whether it can be right is judged before one is applied: the year 1 has no moment in many."""
    if not isinstance(value, str) or WRITTEN.fullmatch(value) is None:
        raise stamps.bad_date(value, field)
    try:
        local = datetime.fromisoformat(value)
    except ValueError:
        raise stamps.bad_date(value, field) from None
    stamps.in_range(local.replace(tzinfo=UTC), field)
    return local


def _offset(moment: datetime, zone: ZoneInfo) -> timedelta:
    return moment.astimezone(zone).utcoffset() or timedelta(0)


def _shown(moment: datetime, offset: timedelta) -> str:
    return (moment.astimezone(UTC) + offset).strftime("%Y-%m-%d %H:%M:%S")
