"""Tracking numbers as carriers' programs export them: “order number; carrier; tracking number”, one a line."""

from __future__ import annotations

from dataclasses import dataclass, field

from config.kit.pasted_rows import rows_of
from orders.models import Preparation
from orders.preparing.leaving import set_parcel

LONGEST_CARRIER, LONGEST_TRACKING = 200, 100
# First cells of a line with names of columns.
HEADS = frozenset({"order", "order number", "order no.", "number", "order_number"})


@dataclass
class TakenOver:
    """What became of the rows."""

    count: int = 0
    errors: list[str] = field(default_factory=list)
    """A sentence for each row that was not taken over, with its number."""
    left: list[str] = field(default_factory=list)
    """Those rows as they came."""


def take_over(preparation: Preparation, text: str) -> TakenOver:
    """Keep what the rows say of the preparation's orders. Faulty rows are told of; the others are taken over."""
    rows = preparation.orders.select_related("order")
    known: dict[str, list[int]] = {}
    shipped = set()
    for row in rows:
        known.setdefault(row.order.number.casefold(), []).append(row.pk)
        if row.shipment_id:
            shipped.add(row.pk)
    done, seen = TakenOver(), dict[str, int]()
    lines = text.splitlines()
    for number, cells in rows_of(text):
        if not seen and not done.errors and cells[0].casefold() in HEADS:
            continue
        key = cells[0].lstrip("#").casefold() if cells[0].casefold() not in known else cells[0].casefold()
        found = known.get(key, [])
        if why := _fault(cells, found, shipped) or _twice(key, seen):
            done.errors.append(f"Row {number}: {why}")
            done.left.append(lines[number - 1])
            continue
        seen[key] = number
        set_parcel(found[0], cells[1], cells[2])
        done.count += 1
    return done


def _fault(cells: list[str], found: list[int], shipped: set[int]) -> str:
    if len(cells) != 3:
        return "write three cells: order number; carrier; tracking number. The carrier may be empty."
    number, carrier, tracking = cells
    if not found:
        return f"there is no order “{number[:60]}” in this preparation."
    if len(found) > 1:
        return f"several orders of this preparation have the number “{number[:60]}”: type it into the table."
    if found[0] in shipped:
        return f"order {number[:60]} is shipped already: change the tracking number on its shipment."
    if len(carrier) > LONGEST_CARRIER:
        return f"the carrier is longer than {LONGEST_CARRIER} characters."
    if len(tracking) > LONGEST_TRACKING:
        return f"the tracking number is longer than {LONGEST_TRACKING} characters."
    return "" if tracking else "the tracking number is missing."


def _twice(key: str, seen: dict[str, int]) -> str:
    return f"the order stands in row {seen[key]}, too: keep one of them." if key in seen else ""
