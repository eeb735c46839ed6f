"""What a stored document prints: read from its own snapshot and the letterhead it was issued with, nothing else."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from decimal import Decimal
from typing import Any

from django.conf import settings
from django.utils.translation import gettext, override

from config.kit.money import money, stored_money
from config.kit.postal import address_lines
from orders.choices import DocumentType, Layout
from orders.documents.paper.first_layout import first_invoice, first_slip
from orders.documents.paper.sheets import Column, Sheet, day, letterhead_parts
from orders.documents.remarks import NOTE
from orders.models import Invoice, Letterhead, Shipment


def of_invoices(ids: Sequence[int]) -> list[Sheet]:
    """The sheets of these invoices and credit notes, by number."""
    rows = (
        Invoice.objects.filter(pk__in=ids)
        .select_related("letterhead", "corrects")
        .order_by("year", "document_type", "number")
    )
    with override(settings.LANGUAGE_CODE):
        return [invoice_sheet(row) for row in rows]


def of_shipments(ids: Sequence[int]) -> list[Sheet]:
    """The packing slips of these shipments, by number."""
    rows = Shipment.objects.filter(pk__in=ids).select_related("letterhead").prefetch_related("lines")
    with override(settings.LANGUAGE_CODE):
        return [slip_sheet(row) for row in rows.order_by("year", "number")]


def sample(letterhead: Letterhead) -> Sheet:
    """An invoice nobody got, to look at a letterhead."""
    day = letterhead.created_at.date()
    line = {
        "sku": "A-17",
        "name": gettext("A sample"),
        "quantity": 2,
        "unit_price": "50",
        "total": "100",
        "tax": "21",
        "rate": "21",
    }
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
        return invoice_sheet(row)


def invoice_sheet(row: Invoice) -> Sheet:
    """Of an invoice or credit note in its own layout, in the language that is active."""
    if row.layout == Layout.FIRST:
        return first_invoice(row)
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
        recipient=tuple(address_lines(row.billing, settings.LANGUAGE_CODE)) or (row.buyer,),
        facts=tuple((label, text) for label, text in facts if text),
        columns=(
            Column(gettext("SKU"), 0.13),
            Column(gettext("Item"), 0),
            Column(gettext("Quantity"), 0.09, is_number=True),
            Column(gettext("Unit price"), 0.12, is_number=True),
            Column(gettext("Net"), 0.12, is_number=True),
            Column(gettext("Rate"), 0.07, is_number=True),
            Column(gettext("Tax"), 0.11, is_number=True),
        ),
        rows=tuple(_charged(line, row.currency) for line in row.lines),
        rates=_by_rate(row),
        totals=(
            (gettext("Without tax"), money(row.total - row.tax_total, row.currency)),
            (gettext("Tax"), money(row.tax_total, row.currency)),
            (gettext("Total") if is_invoice else gettext("Total credited"), money(row.total, row.currency)),
        ),
        written_at=row.issued_at,
        remark=row.reason,
        page_label=gettext("Page %(page)s of %(pages)s"),
        marks=True,
    )


def _charged(line: dict[str, Any], currency: str) -> tuple[str, ...]:
    price, net, tax = (stored_money(line.get(name), currency) for name in ("unit_price", "total", "tax"))
    quantity = line.get("quantity") or "–"  # an amount of a line, of which no unit comes back
    return (line["sku"], line["name"], str(quantity), price if line.get("quantity") else "–", net, _rate(line), tax)


def _rate(line: dict[str, Any]) -> str:
    rates = {part.get("rate", "") for part in line.get("shares") or [line]}
    rate = rates.pop() if len(rates) == 1 else ""
    return f"{rate}\u00a0%" if rate else "–"


def sums_by_rate(row: Invoice) -> dict[str, tuple[Decimal, Decimal]]:
    """Net amount and tax of a paper by rate, as its lines have them; "" of those that have no rate."""
    sums: dict[str, tuple[Decimal, Decimal]] = {}
    for line in row.lines:
        for part in line.get("shares") or [line]:
            net, tax = sums.get(part.get("rate") or "", (Decimal(0), Decimal(0)))
            sums[part.get("rate") or ""] = (net + Decimal(part["total"]), tax + Decimal(part["tax"]))
    return sums


def _by_rate(row: Invoice) -> tuple[tuple[str, ...], ...]:
    """Heads, then net, tax and both by rate, largest first; together the totals. None where all have one rate."""
    sums = sums_by_rate(row)
    if len(sums) < 2:
        return ()
    heads = (gettext("Rate of tax"), gettext("Net"), gettext("Tax"), gettext("With tax"))
    ordered = sorted(sums.items(), key=lambda each: Decimal(each[0] or -1), reverse=True)
    return heads, *(
        (
            f"{rate}\u00a0%" if rate else gettext("Without a rate"),
            *(money(amount, row.currency) for amount in (net, tax, net + tax)),
        )
        for rate, (net, tax) in ordered
    )


def slip_sheet(row: Shipment) -> Sheet:
    """Of a shipment in its own layout, in the language that is active."""
    if row.layout == Layout.FIRST:
        return first_slip(row)
    sheet = first_slip(row)
    return replace(
        sheet,
        barcode=row.order_number if row.layout >= Layout.THIRD else "",
        recipient=tuple(address_lines(row.address, settings.LANGUAGE_CODE)) or (row.buyer,),
        remarks=tuple((gettext(label) if label == NOTE else label, text) for label, text in row.remarks),
        marks=True,
    )
