"""Orders that failed for lack of stock are looked at again as soon as goods of theirs have come."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from functools import partial

from django.db import transaction

from config.kit import true_time
from integrations.choices import RemoteState
from integrations.importing import retry as retrying
from integrations.models import RemoteOrder
from stock.ledger import Change
from stock.models import Product

# The reason under which `orders.intake.sharing` refuses an order that must be complete at once.
SHORT = "insufficient_stock"


def wake_for(project_id: int, changes: Iterable[Change]) -> None:
    """Let the failed orders that were short of what comes by these be tried again, once that is committed.

    In the transaction that books them, once for all of them. It holds the project's lock: an order that is being
    written at this moment is left out, its writer sees the goods; and runs are asked for after the commit, since a run
    that is at its page waits for that lock itself. Where a crash comes between, the next retry finds what is due.
    """
    came = [change.product_id for change in changes if change.quantity > 0]
    if not came:
        return
    skus = Product.objects.filter(pk__in=came).values("sku")
    failed = RemoteOrder.objects.filter(
        project_id=project_id, state=RemoteState.FAILED, reason_code=SHORT, subject__in=skus
    )
    due = retrying.make_due(failed, true_time.now(), but_locked=True)
    if due:
        transaction.on_commit(partial(retrying.start, set(due.values())), robust=True)


def wake(project_id: int, skus: Collection[str], user_id: int | None) -> int:
    """Retry the failed orders that were short of these SKUs, in all shops of the project. How many."""
    failed = RemoteOrder.objects.filter(
        project_id=project_id, state=RemoteState.FAILED, reason_code=SHORT, subject__in=list(skus)
    )
    with transaction.atomic():
        due = retrying.make_due(failed, true_time.now())
    retrying.start(due.values(), user_id)
    return len(due)
