"""Documents as the first release issued them, and what it printed for them, taken from its own code."""

from __future__ import annotations

import hashlib
from datetime import UTC, date, datetime
from decimal import Decimal
from io import BytesIO
from typing import Any

from pypdf import PdfReader

from orders.choices import DocumentType
from orders.models import Invoice, Letterhead, Shipment, ShipmentLine

AT = datetime(2026, 11, 3, 9, 30, tzinfo=UTC)
ADDRESS = {"first_name": "สมชาย", "last_name": "Nováková", "line_1": "Dlouhá 12", "city": "Brno", "country": "CZ"}
# Of each page's content, uncompressed, one after the other.
PRINTED = {
    "invoice": "dd71277e6eddb02b44de8079bbe6541c3512859cad9c7c6d642b485355ffcd97",
    "credit note": "d9ef66b2af1daaaa399438f0840fdaa4aef5d8ab00fe712639b6b99d93f657d9",
    "slip": "5b25a33c2a239b7e7c09883c42ea37fd78ed9f801bb9f071962736cea923d0b6",
}


def letterhead() -> Letterhead:
    texts = {"company": "Zahradní domov s.r.o.", "address": "Dlouhá 12\n602 00 Brno", "tax_ids": "VAT ID: CZ1"}
    return Letterhead(bank_account="IBAN: CZ65 0800", footer="Thank you.", created_at=AT, **texts)


def first_invoice(**values: Any) -> Invoice:
    lines: list[dict[str, Any]] = [
        {"sku": "A-17", "name": "Green tea 🍵", "quantity": 3, "unit_price": "3.33", "total": "10.00", "tax": "2.10"},
        {"sku": "", "name": "Rounding and other", "quantity": 1, "unit_price": "0.01", "total": "0.01", "tax": "0"},
    ]
    fields: dict[str, Any] = {
        "document_type": DocumentType.INVOICE, "code": "IN2026000001", "issued_at": AT, "issue_date": date(2026, 11, 3),
        "order_number": "1042", "order_date": date(2026, 11, 2), "buyer": "Jana", "billing": ADDRESS,
        "payment_title": "Card", "currency": "EUR", "total": Decimal("12.11"), "tax_total": Decimal("2.11"),
        "lines": lines, "reason": "",
    }  # fmt: skip
    return Invoice(letterhead=letterhead(), **(fields | values))


def first_credit_note(**values: Any) -> Invoice:
    note = {"document_type": DocumentType.CREDIT_NOTE, "code": "CR2026000001", "reason": "Broken"}
    return first_invoice(corrects=first_invoice(), **note, **values)


def first_slip(**values: Any) -> Shipment:
    slip = Shipment(
        pk=1,
        letterhead=letterhead(), code="SH2026000001", shipped_at=AT, ship_date=date(2026, 11, 3), order_number="1042",
        order_date=date(2026, 11, 2), buyer="Jana", address=ADDRESS, carrier="DHL", tracking_number="T1", **values,
    )  # fmt: skip
    lines = ShipmentLine.objects.none()
    lines._result_cache = [ShipmentLine(pk=1, sku="A-17", name="Green tea 🍵", quantity=3)]
    vars(slip)["_prefetched_objects_cache"] = {"lines": lines}
    return slip


def printed(file: bytes) -> str:
    """A digest of what stands on the pages, apart from how it is compressed."""
    pages = (page.get_contents() for page in PdfReader(BytesIO(file)).pages)
    return hashlib.sha256(b"".join(content.get_data() for content in pages if content is not None)).hexdigest()
