"""One pool of connections to Valkey a process: a new client for each call would cost more than the call."""

from __future__ import annotations

from functools import cache

from django.conf import settings
from redis import Redis
from redis.backoff import NoBackoff
from redis.retry import Retry

# Seconds to wait for an answer: what is asked of it here can be done without, or later.
PATIENCE = 0.5


def shared() -> Redis:
    """A client on the pool of this process; after a fork the child opens connections of its own."""
    return _of(str(settings.RQ_QUEUES["default"]["URL"]))


@cache
def _of(url: str) -> Redis:
    # Tried twice, for a connection that was kept may have been closed meanwhile.
    retry = Retry(NoBackoff(), 1)
    return Redis.from_url(url, socket_timeout=PATIENCE, socket_connect_timeout=PATIENCE, retry=retry)
