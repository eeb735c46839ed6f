"""All that the database says, as text: what a person with a copy of it could read."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from config.kit.sql import execute
from tests.reading_pdf import pages_of


def columns() -> Iterator[tuple[str, str, list[str]]]:
    """Every column of every table: (table, column, its values as text)."""
    named = execute(
        "SELECT table_name, column_name, data_type FROM information_schema.columns JOIN information_schema.tables"
        " USING (table_schema, table_name) WHERE table_schema = 'public' AND table_type = 'BASE TABLE' ORDER BY 1, 2"
    )
    for table, column, kind in named:
        read = column if kind == "bytea" else f"{column}::text"
        rows = execute(f"SELECT {read} FROM {table} WHERE {column} IS NOT NULL")
        yield table, column, [text for (value,) in rows for text in texts(value)]


def texts(value: Any) -> list[str]:
    if isinstance(value, str):
        return [value]
    data = bytes(value)
    return [data.decode(errors="replace"), *(pages_of(data) if data.startswith(b"%PDF-") else [])]


def named(canaries: dict[str, str]) -> dict[str, set[str]]:
    """Where canaries are: {"table.column": names of the canaries}."""
    found: dict[str, set[str]] = {}
    for table, column, values in columns():
        for text in values:
            low = text.lower()
            for name, canary in canaries.items():
                if canary.lower() in low:
                    found.setdefault(f"{table}.{column}", set()).add(name)
    return found
