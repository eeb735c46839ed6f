"""One pool of connections to Valkey a process: a new client for each call would cost more than the call."""

from __future__ import annotations

from functools import cache
from typing import Any

from django.conf import settings
from redis import Redis
from redis.backoff import NoBackoff
from redis.retry import Retry
from redis.sentinel import Sentinel

# Seconds to wait for an answer: what is asked of it here can be done without, or later.
PATIENCE = 0.5


def shared() -> Redis:
    """A client on the pool of this process; after a fork the child opens connections of its own."""
    queue: dict[str, Any] = settings.RQ_QUEUES["default"]
    return _by_sentinels(repr(queue)) if "SENTINELS" in queue else _of(str(queue["URL"]))


@cache
def _of(url: str) -> Redis:
    return Redis.from_url(url, **_patience())


@cache
def _by_sentinels(_queue: str) -> Redis:
    """The master, which the sentinels are asked for at each new connection; one pool for each entry of the settings."""
    queue: dict[str, Any] = settings.RQ_QUEUES["default"]
    options = {"socket_timeout": PATIENCE, "socket_connect_timeout": PATIENCE}
    options |= queue["SENTINEL_KWARGS"]
    sentinel: Any = Sentinel(queue["SENTINELS"], sentinel_kwargs=options)  # type: ignore[no-untyped-call]
    account = {"db": queue["DB"], "username": queue["USERNAME"], "password": queue["PASSWORD"]}
    found: Redis = sentinel.master_for(queue["MASTER_NAME"], **(queue["CONNECTION_KWARGS"] | account | _patience()))
    return found


def _patience() -> dict[str, Any]:
    # Tried twice, for a connection that was kept may have been closed meanwhile.
    return {"socket_timeout": PATIENCE, "socket_connect_timeout": PATIENCE, "retry": Retry(NoBackoff(), 1)}
