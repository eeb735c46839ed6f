"""Times as the API reads and writes them, and days of a zone."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from django.utils.dateparse import parse_datetime

NO_TIME = "cannot be recognized as a ISO-8601 compliant date: send e.g. 2026-11-01T08:00:00.000Z"


def iso_time(text: str) -> datetime | None:
    """An aware time in UTC, of a text with a zone or in UTC; a day is its beginning. None: it is no time of ours."""
    try:
        found = parse_datetime(text if "T" in text else f"{text}T00:00:00Z")
    except ValueError:
        return None
    if found is None or not 1970 <= found.year <= 2200:
        return None
    return (found if found.tzinfo else found.replace(tzinfo=UTC)).astimezone(UTC)  # PostgreSQL knows ±16 hours only


def when(at: datetime | None) -> str | None:
    """ISO 8601 in UTC, or null."""
    return None if at is None else iso(at)


def iso(at: datetime) -> str:
    """ISO 8601 in UTC with milliseconds."""
    return at.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def beginning(day: date, zone: ZoneInfo) -> datetime:
    """The first moment of a day there."""
    return datetime.combine(day, time.min, zone)


def last_days(count: int, now: datetime, zone: ZoneInfo) -> tuple[date, ...]:
    """So many days there, oldest first; the last is today."""
    today = now.astimezone(zone).date()
    return tuple(today - timedelta(days=ago) for ago in reversed(range(count)))
