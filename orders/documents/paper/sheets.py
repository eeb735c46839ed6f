"""What stands on a document, ready to be set: texts only, amounts and dates written out."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from django.utils.formats import date_format

from orders.models import Letterhead


@dataclass(frozen=True)
class Column:
    title: str
    share: float
    """Part of the table's width; 0: what the others leave."""
    is_number: bool = False


@dataclass(frozen=True)
class Sheet:
    """One document."""

    title: str
    code: str
    company: str
    company_lines: tuple[str, ...]
    tax_ids: tuple[str, ...]
    bank_account: tuple[str, ...]
    footer: str
    logo: bytes | None
    """A PNG."""
    recipient_label: str
    recipient: tuple[str, ...]
    facts: tuple[tuple[str, str], ...]
    columns: tuple[Column, ...]
    rows: tuple[tuple[str, ...], ...]
    totals: tuple[tuple[str, str], ...]
    """(label, amount); the last one is printed large."""
    written_at: datetime
    """The file's own date, so that the same document gives the same bytes."""
    remark: str = ""
    """A sentence below the totals."""
    page_label: str = "Page %(page)s of %(pages)s"
    rates: tuple[tuple[str, ...], ...] = ()
    """Heads and a row for each rate of tax."""
    remarks: tuple[tuple[str, str], ...] = ()
    """(label, text) below the table."""
    marks: bool = False
    """Whether characters without a letter of ours are named, as “[Thai]”; the first layout prints � for each."""
    barcode: str = ""
    """Set below the facts as Code 128, for a scanner; what that code cannot say is left out."""


def letterhead_parts(row: Letterhead) -> dict[str, Any]:
    """What every sheet has of its letterhead."""
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


def day(when: date) -> str:
    """A date as it is printed."""
    return date_format(when, "DATE_FORMAT")
