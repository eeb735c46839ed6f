"""Set a feed: on or off, and how often."""

from __future__ import annotations

from datetime import timedelta

from django.utils import timezone

from integrations.models import Feed

SHORTEST_MINUTES = 5


def set_feed(feed: Feed, *, enabled: bool, interval: timedelta) -> bool:
    """Whether anything changed. The next turn is no later than one interval from now."""
    if (feed.enabled, feed.interval) == (enabled, interval):
        return False
    now = timezone.now()
    feed.enabled, feed.interval = enabled, interval
    feed.next_at = min(max(feed.next_at, now), now + interval)
    feed.save(update_fields=["enabled", "interval", "next_at"])
    return True
