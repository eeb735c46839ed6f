"""How long a shop asks us to wait, in the platforms' own headers beside the standard Retry-After."""

from __future__ import annotations

from collections.abc import Mapping

from integrations.connectors.http import Response

SHORTEST_WAIT, LONGEST_WAIT = 1.0, 900.0


# Requests left for those that other workers have under way, and for the other apps of the shop.
FEW_LEFT = 10


def pause_of_window(response: Response) -> float:
    """Seconds until BigCommerce counts anew, once few of the requests of its window are left; else 0."""
    headers = response.headers
    left = headers.get("x-rate-limit-requests-left", "").strip()
    if not left.isascii() or not left.isdigit() or int(left[:9]) > FEW_LEFT:
        return 0
    return reset_seconds({"x-rate-limit-time-reset-ms": headers.get("x-rate-limit-time-reset-ms", "")}) or 0


def reset_seconds(headers: Mapping[str, str]) -> float | None:
    """Seconds from `X-Retry-After` (s) or `X-Rate-Limit-Time-Reset-Ms`, both BigCommerce's, within 1 s ... 15 min."""
    for name, unit in (("retry-after", 1.0), ("x-retry-after", 1.0), ("x-rate-limit-time-reset-ms", 0.001)):
        value = headers.get(name, "").strip()
        if value.isascii() and value.isdigit():
            return min(LONGEST_WAIT, max(SHORTEST_WAIT, float(value[:9]) * unit))
    return None
