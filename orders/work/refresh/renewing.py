"""The invoice of an order that was imported half-written: taken back and issued anew once the order is whole."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Any

from orders.choices import DocumentType, EventKind, OrderStatus
from orders.models import Invoice
from orders.work import crediting, invoicing
from orders.work.changing import Opened, opened

REASON = "The shop was still writing the order"


def renew_invoice(order_id: int) -> None:
    """Make the standing invoice say what the order says by now: by a credit note and another invoice.

    For an order that nobody has worked on, whose invoice the import has issued; one without an invoice gets none, nor
    does a cancelled one: where its money goes is for people to say.
    """
    with opened(order_id) as change:
        standing = invoicing.standing_invoice(order_id)
        if standing is None or change.order.status == OrderStatus.CANCELLED:
            return
        lines = invoicing.drafted(change.order, change.lines)
        if _says(standing, change, lines):
            return
        if invoicing.credited(standing) < standing.total:
            crediting.withdraw(change, standing, REASON)
        if lines:
            total, tax = invoicing.total_of(lines), invoicing.tax_of(lines)
            invoice = invoicing.write(change, DocumentType.INVOICE, lines, total, tax)
            change.note(EventKind.RENEWED, f"Invoice {invoice.code} issued instead of {standing.code}.")


def _says(invoice: Invoice, change: Opened, lines: Sequence[Mapping[str, Any]]) -> bool:
    """Whether the invoice charges exactly these lines to the order's buyer, whichever rows of the book they are."""
    order = change.order
    same_buyer = (invoice.buyer, invoice.billing, invoice.currency) == (order.buyer, order.billing, order.currency)
    return same_buyer and _charged(invoice.lines) == _charged(lines)


def _charged(lines: Sequence[Mapping[str, Any]]) -> list[tuple[Any, ...]]:
    return [(line["sku"], line["name"], line["quantity"], *map(Decimal, _amounts(line))) for line in lines]


def _amounts(line: Mapping[str, Any]) -> tuple[Any, ...]:
    return line["unit_price"], line["total"], line["tax"]
