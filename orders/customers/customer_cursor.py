"""Customers from a moment on.

A moment is no key: thousands may be made in one millisecond. So a page from a moment on ends only where a millisecond
ends, and may hold more than was asked for; whoever asks for what comes after its last one misses nobody.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.db.models import Q, QuerySet

from orders.models import Customer


def starting_after(rows: QuerySet[Customer], column: str, limit: int, moment: datetime) -> tuple[list[Customer], bool]:
    """Those after a moment, at least `limit` of them to the end of a millisecond, and whether there are more.

    `rows` are in the order of `column`, of times: "created_at", or "-created_at" for what comes before the moment.
    """
    name = column.removeprefix("-")
    beyond = f"{name}__{'lt' if column.startswith('-') else 'gt'}"
    following = rows.filter(**{beyond: moment})
    found: list[Any] = list(following[:limit])
    if len(found) < limit:
        return found, False
    edge = getattr(found[-1], name)
    found += following.filter(Q(**{name: edge}) & ~Q(pk__in=[each.pk for each in found]))
    return found, following.filter(**{beyond: edge}).exists()
