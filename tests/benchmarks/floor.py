"""The COPY floor: the rows a run wrote, written again by nothing but psycopg."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Self

from django.db import connection, transaction
from psycopg import sql

TABLES = {
    # table: how its rows are assigned to the page of their order
    "integrations_remoteorder": "id",
    "orders_customer": None,
    "orders_duecustomer": None,
    "orders_order": "remote_order_id",
    "orders_orderline": "(SELECT remote_order_id FROM orders_order o WHERE o.id = order_id)",
    "orders_ordereffect": "(SELECT remote_order_id FROM orders_order o WHERE o.id = order_id)",
    "orders_orderevent": "(SELECT remote_order_id FROM orders_order o WHERE o.id = order_id)",
    "orders_announcement": "(SELECT remote_order_id FROM orders_order o WHERE o.id = order_id)",
    "stock_reservation": "(SELECT remote_order_id FROM orders_order o JOIN orders_orderline l ON l.order_id = o.id"
    " WHERE l.id = reference)",
}
# What a bulk import of history writes, by order.
HISTORY = {
    "orders_customer": None,
    "orders_duecustomer": None,
    "orders_order": "id",
    "orders_orderline": "order_id",
    "orders_orderevent": "order_id",
}
# Where rows have no id, what else they come by.
ORDER = {"orders_duecustomer": "customer_id"}
AS_TEXT = {"jsonb": "::text", "tsvector": "::text"}

Row = tuple[Any, ...]
Page = dict[str, list[Row]]
Columns = dict[str, list[tuple[str, str]]]


@dataclass
class Floor:
    """Per page: the rows of each table, and the units reserved per stock level."""

    columns: dict[str, list[str]]
    pages: list[Page]
    reserved: list[dict[int, int]]
    rows: dict[str, int]
    project_id: int

    @classmethod
    def of_what_is_there(cls, project_id: int, page_size: int) -> Self:
        """Read back what the run before wrote, page by page (a page is `page_size` remote orders)."""
        columns, pages = _pages(TABLES, "integrations_remoteorder", page_size)
        reserved: list[dict[int, int]] = []
        level = [name for name, _ in columns["stock_reservation"]].index("level_id")
        units = [name for name, _ in columns["stock_reservation"]].index("quantity")
        for held in pages:
            sums: dict[int, int] = {}
            for row in held["stock_reservation"]:
                sums[row[level]] = sums.get(row[level], 0) + row[units]
            reserved.append(sums)
        return cls._of(columns, pages, reserved, project_id)

    @classmethod
    def of_history(cls, project_id: int, page_size: int) -> Self:
        """The same for a bulk import of history, which touches no stock (a page is `page_size` orders)."""
        columns, pages = _pages(HISTORY, "orders_order", page_size)
        return cls._of(columns, pages, [{} for _ in pages], project_id)

    @classmethod
    def _of(cls, columns: Columns, pages: list[Page], reserved: list[dict[int, int]], project_id: int) -> Self:
        names = {table: [name for name, _ in found] for table, found in columns.items()}
        rows = {table: sum(len(page[table]) for page in pages) for table in columns}
        return cls(names, pages, reserved, rows, project_id)

    def write(self) -> None:
        for page, reserved in zip(self.pages, self.reserved, strict=True):
            with transaction.atomic(), connection.cursor() as cursor:
                levels = sorted(reserved)
                cursor.execute("SELECT id FROM stock_stocklevel WHERE id = ANY(%s) ORDER BY id FOR UPDATE", [levels])
                for table, rows in page.items():
                    statement = sql.SQL("COPY {} ({}) FROM STDIN").format(
                        sql.Identifier(table), sql.SQL(", ").join(map(sql.Identifier, self.columns[table]))
                    )
                    with cursor.copy(statement) as copy:
                        for row in rows:
                            copy.write_row(row)
                cursor.execute(
                    "UPDATE stock_stocklevel l SET reserved = l.reserved + n.units"
                    " FROM unnest(%s::bigint[], %s::int[]) AS n (id, units) WHERE l.id = n.id",
                    [levels, [reserved[level] for level in levels]],
                )


def _pages(tables: dict[str, str | None], anchor: str, page_size: int) -> tuple[Columns, list[Page]]:
    """The rows of these tables by page; rows of `anchor`, in the order of their ids, make the pages."""
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT id FROM {anchor} ORDER BY id")
        page_of = {row[0]: index // page_size for index, row in enumerate(cursor.fetchall())}
        count = 1 + max(page_of.values())
        pages: list[Page] = [{table: [] for table in tables} for _ in range(count)]
        columns = {table: _columns(cursor, table) for table in tables}
        for table, key in tables.items():
            for row, page in _rows(cursor, table, key, columns[table], page_of, count):
                pages[page][table].append(row)
    return columns, pages


def _columns(cursor: Any, table: str) -> list[tuple[str, str]]:
    cursor.execute(
        "SELECT column_name, udt_name FROM information_schema.columns WHERE table_name = %s ORDER BY ordinal_position",
        [table],
    )
    return list(cursor.fetchall())


def _rows(
    cursor: Any, table: str, key: str | None, columns: list[tuple[str, str]], page_of: dict[int, int], pages: int
) -> list[tuple[Row, int]]:
    listed = ", ".join(f'"{name}"{AS_TEXT.get(kind, "")}' for name, kind in columns)
    cursor.execute(f"SELECT {key or 'NULL'}, {listed} FROM {table} ORDER BY {ORDER.get(table, 'id')}")
    fetched = cursor.fetchall()
    if key is None:  # customers: spread evenly, as they came
        return [(row[1:], index * pages // len(fetched)) for index, row in enumerate(fetched)]
    return [(row[1:], page_of[row[0]]) for row in fetched]
