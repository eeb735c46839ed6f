"""A customer is deleted: the row stays, emptied, because points and entries into segments stand on it."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.db.models import Q

from config.kit.isolating import once_more
from config.kit.sql import execute
from orders.models import Customer, Order
from orders.segments import due

# What is left of a profile.
EMPTY: dict[str, Any] = {
    "source_id": "", "name": "", "email": "", "phone": "", "description": "", "birthdate": None, "address": {},
    "metadata": {},
}  # fmt: skip


def delete(project_id: int, customer_id: int, at: datetime) -> int:
    """Empty the profile and end all stays in segments; how many those were.

    Orders stay with their own buyer and belong to nobody from then on; the source id is free again.
    """

    def work() -> int:
        due.mark(project_id, [customer_id], at)
        here = Customer.objects.select_for_update(no_key=True).filter(project=project_id, deleted_at=None)
        if here.filter(pk=customer_id).first() is None:
            return 0
        Customer.objects.filter(pk=customer_id).update(**EMPTY, updated_at=at, deleted_at=at)
        theirs = Order.objects.filter(Q(customer=customer_id) | Q(referrer=customer_id), project=project_id)
        theirs.filter(customer=customer_id).update(customer=None)
        theirs.filter(referrer=customer_id).update(referrer=None)
        stays = execute(
            "UPDATE orders_segmentmember SET left_at = greatest(%s, since)"
            " WHERE customer_id = %s AND left_at IS NULL RETURNING 1",
            [at, customer_id],
        )
        return len(stays)

    return once_more(work)  # an import may be changing an order of theirs, and wait for us while we wait for it
