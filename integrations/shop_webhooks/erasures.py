"""People who asked a platform to be forgotten: those whose orders are here wait for staff to mark them as done.

A platform tells every application of every person (eBay: of all its users), so who is not a buyer here is passed over.
Nothing is erased by itself: a person looks at what is held and confirms it, see `integrations.erasing`.
"""

from __future__ import annotations

from datetime import datetime

from django.db.models import QuerySet

from config.kit import true_time
from integrations.connectors.notifications import Erasure
from integrations.models import ErasureRequest, Integration, RemoteOrder

MOST_ORDERS = 100


def note(integration: Integration, erasure: Erasure, at: datetime) -> None:
    """Write down a request of a buyer; one that was told before stays as it is."""
    if not _orders(integration.pk, erasure.person).exists():
        return
    ErasureRequest.objects.bulk_create(
        [
            ErasureRequest(
                project_id=integration.project_id,
                integration=integration,
                external_id=erasure.external_id,
                person=erasure.person,
                told_at=at,
            )
        ],
        ignore_conflicts=True,
    )


def _orders(integration_id: int | None, person: str) -> QuerySet[RemoteOrder]:
    return RemoteOrder.objects.filter(integration=integration_id, buyer_key=person).exclude(buyer_key="")


def orders_of(request: ErasureRequest) -> list[RemoteOrder]:
    """The person's orders at this shop, newest first, at most MOST_ORDERS."""
    found = _orders(request.integration_id, request.person).defer("payload")
    return list(found.order_by("-id")[:MOST_ORDERS])


def settle(requests: QuerySet[ErasureRequest], user_id: int) -> int:
    """Mark as done and forget who it was. How many that were open."""
    return requests.filter(done_at=None).update(
        done_at=true_time.now(), done_by_id=user_id, person="", email="", customer_id=None, found={}
    )
