"""What a marketplace calls an order, and what the shop calls it that it was made in: the echo in the book."""

from __future__ import annotations

from collections.abc import Collection

from integrations.choices import CrossingKind
from integrations.models import Crossing, RemoteOrder
from orders.models import Order


def order_of(handed_on: RemoteOrder) -> RemoteOrder | None:
    """The order as the shop has it that it was made in; None where it is not there, or not seen yet."""
    row = Crossing.objects.filter(kind=CrossingKind.ORDER, subject=handed_on.pk).exclude(remote_id="").first()
    if row is None:
        return None
    return RemoteOrder.objects.filter(integration=row.integration_id, external_id=row.remote_id).first()


def origins_of(orders: Collection[Order]) -> dict[int, RemoteOrder]:
    """The remote orders of marketplaces by the ids of those orders of the book that were made of them."""
    made = [order for order in orders if order.remote_order_id is not None and order.integration_id is not None]
    if not made:
        return {}
    ids = RemoteOrder.objects.in_bulk([order.remote_order_id for order in made])
    told = {
        (row.integration_id, row.remote_id): row.subject
        for row in Crossing.objects.filter(
            kind=CrossingKind.ORDER,
            integration__in={order.integration_id for order in made},
            remote_id__in=[remote.external_id for remote in ids.values()],
        )
    }
    found = {
        order.pk: told.get((order.integration_id or 0, ids[order.remote_order_id].external_id))
        for order in made
        if order.remote_order_id in ids
    }
    rows = RemoteOrder.objects.select_related("integration").in_bulk([pk for pk in found.values() if pk is not None])
    return {order_id: rows[pk] for order_id, pk in found.items() if pk is not None and pk in rows}
