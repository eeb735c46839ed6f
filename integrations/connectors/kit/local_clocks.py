"""Bounds for platforms that compare a filter with the clock on the shop's wall, which is turned back once a year.

In that night the wall's times are not in the order of time: 02:50 comes before 02:10. A window around it, put into wall
times as it is, would be empty, or lose what lies between.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

from integrations.connectors.kit.stamps import latest

# There and back are at least 30 days apart (Fiji, Morocco): no step hides one of them behind the other.
STEP = timedelta(days=20)


def wall(moment: datetime, zone: ZoneInfo) -> datetime:
    """The time on the wall, naive."""
    return moment.astimezone(zone).replace(tzinfo=None)


def local_bounds(since: datetime, until: datetime | None, zone: ZoneInfo) -> tuple[datetime, datetime | None]:
    """Moments whose wall times hold all the wall times of the window between them.

    Only a window in which the clock is turned back becomes longer, by as much at each end. An open one (`until` None)
    is looked through for that until two days from now.
    """
    back = _turned_back(since, until or latest(), zone)
    return since - back, None if until is None else until + back


def _turned_back(since: datetime, until: datetime, zone: ZoneInfo) -> timedelta:
    """By how much the clock goes back within the window, at most; zero as a rule."""
    most, at = timedelta(0), since.astimezone(UTC)
    while at < until:
        following = min(at + STEP, until.astimezone(UTC))
        most = max(most, (following - at) - (wall(following, zone) - wall(at, zone)))
        at = following
    return most
