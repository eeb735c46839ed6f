"""How long a shop asks us to wait, in the platforms' own headers beside the standard Retry-After."""

from __future__ import annotations

from collections.abc import Mapping

SHORTEST_WAIT, LONGEST_WAIT = 1.0, 900.0


def reset_seconds(headers: Mapping[str, str]) -> float | None:
    """Seconds from `X-Retry-After` (s) or `X-Rate-Limit-Time-Reset-Ms`, both BigCommerce's, within 1 s ... 15 min."""
    for name, unit in (("retry-after", 1.0), ("x-retry-after", 1.0), ("x-rate-limit-time-reset-ms", 0.001)):
        value = headers.get(name, "").strip()
        if value.isascii() and value.isdigit():
            return min(LONGEST_WAIT, max(SHORTEST_WAIT, float(value[:9]) * unit))
    return None
