"""Ship what is reserved, all of it or some; take a shipment back.

Services as in `orders.work.lifecycle`: one transaction each, refused politely when the order has changed meanwhile.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from config.kit.postal import address_lines
from config.kit.sql import next_ids
from orders import announcements
from orders.choices import AnnouncementKind, DocumentType, EventKind, OrderStatus
from orders.documents import letterheads, numbering
from orders.documents.remarks import remarks_of
from orders.models import OrderLine, Shipment, ShipmentLine
from orders.work import lifecycle
from orders.work.changing import ChangeRefused, Opened, opened
from orders.work.moving import destinations, ship_units, shippable, take_back


def ship(
    order_id: int,
    units: Mapping[int, int] | None = None,
    *,
    carrier: str = "",
    tracking_number: str = "",
    seen: int | None = None,
    actor_id: int | None = None,
    looked: str = "",
) -> Shipment:
    """Ship units by line id - None: all that is in stock. The order is complete once everything is shipped.

    `looked`: what the shop has changed since was seen, see `lifecycle.expect_looked`.
    """
    with opened(order_id, seen=seen, actor_id=actor_id) as change:
        lifecycle.expect_looked(change, looked=looked)
        lifecycle.expect(change, OrderStatus.PROCESSING)
        parts = _parts(change, units)
        address = _address(change, [line for line, _ in parts])
        part_ids = next_ids(ShipmentLine, len(parts))
        for part_id, (line, count) in zip(part_ids, parts, strict=True):
            ship_units(change, line, count, part_id)
        shipment = _shipment(change, address, carrier, tracking_number)
        ShipmentLine.objects.bulk_create(
            ShipmentLine(id=part_id, shipment=shipment, order_line=line, sku=line.sku, name=line.name, quantity=count)
            for part_id, (line, count) in zip(part_ids, parts, strict=True)
        )
        lifecycle.settle(change)
        what = ", ".join(f"{count} × {line.sku or line.name}" for line, count in parts)
        change.note(EventKind.SHIPPED, f"Shipment {shipment.code}: {what}"[:500])
        announcements.tell(change.order, AnnouncementKind.SHIPPED, change.at)
    return shipment


def _parts(change: Opened, units: Mapping[int, int] | None) -> list[tuple[OrderLine, int]]:
    if units is None:
        parts = [(line, shippable(line)) for line in change.lines if shippable(line)]
        if not any(line.product_id for line, _ in parts) and any(line.waiting for line in change.lines):
            parts = []  # goods are what a shipment is about; services go along with them
    else:
        parts = [(change.line(line_id), count) for line_id, count in units.items() if count]
    if not parts:
        raise ChangeRefused("Nothing to ship: none of it is in stock." if units is None else "Enter what is shipped.")
    return parts


def _address(change: Opened, lines: Sequence[OrderLine]) -> dict[str, Any]:
    """Where these lines go. Refused where they go to several addresses: a parcel goes to one."""
    places = destinations(lines)
    if len(places) > 1:
        to = "; ".join(", ".join(address_lines(place or change.order.shipping)[:4]) for place in places)
        raise ChangeRefused(f"These items go to {len(places)} addresses ({to}): ship one address at a time.")
    address: dict[str, Any] = (places[0] if places else {}) or change.order.shipping or change.order.billing
    return address


def _shipment(change: Opened, address: dict[str, Any], carrier: str, tracking_number: str) -> Shipment:
    order = change.order
    zone = order.project.zone
    today = change.at.astimezone(zone).date()
    [number] = numbering.take_range(order.project_id, DocumentType.SHIPMENT, today.year, 1)
    letterhead = letterheads.in_force(order.project_id)
    return Shipment.objects.create(
        project_id=order.project_id,
        order=order,
        letterhead=letterhead,
        remarks=remarks_of(order, letterhead),
        year=today.year,
        number=number,
        code=numbering.code(DocumentType.SHIPMENT, today.year, number),
        shipped_at=change.at,
        ship_date=today,
        order_number=order.number,
        order_date=order.placed_at.astimezone(zone).date(),
        buyer=order.buyer,
        address=address,
        carrier=carrier or order.shipping_title,
        tracking_number=tracking_number,
    )


def take_shipment_back(
    shipment_id: int, *, seen: int | None = None, actor_id: int | None = None, reason: str = ""
) -> None:
    """The goods never left, or are back: the units wait for stock again, and what had left is on hand.

    The shipment keeps its number and says it is cancelled. Invoices stand as they are.
    """
    order_id = Shipment.objects.values_list("order_id", flat=True).get(pk=shipment_id)
    with opened(order_id, seen=seen, actor_id=actor_id) as change:
        shipment = Shipment.objects.get(pk=shipment_id)
        if shipment.cancelled_at:
            raise ChangeRefused(f"Shipment {shipment.code} is cancelled already.")
        for part in shipment.lines.order_by("pk"):
            take_back(change, change.line(part.order_line_id), part.quantity, part.pk, moved=not shipment.historical)
        shipment.cancelled_at = change.at
        shipment.save(update_fields=["cancelled_at"])
        if change.order.status == OrderStatus.COMPLETE:
            change.set("status", OrderStatus.PROCESSING)
        change.note(EventKind.UNSHIPPED, lifecycle.because(f"Shipment {shipment.code} cancelled", reason))
        announcements.tell(change.order, AnnouncementKind.SHIPPED, change.at)


def set_tracking(
    shipment_id: int, carrier: str, tracking_number: str, *, seen: int | None = None, actor_id: int | None = None
) -> None:
    """Carrier and tracking number of a shipment, which may come after it left."""
    order_id = Shipment.objects.values_list("order_id", flat=True).get(pk=shipment_id)
    with opened(order_id, seen=seen, actor_id=actor_id) as change:
        shipment = Shipment.objects.get(pk=shipment_id)
        if (shipment.carrier, shipment.tracking_number) == (carrier, tracking_number):
            return
        change.tell(f"{shipment.code}: carrier", shipment.carrier, carrier)
        change.tell(f"{shipment.code}: tracking number", shipment.tracking_number, tracking_number)
        shipment.carrier, shipment.tracking_number = carrier, tracking_number
        shipment.save(update_fields=["carrier", "tracking_number"])
        change.note(EventKind.EDITED, f"Tracking of shipment {shipment.code} changed.")
        announcements.tell(change.order, AnnouncementKind.SHIPPED, change.at)
