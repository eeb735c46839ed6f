"""How often somebody may call: counted in Valkey in one atomic step, so that calls at the same time all count.

When Valkey is away each process counts for itself: the API goes on, and nobody gets more than the limit times the
number of web processes.
"""

from __future__ import annotations

import logging
import threading
from dataclasses import dataclass
from functools import cache

import redis
from django.conf import settings
from redis.backoff import NoBackoff
from redis.exceptions import RedisError
from redis.retry import Retry

from config.kit import true_time

logger = logging.getLogger(__name__)

WINDOW = 60
COUNT = """
local count = redis.call('INCR', KEYS[1])
if count == 1 then redis.call('EXPIRE', KEYS[1], ARGV[1]) end
return count
"""
# Seconds to wait for Valkey before counting without it.
PATIENCE = 0.5
_lock = threading.Lock()
_counts: dict[str, int] = {}


@dataclass(frozen=True)
class Rate:
    """Where somebody stands in the running minute."""

    limit: int
    used: int
    ends_at: int
    """Epoch seconds at which the count begins anew."""

    @property
    def exceeded(self) -> bool:
        return self.used > self.limit

    @property
    def remaining(self) -> int:
        return max(0, self.limit - self.used)


def count(name: str, limit: int) -> Rate:
    """Count one call of `name` in the running minute."""
    window = int(true_time.now().timestamp()) // WINDOW
    key = f"rate:{name}:{window}"
    try:
        used = int(_client().eval(COUNT, 1, key, 2 * WINDOW))
    except RedisError:
        logger.warning("Rates are counted per process: Valkey cannot be reached.")
        used = _count_here(key, window)
    return Rate(limit, used, (window + 1) * WINDOW)


def _count_here(key: str, window: int) -> int:
    with _lock:
        if key not in _counts:
            for old in [name for name in _counts if not name.endswith(f":{window}")]:
                del _counts[old]
        _counts[key] = _counts.get(key, 0) + 1
        return _counts[key]


@cache
def _client() -> redis.Redis:
    return redis.Redis.from_url(
        str(settings.RQ_QUEUES["default"]["URL"]),
        socket_timeout=PATIENCE,
        socket_connect_timeout=PATIENCE,
        retry=Retry(NoBackoff(), 0),
    )
