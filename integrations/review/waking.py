"""Orders that failed for lack of stock are looked at again as soon as goods of theirs have come."""

from __future__ import annotations

from collections.abc import Collection

from django.db import transaction

from config.kit import true_time
from integrations.choices import RemoteState
from integrations.importing import retry as retrying
from integrations.models import RemoteOrder

# The reason under which `orders.intake.sharing` refuses an order that must be complete at once.
SHORT = "insufficient_stock"


def wake(project_id: int, skus: Collection[str], user_id: int | None) -> int:
    """Retry the failed orders that were short of these SKUs, in all shops of the project. How many."""
    failed = RemoteOrder.objects.filter(
        project_id=project_id, state=RemoteState.FAILED, reason_code=SHORT, subject__in=list(skus)
    )
    with transaction.atomic():
        due = retrying.make_due(failed, true_time.now())
    retrying.start(due.values(), user_id)
    return len(due)
