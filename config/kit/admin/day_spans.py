"""Spans of days that people ask for by name, counted from today in the zone in force."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, timedelta

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

Days = tuple[date, date]
# The first and the last day of a span, given today.
Span = Callable[[date], Days]


def last_days(number: int) -> Span:
    """So many days, today included."""
    return lambda today: (today - timedelta(days=number - 1), today)


def this_month(today: date) -> Days:
    return today.replace(day=1), today


def last_month(today: date) -> Days:
    last = today.replace(day=1) - timedelta(days=1)
    return last.replace(day=1), last


def yesterday(today: date) -> Days:
    day = today - timedelta(days=1)
    return day, day


# By the word that an address and a saved view have for it: a view of last month's orders goes with the months.
SPANS: dict[str, tuple[Promise, Span]] = {
    "today": (_("Today"), last_days(1)),
    "yesterday": (_("Yesterday"), yesterday),
    "7days": (_("Last 7 days"), last_days(7)),
    "30days": (_("Last 30 days"), last_days(30)),
    "month": (_("This month"), this_month),
    "last_month": (_("Last month"), last_month),
}
