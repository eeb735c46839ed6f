"""The first layout: documents issued with it print as they did then, so nothing here is changed any more."""

from __future__ import annotations

from typing import Any

from django.utils.translation import gettext

from config.kit.money import money, stored_money
from config.kit.postal import address_lines
from orders.choices import DocumentType
from orders.documents.paper.sheets import Column, Sheet, day, letterhead_parts
from orders.models import Invoice, Shipment


def first_invoice(row: Invoice) -> Sheet:
    """Of an invoice or credit note."""
    facts = [
        (gettext("Number"), row.code),
        (gettext("Issued"), day(row.issue_date)),
        (gettext("Order"), row.order_number),
        (gettext("Ordered"), day(row.order_date)),
        (gettext("Payment"), row.payment_title),
        (gettext("Invoice"), row.corrects.code if row.corrects else ""),
    ]
    is_invoice = row.document_type == DocumentType.INVOICE
    return Sheet(
        title=str(row.get_document_type_display()),
        code=row.code,
        **letterhead_parts(row.letterhead),
        recipient_label=gettext("Billed to") if is_invoice else gettext("Credited to"),
        recipient=tuple(address_lines(row.billing)) or (row.buyer,),
        facts=tuple((label, text) for label, text in facts if text),
        columns=(
            Column(gettext("SKU"), 0.14),
            Column(gettext("Item"), 0),
            Column(gettext("Quantity"), 0.1, is_number=True),
            Column(gettext("Unit price"), 0.12, is_number=True),
            Column(gettext("Net"), 0.12, is_number=True),
            Column(gettext("Tax"), 0.11, is_number=True),
        ),
        rows=tuple(_charged(line, row.currency) for line in row.lines),
        totals=(
            (gettext("Without tax"), money(row.total - row.tax_total, row.currency)),
            (gettext("Tax"), money(row.tax_total, row.currency)),
            (gettext("Total") if is_invoice else gettext("Total credited"), money(row.total, row.currency)),
        ),
        written_at=row.issued_at,
        remark=row.reason,
        page_label=gettext("Page %(page)s of %(pages)s"),
    )


def _charged(line: dict[str, Any], currency: str) -> tuple[str, ...]:
    amounts = (stored_money(line.get(name), currency) for name in ("unit_price", "total", "tax"))
    return (str(line.get("sku", "")), str(line.get("name", "")), str(line.get("quantity", "")), *amounts)


def first_slip(row: Shipment) -> Sheet:
    """Of a shipment; the second layout adds to it."""
    lines = list(row.lines.all())
    units = sum(line.quantity for line in lines)
    facts = [
        (gettext("Number"), row.code),
        (gettext("Shipped"), day(row.ship_date)),
        (gettext("Order"), row.order_number),
        (gettext("Ordered"), day(row.order_date)),
        (gettext("Carrier"), row.carrier),
        (gettext("Tracking number"), row.tracking_number),
    ]
    return Sheet(
        title=gettext("Packing slip"),
        code=row.code,
        **letterhead_parts(row.letterhead),
        recipient_label=gettext("Shipped to"),
        recipient=tuple(address_lines(row.address)) or (row.buyer,),
        facts=tuple((label, text) for label, text in facts if text),
        columns=(
            Column(gettext("SKU"), 0.22),
            Column(gettext("Item"), 0),
            Column(gettext("Quantity"), 0.14, is_number=True),
        ),
        rows=tuple((line.sku, line.name, str(line.quantity)) for line in sorted(lines, key=lambda line: line.pk)),
        totals=((gettext("Units"), f"{units:,}"),),
        written_at=row.shipped_at,
        remark=gettext("This shipment was cancelled.") if row.cancelled_at else "",
        page_label=gettext("Page %(page)s of %(pages)s"),
    )
