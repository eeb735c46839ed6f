"""Stamps in payloads. All come out as UTC; what lies outside 2000 ... two days from now refuses."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from typing import Any

from integrations.connectors.errors import PayloadError

EARLIEST = datetime(2000, 1, 1, tzinfo=UTC)
INSTANT = re.compile(
    r"[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}(?:\.[0-9]{1,9})?(?:Z|[+-][0-9]{2}:?[0-9]{2})"
)


def in_range(stamp: datetime, field: str) -> datetime:
    """The stamp; PayloadError `date_out_of_range` for one that cannot be right."""
    if not EARLIEST <= stamp <= _latest():
        raise PayloadError("date_out_of_range", f"The date {stamp:%Y-%m-%d} in {field} cannot be right.", field)
    return stamp


def _latest() -> datetime:
    """The latest that a stamp can be right: the machine's clock may be slow, and the shop's fast."""
    return datetime.now(UTC) + timedelta(days=2)


def bad_date(value: Any, field: str) -> PayloadError:
    return PayloadError("bad_date", f"The date {str(value)[:40]!r} in {field} is not a date and time.", field)


def instant(value: Any, field: str) -> datetime:
    """An ISO 8601 stamp with a zone (`...Z`, `+0000`, `+00:00`), whole seconds. Raises PayloadError."""
    if isinstance(value, str) and INSTANT.fullmatch(value):
        try:
            return in_range(datetime.fromisoformat(value).replace(microsecond=0).astimezone(UTC), field)
        except (ValueError, OverflowError):
            pass
    raise PayloadError(
        "bad_date", f"The date {str(value)[:40]!r} in {field} is not a date and time with a zone.", field
    )


def placed_and_modified(placed: datetime | None, modified: datetime | None, path: str) -> tuple[datetime, datetime]:
    """Both stamps of an order; one that is missing is the other. PayloadError `no_date` at `path` without any."""
    latest = modified or placed
    if latest is None:
        raise PayloadError("no_date", "The order does not say when it was changed.", path)
    return placed or latest, latest


def zulu(moment: datetime) -> str:
    """A stamp for a filter: `2026-11-01T10:00:00Z`."""
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
