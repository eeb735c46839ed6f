"""What stands on a document, ready to be set: texts only, amounts and dates written out."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime


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
