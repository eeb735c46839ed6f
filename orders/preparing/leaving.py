"""Prepared orders leave: a shipment each, of the units that were picked, under a carrier and a tracking number."""

from __future__ import annotations

from django.db import transaction

from orders.models import PreparedOrder, Shipment
from orders.preparing.gathering import close_when_done, locked
from orders.work import shipping
from orders.work.changing import ChangedMeanwhile, ChangeRefused

# What is told of an order that is another one than was picked.
CHANGED = "The order was changed since it was prepared. Look at what differs, then prepare it anew."


@transaction.atomic
def ship_prepared(prepared_id: int, *, seen: int, actor_id: int | None, looked: str = "") -> Shipment:
    """Ship what was prepared of an order, once.

    `seen`: its version as the page showed it; `looked`: see `orders.work.lifecycle.expect_looked`. Raises
    ChangedMeanwhile where the order, or what is prepared of it, is another one by now, and ChangeRefused where it was
    shipped, is on hold, or is packed in part.
    """
    row = locked(prepared_id)
    if row.shipment is not None:
        raise ChangeRefused(f"Shipped already: shipment {row.shipment.code}.")
    if row.version != seen or row.version != row.order.version:
        raise ChangedMeanwhile(CHANGED)
    lines = list(row.lines.all())
    packed, units = sum(line.packed for line in lines), sum(line.units for line in lines)
    if 0 < packed < units:
        raise ChangeRefused(
            f"Only {packed} of {units} units are packed: pack the rest, or start over without scanning."
        )
    shipment = shipping.ship(
        row.order_id,
        {line.order_line_id: line.units for line in lines},
        carrier=row.carrier,
        tracking_number=row.tracking_number,
        seen=row.version,
        actor_id=actor_id,
        looked=looked,
    )
    row.shipment, row.tracking_number = shipment, ""
    row.save(update_fields=["shipment", "tracking_number"])
    close_when_done(row.preparation_id)
    return shipment


@transaction.atomic
def set_parcel(prepared_id: int, carrier: str, tracking_number: str) -> None:
    """Keep carrier and tracking number of an order that is not shipped yet."""
    row = locked(prepared_id)
    if row.shipment is not None:
        return
    if carrier == row.order.shipping_title:
        carrier = ""  # its own method, whatever that becomes
    if (row.carrier, row.tracking_number) != (carrier, tracking_number):
        PreparedOrder.objects.filter(pk=row.pk).update(carrier=carrier, tracking_number=tracking_number)
