"""What a shop changes because we told it of something is no news from the shop."""

from __future__ import annotations

from collections.abc import Sequence

from integrations.choices import CrossingKind
from integrations.models import Crossing, Integration
from orders.work.refresh.differing import Change


def without_echoes(integration: Integration, order_id: int, found: Sequence[Change]) -> Sequence[Change]:
    """The differences of an order but for that in its metadata, where all of it follows from what the shop was told."""
    echoed = integration.connector.outward.echoed
    metadata = next((change for change in found if change["field"] == "metadata"), None)
    if not echoed or metadata is None or not _keys(metadata) <= echoed:
        return found
    told = Crossing.objects.filter(order_id=order_id, integration=integration, told_version__gt=0)
    if not told.exclude(kind=CrossingKind.ORDER).exists():
        return found
    return [change for change in found if change is not metadata]


def _keys(change: Change) -> set[str]:
    """The keys under which the two differ."""
    old, new = change["old"] or {}, change["new"] or {}
    return {key for key in {*old, *new} if old.get(key) != new.get(key)}
