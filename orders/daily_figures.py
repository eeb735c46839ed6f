"""Orders and their totals per day, shop and currency: what the overview draws.

They are read from the index of the orders' time, 30 days of one project, and then kept for a minute by each process: a
book of a million orders is asked once a minute, however many people look.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import Decimal
from zoneinfo import ZoneInfo

from django.core.cache import cache

from config.kit.sql import execute
from config.kit.times import beginning, last_days
from orders.choices import OrderStatus

DAYS = 30
# Seconds for which the figures are kept.
KEPT = 60


@dataclass(frozen=True)
class DayFigures:
    """Orders placed on a day in the project's zone, cancelled ones left out; amounts of two currencies never meet."""

    day: date
    integration_id: int
    """0: given by partners and people, not by a shop."""
    currency: str
    orders: int
    total: Decimal


@dataclass(frozen=True)
class Figures:
    """The last 30 days, and today against the same hours of the same day a week ago."""

    at: datetime
    days: tuple[date, ...]
    """Oldest first; the last is today."""
    placed: tuple[DayFigures, ...]
    today: tuple[DayFigures, ...]
    week_ago: tuple[DayFigures, ...]


def figures(project_id: int, zone: ZoneInfo, now: datetime) -> Figures:
    """As they were at `at`, at most a minute ago."""
    key = f"daily-figures:{project_id}:{zone.key}"
    known: Figures | None = cache.get(key)
    if known is None or known.days[-1] != now.astimezone(zone).date():
        known = counted(project_id, zone, now)
        cache.set(key, known, KEPT)
    return known


def counted(project_id: int, zone: ZoneInfo, now: datetime) -> Figures:
    local, days = now.astimezone(zone), last_days(DAYS, now, zone)
    today = days[-1]
    placed = _between(project_id, zone, beginning(days[0], zone), beginning(today + timedelta(days=1), zone))
    before = today - timedelta(days=7)
    until = datetime.combine(before, local.time(), zone)
    return Figures(
        now,
        days,
        placed,
        tuple(one for one in placed if one.day == today),
        _between(project_id, zone, beginning(before, zone), until),
    )


def _between(project_id: int, zone: ZoneInfo, since: datetime, until: datetime) -> tuple[DayFigures, ...]:
    rows = execute(
        "SELECT (placed_at AT TIME ZONE %s)::date, coalesce(integration_id, 0), currency, count(*), sum(total)"
        " FROM orders_order WHERE project_id = %s AND placed_at >= %s AND placed_at < %s AND status <> %s"
        " GROUP BY 1, 2, 3 ORDER BY 1, 2, 3",
        [zone.key, project_id, since, until, OrderStatus.CANCELLED],
    )
    return tuple(DayFigures(*row) for row in rows)
