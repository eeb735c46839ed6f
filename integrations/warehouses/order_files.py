"""Rows of a marketplace's order file: grouped by order, and taken in like the orders of any shop.

Each order becomes a document of our own shape, which is judged by the rules, mappings and lists of its integration and
kept as a remote order: a second file with the same order makes no second one. An order of which one row cannot be read
is left out as a whole.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from itertools import groupby
from typing import Any

import msgspec

from config.kit.isolating import apart
from integrations.connectors.files.payload import FileLine, FileOrder, FilePlace
from integrations.importing import remote_orders
from integrations.importing.orders_page import import_page
from integrations.importing.payloads import read_page
from integrations.models import ExchangedFile, FileFeed
from integrations.runs.pages import RunPage, Written
from integrations.warehouses.row_work import Booked
from integrations.warehouses.typed_rows import TypedRow

HEAD = (
    "placed_at", "status", "currency", "total", "shipping_total", "shipping_tax", "payment", "shipping_method", "email",
    "phone", "note",
)  # fmt: skip


class OrderRows:
    together = "order"
    in_one_place = True

    def faults(self, feed: FileFeed, rows: Sequence[TypedRow]) -> dict[int, str]:
        errors = {row.number: fault for row in rows if (fault := _fault(row))}
        first: dict[str, int] = {}
        for row in rows:
            if row.number in errors and "order" in row.values:
                first.setdefault(row.values["order"], row.number)
        for row in rows:
            bad = first.get(row.values.get("order", ""))
            if bad is not None and row.number not in errors:
                errors[row.number] = f"Order {row.values['order']} is left out because of row {bad}."
        return errors

    def book(self, run_id: int, feed: FileFeed, file: ExchangedFile, rows: Sequence[TypedRow]) -> Booked:
        errors = self.faults(feed, rows)
        good = [row for row in rows if row.number not in errors]
        integration = feed.feed.integration
        documents = [document(list(some)) for _, some in groupby(good, lambda row: row.values["order"])]
        candidates = read_page(
            integration.connector,
            integration.reader(),
            documents,
            lambda ids: remote_orders.digests(integration.pk, ids),
        )
        known = {each.number for each in candidates if each.unchanged}
        written = _written(run_id, import_page(integration, candidates, None))
        same = sum(row.values["order"] in known for row in good)
        counts = Counter(written.counts)
        counts["failed"] += len(errors)
        return Booked(counts, errors, same)


def _written(run_id: int, page: RunPage) -> Written:
    """The page written whole, or in parts where one order keeps it from that."""
    whole, in_parts = page.write, page.write_apart
    if whole is None or in_parts is None:
        return Written()
    return apart(lambda: whole(run_id), lambda _: in_parts(run_id))


def _fault(row: TypedRow) -> str:
    if row.fault:
        return row.fault
    named = any(row.values.get(key) for key in ("sku", "ean", "name"))
    return "" if named else "The row has neither SKU, EAN nor product name."


def document(rows: Sequence[TypedRow]) -> bytes:
    """The document of one order; what its rows repeat is taken of the first."""
    first = rows[0].values
    order = FileOrder(
        number=first["order"],
        **{key: first[key] for key in HEAD if first.get(key)},
        billing=_place(first, "billing."),
        shipping=_place(first, "shipping."),
        lines=[_line(place, row.values) for place, row in enumerate(rows, 1)],
    )
    return msgspec.json.encode(order)


def _place(values: dict[str, Any], where: str) -> FilePlace:
    given = {key.removeprefix(where): value for key, value in values.items() if key.startswith(where) and value}
    return FilePlace(**given)


def _line(place: int, values: dict[str, Any]) -> FileLine:
    return FileLine(
        sku=values.get("sku", ""),
        ean=values.get("ean", ""),
        name=values.get("name", ""),
        quantity=str(values["quantity"]),
        price=values.get("price", ""),
        total=values.get("line_total", ""),
        tax=values.get("tax", ""),
        key=str(place),
    )
