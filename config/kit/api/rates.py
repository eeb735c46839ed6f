"""How often somebody may call: counted in Valkey in one atomic step, so that calls at the same time all count.

When Valkey is away each process counts for itself: the API goes on, and nobody gets more than the limit times the
number of web processes.
"""

from __future__ import annotations

import logging
import threading
from dataclasses import dataclass
from typing import Any

from django.conf import settings
from redis.exceptions import RedisError
from rest_framework.request import Request
from rest_framework.throttling import BaseThrottle

from config.kit import true_time, valkey_client

logger = logging.getLogger(__name__)

WINDOW = 60
COUNT = """
local count = redis.call('INCR', KEYS[1])
if count == 1 then redis.call('EXPIRE', KEYS[1], ARGV[1]) end
return count
"""
API_CALLS, BULK_API_CALLS = "api_calls", "bulk_api_calls"
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


class KeyThrottle(BaseThrottle):
    """The calls of a key in a minute; bulk calls (`rate_type` of the view) are counted apart.

    The answer's headers tell of it, see `headers`.
    """

    def allow_request(self, request: Request, view: Any) -> bool:
        kind = view.rate_type
        name = f"key-{request.auth.pk}" if kind == API_CALLS else f"key-{request.auth.pk}-{kind}"
        view.rate = self._rate = count(name, settings.API_RATE_LIMIT)
        return not self._rate.exceeded

    def wait(self) -> int:
        return max(1, self._rate.ends_at - int(true_time.now().timestamp()))


def headers(rate: Rate, kind: str) -> dict[str, str]:
    """What Voucherify publishes with every answer."""
    return {
        "X-Rate-Limit-Limit": str(rate.limit),
        "X-Rate-Limit-Remaining": str(rate.remaining),
        "X-Rate-Limit-Retry": str(rate.ends_at),
        "X-Rate-Limit-Type": kind,
    }


def count(name: str, limit: int) -> Rate:
    """Count one call of `name` in the running minute."""
    window = int(true_time.now().timestamp()) // WINDOW
    key = f"rate:{name}:{window}"
    try:
        used = int(valkey_client.shared().eval(COUNT, 1, key, 2 * WINDOW))
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
