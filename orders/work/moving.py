"""Goods of an order that is being changed leave the stock, or come back. Levels and movements follow at the end."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from orders.models import OrderLine
from orders.work.changing import ChangeRefused, Opened, open_units
from stock.choices import MovementReason
from stock.ledger import Change


def shippable(line: OrderLine) -> int:
    """Units that can leave now: what is reserved, or all that is open where no product stands behind the line."""
    return open_units(line) if line.product_id is None else line.reserved


def destinations(lines: Iterable[OrderLine]) -> list[dict[str, Any]]:
    """The addresses that lines go to, {} for the order's own; what is no goods goes along with the rest."""
    found: list[dict[str, Any]] = []
    for line in lines:
        if line.shipping not in found and (line.product_id is not None or line.shipping):
            found.append(line.shipping)
    return found


def ship_units(change: Opened, line: OrderLine, units: int, part_id: int) -> None:
    """Let reserved units leave with the shipment line `part_id`."""
    if not 0 < units <= shippable(line):
        raise ChangeRefused(f"Only {shippable(line)} × {line.sku or line.name} can be shipped now.")
    line.shipped += units
    if line.product_id is not None:
        line.reserved -= units
        change.level(line.product_id).issued += units
        note = f"Order {change.order.number}"
        change.moves.append(Change(line.product_id, -units, MovementReason.SHIPMENT, note, part_id))


def take_back(change: Opened, line: OrderLine, units: int, part_id: int, *, moved: bool) -> None:
    """Undo a shipment line: its units are open again and wait; what had left the stock (`moved`) is on hand again."""
    if units > line.shipped - line.returned:
        raise ChangeRefused(f"{line.returned} × {line.sku or line.name} came back with a credit note already.")
    line.shipped -= units
    if line.product_id is None:
        return
    line.waiting += units
    if moved:
        change.level(line.product_id).issued -= units
        note = f"Shipment of order {change.order.number} cancelled"
        change.moves.append(Change(line.product_id, units, MovementReason.RETURN, note, part_id))


def put_back(change: Opened, line: OrderLine, units: int, note: str) -> None:
    """Shipped units came back from the buyer and are on hand again; the line tells how many."""
    if not 0 < units <= line.shipped - line.returned:
        left = line.shipped - line.returned
        raise ChangeRefused(f"Only {left} × {line.sku or line.name} can come back: no more were shipped.")
    line.returned += units
    if line.product_id is not None:
        change.level(line.product_id).issued -= units
        change.moves.append(Change(line.product_id, units, MovementReason.RETURN, note))
