"""Points: what a question costs, how many there are in the app's bucket, and how many come back a second.

Every answer says so in `extensions.cost`: `{requestedQueryCost, throttleStatus: {maximumAvailable, currentlyAvailable,
restoreRate}}` (shopify.dev, API limits).
"""

from __future__ import annotations

from math import ceil
from typing import Any

from msgspec import Struct

from integrations.connectors.http import Response
from integrations.connectors.kit.json_answers import part
from integrations.connectors.kit.json_documents import lenient
from integrations.connectors.kit.throttling import LONGEST_WAIT, SHORTEST_WAIT

# Questions that several workers may have under way: so many points should be in the bucket.
AT_ONCE = 3


class _Extended(Struct):
    extensions: Any = None


_extended = lenient(_Extended)


def wait(extensions: Any) -> float:
    """Seconds until there are as many points as the question costs: (requested - available) / restored a second."""
    points = _points(extensions)
    if points is None:
        return 2 * SHORTEST_WAIT
    requested, available, rate, _ = points
    return float(min(LONGEST_WAIT, max(SHORTEST_WAIT, ceil((requested - available) / rate))))


def pause_after(response: Response) -> float:
    """Seconds until the bucket holds AT_ONCE more questions like this one, or is half full; 0 where it is so."""
    points = _points(_extended(response.body).extensions)
    if points is None:
        return 0
    requested, available, rate, most = points
    wanted = max(requested, min(AT_ONCE * requested, most / 2))
    return min(LONGEST_WAIT, max(0.0, (wanted - available) / rate))


def _points(extensions: Any) -> tuple[float, float, float, float] | None:
    """What a question costs, how many points there are, come back a second, and fit; None where it is not said."""
    cost = part(extensions, "cost")
    status = part(cost, "throttleStatus")
    named = [status.get(name) for name in ("currentlyAvailable", "restoreRate", "maximumAvailable")]
    requested, available, rate, most = (
        float(number) if isinstance(number, int | float) and abs(number) < 1e9 else 0.0
        for number in (cost.get("requestedQueryCost"), *named)
    )
    return (requested, available, rate, most) if rate > 0 else None
