"""What a shop is to know of a shipment, a payment or a document of one of its orders, as its connector takes it."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from hashlib import sha256

from django.conf import settings
from django.db.models import Max
from django.urls import reverse

from integrations.connectors.outward import Dispatch, DispatchLine, Paid, Paper
from integrations.importing.code_names import names_of
from integrations.models import CarrierMapping, Integration
from orders.choices import DocumentType
from orders.models import Invoice, Order, OrderLine, Shipment, ShipmentLine


@dataclass(frozen=True)
class Carriers:
    """Codes of a shop by the carriers here."""

    integration_id: int

    def code_of(self, title: str) -> str:
        """The shop's code of a carrier; "" where nobody has said."""
        known = CarrierMapping.objects.filter(integration=self.integration_id).values_list("carrier", "code")
        # Compared without regard to case: people type carriers as they like.
        return names_of((carrier.casefold(), code) for carrier, code in known).of(title.casefold())


def dispatch_of(integration: Integration, shipment: Shipment, order_id: str) -> Dispatch:
    """The shipment as the shop is to know it now. `order_id`: what the shop calls the order."""
    shops = integration.connector.outward.shipments
    whole = completes(shipment)
    parts: Iterable[ShipmentLine] = shipment.lines.select_related("order_line").order_by("pk")
    if whole and shops is not None and not shops.parts:  # the one letter tells of all that has left
        parts = ShipmentLine.objects.filter(
            shipment__order=shipment.order_id, shipment__cancelled_at=None, shipment__historical=False
        ).select_related("order_line")
    return Dispatch(
        reference=shipment.code,
        order_id=order_id,
        lines=_lines(parts),
        completes=whole,
        carrier=Carriers(integration.pk).code_of(shipment.carrier),
        carrier_title=shipment.carrier,
        tracking_number=shipment.tracking_number,
        shipped_at=shipment.shipped_at,
        tell_buyer=integration.tells_buyers,
    )


def _lines(parts: Iterable[ShipmentLine]) -> tuple[DispatchLine, ...]:
    """Lines that were added here have no id in the shop, and nothing to be told of."""
    units: dict[tuple[str, str], int] = {}
    for part in parts:
        line = part.order_line
        if line.key:
            units[(line.key, line.sku)] = units.get((line.key, line.sku), 0) + part.quantity
    return tuple(DispatchLine(key, sku, count) for (key, sku), count in units.items())


def completes(shipment: Shipment) -> bool:
    """Whether nothing of its order is left to send after this shipment, which is the newest."""
    if shipment.cancelled_at is not None:
        return False
    lines = OrderLine.objects.filter(order=shipment.order_id)
    left = any(
        line.reserved or line.waiting or (line.product_id is None and line.quantity > line.shipped + line.cancelled)
        for line in lines
    )
    newest = Shipment.objects.filter(order=shipment.order_id, cancelled_at=None).aggregate(newest=Max("pk"))["newest"]
    return not left and newest == shipment.pk


def digest_of_shipment(shipment: Shipment, parts: Sequence[ShipmentLine]) -> str:
    """Changes whenever a shop would have to be told something else of the shipment."""
    lines = sorted((part.order_line_id, part.quantity) for part in parts)
    known = (shipment.carrier, shipment.tracking_number, shipment.cancelled_at is None, lines)
    return sha256(repr(known).encode()).hexdigest()


def paid_of(order: Order) -> Paid:
    invoice = Invoice.objects.filter(order=order, document_type=DocumentType.INVOICE).order_by("-pk").first()
    reference = invoice.code if invoice is not None else order.number
    return Paid(reference, order.total, order.currency, order.paid_at or order.updated_at)


def paper_of(invoice: Invoice) -> Paper:
    """With the link by which people here open it; none where nobody has said what this site is called."""
    path = reverse("admin:orders_invoice_pdf", args=[invoice.pk])
    url = f"{settings.PUBLIC_URL}{path}" if settings.PUBLIC_URL else ""
    return Paper(invoice.code, str(invoice.get_document_type_display()), url)
