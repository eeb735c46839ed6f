"""Packing slips of orders that are prepared: those of their shipments, else what is going to leave."""

from __future__ import annotations

from collections.abc import Iterable

from django.conf import settings
from django.utils.translation import gettext, override

from config.kit.postal import address_lines
from orders.documents import letterheads
from orders.documents.paper.contents import slip_sheet
from orders.documents.paper.sheets import Column, Sheet, day, letterhead_parts
from orders.documents.remarks import NOTE, remarks_of
from orders.models import Letterhead, Preparation, PreparedOrder


def of_preparation(preparation: Preparation) -> list[Sheet]:
    """A slip for each order, by its position. One that is not shipped carries the order's number."""
    rows = preparation.orders.select_related("order", "shipment__letterhead").prefetch_related(
        "lines__order_line", "shipment__lines"
    )
    project = preparation.project
    head = letterheads.newest(project.pk) or Letterhead(company=project.account.name, slip_keys="")
    with override(settings.LANGUAGE_CODE):
        found = list(rows)
        return [slip_sheet(row.shipment) if row.shipment else _ahead(row, head, len(found)) for row in found]


def _ahead(row: PreparedOrder, head: Letterhead, count: int) -> Sheet:
    order, lines = row.order, list(row.lines.all())
    address = next((line.order_line.shipping for line in lines if line.order_line.shipping), None) or order.shipping
    facts: Iterable[tuple[str, str]] = (
        (gettext("Order"), order.number),
        (gettext("Ordered"), day(order.placed_at.astimezone(order.project.zone).date())),
        (gettext("Parcel"), gettext("%(position)s of %(count)s") % {"position": row.position, "count": count}),
        (gettext("Carrier"), row.carrier or order.shipping_title),
        (gettext("Tracking number"), row.tracking_number),
    )
    units = sum(line.units for line in lines)
    return Sheet(
        title=gettext("Packing slip"),
        code=order.number,
        **letterhead_parts(head),
        recipient_label=gettext("Ship to"),
        recipient=tuple(address_lines(address or order.billing, settings.LANGUAGE_CODE)) or (order.buyer,),
        facts=tuple((label, text) for label, text in facts if text),
        columns=(
            Column(gettext("SKU"), 0.22),
            Column(gettext("Item"), 0),
            Column(gettext("Quantity"), 0.14, is_number=True),
        ),
        rows=tuple((line.order_line.sku, line.order_line.name, str(line.units)) for line in lines),
        totals=((gettext("Units"), f"{units:,}"),),
        written_at=row.preparation.created_at,
        page_label=gettext("Page %(page)s of %(pages)s"),
        remarks=tuple((gettext(label) if label == NOTE else label, text) for label, text in remarks_of(order, head)),
        marks=True,
        barcode=order.number,
    )
