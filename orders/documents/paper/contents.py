"""What a stored document prints: read from its own snapshot and the letterhead it was issued with, nothing else."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from decimal import Decimal
from typing import Any

from django.conf import settings
from django.utils.formats import date_format
from django.utils.translation import gettext, override

from config.kit.money import money, stored_money
from config.kit.postal import address_lines
from orders.choices import DocumentType
from orders.documents.paper.sheets import Column, Sheet
from orders.models import Invoice, Letterhead, Shipment


def of_invoices(ids: Sequence[int]) -> list[Sheet]:
    """The sheets of these invoices and credit notes, by number."""
    rows = (
        Invoice.objects.filter(pk__in=ids)
        .select_related("letterhead", "corrects")
        .order_by("year", "document_type", "number")
    )
    with override(settings.LANGUAGE_CODE):
        return [_invoice(row) for row in rows]


def of_shipments(ids: Sequence[int]) -> list[Sheet]:
    """The packing slips of these shipments, by number."""
    rows = Shipment.objects.filter(pk__in=ids).select_related("letterhead").prefetch_related("lines")
    with override(settings.LANGUAGE_CODE):
        return [_slip(row) for row in rows.order_by("year", "number")]


def sample(letterhead: Letterhead) -> Sheet:
    """An invoice nobody got, to look at a letterhead."""
    day = letterhead.created_at.date()
    line = {"sku": "A-17", "name": gettext("A sample"), "quantity": 2, "unit_price": "50", "total": "100", "tax": "21"}
    row = Invoice(
        document_type=DocumentType.INVOICE,
        code=gettext("SAMPLE"),
        letterhead=letterhead,
        issued_at=letterhead.created_at,
        issue_date=day,
        order_number="1042",
        order_date=day,
        buyer=gettext("Name of the buyer"),
        currency=letterhead.project.currency,
        total=Decimal(121),
        tax_total=Decimal(21),
        reason="",
        lines=[line],
    )
    with override(settings.LANGUAGE_CODE):
        return _invoice(row)


def _invoice(row: Invoice) -> Sheet:
    facts = [
        (gettext("Number"), row.code),
        (gettext("Issued"), _day(row.issue_date)),
        (gettext("Order"), row.order_number),
        (gettext("Ordered"), _day(row.order_date)),
        (gettext("Payment"), row.payment_title),
        (gettext("Invoice"), row.corrects.code if row.corrects else ""),
    ]
    is_invoice = row.document_type == DocumentType.INVOICE
    return Sheet(
        title=str(row.get_document_type_display()),
        code=row.code,
        **_letterhead(row.letterhead),
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


def _slip(row: Shipment) -> Sheet:
    lines = list(row.lines.all())
    units = sum(line.quantity for line in lines)
    facts = [
        (gettext("Number"), row.code),
        (gettext("Shipped"), _day(row.ship_date)),
        (gettext("Order"), row.order_number),
        (gettext("Ordered"), _day(row.order_date)),
        (gettext("Carrier"), row.carrier),
        (gettext("Tracking number"), row.tracking_number),
    ]
    return Sheet(
        title=gettext("Packing slip"),
        code=row.code,
        **_letterhead(row.letterhead),
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


def _letterhead(row: Letterhead) -> dict[str, Any]:
    return {
        "company": row.company,
        "company_lines": _lines(row.address),
        "tax_ids": _lines(row.tax_ids),
        "bank_account": _lines(row.bank_account),
        "footer": row.footer.strip(),
        "logo": bytes(row.logo) if row.logo else None,
    }


def _lines(text: str) -> tuple[str, ...]:
    return tuple(line.strip() for line in text.splitlines() if line.strip())


def _day(day: date) -> str:
    return date_format(day, "DATE_FORMAT")
