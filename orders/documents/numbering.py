"""Gapless numbers: a row per project, document type and year, its last number moved in the same transaction."""

from __future__ import annotations

from config.kit.sql import execute
from orders.choices import DOCUMENT_PREFIX, DocumentType


def take_range(project_id: int, document_type: DocumentType, year: int, count: int) -> range:
    """The next `count` numbers. Locks the series until the transaction ends, so it is taken last."""
    rows = execute(
        "INSERT INTO orders_numberseries AS series (project_id, document_type, year, last) VALUES (%s, %s, %s, %s)"
        " ON CONFLICT (project_id, document_type, year) DO UPDATE SET last = series.last + excluded.last"
        " RETURNING last",
        [project_id, str(document_type), year, count],
    )
    last = rows[0][0]
    return range(last - count + 1, last + 1)


def code(document_type: DocumentType, year: int, number: int) -> str:
    """As printed: IN2026000001."""
    return f"{DOCUMENT_PREFIX[document_type]}{year}{number:06d}"
