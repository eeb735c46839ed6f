"""One pool of connections to Valkey a process: a new client for each call would cost more than the call."""

from __future__ import annotations

from functools import cache

from django.conf import settings
from redis import Redis


def shared() -> Redis:
    """A client on the pool of this process; after a fork the child opens connections of its own."""
    return _of(str(settings.RQ_QUEUES["default"]["URL"]))


@cache
def _of(url: str) -> Redis:
    return Redis.from_url(url)
