"""The only writer of stock levels, reservations and movements. Everything here runs in the caller's transaction.

Whoever changes a project's stock first takes `lock_project`: one writer at a time per project, so that no two
transactions can lock rows in different orders. Levels are read FOR UPDATE in id order besides, and the table's CHECK is
the last net.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from config.kit import locks
from config.kit.locks import ProjectLock
from config.kit.refusals import Refused
from config.kit.sql import copy_rows, execute
from stock.availability import Level
from stock.catalogue import default_warehouse
from stock.choices import MovementReason
from stock.models import Reservation, StockMovement


class StockError(Refused):
    """A change the stock does not allow; the message is for staff."""


@dataclass(frozen=True)
class Change:
    """Units coming or going for one product, with the reason people see in the movement ledger."""

    product_id: int
    quantity: int
    reason: MovementReason
    note: str = ""
    reference: int | None = None


def lock_project(project_id: int) -> None:
    """Wait until this transaction is the only one that changes the project's stock."""
    locks.lock_project(ProjectLock.STOCK, project_id)


def lock_levels(project_id: int, product_ids: Iterable[int]) -> dict[int, Level]:
    """The products' levels in the default warehouse, locked in id order; by product id."""
    wanted = list(product_ids)
    if not wanted:
        return {}
    rows = execute(
        "SELECT product_id, id, on_hand, reserved FROM stock_stocklevel"
        " WHERE warehouse_id = %s AND product_id = ANY(%s) ORDER BY id FOR UPDATE",
        [default_warehouse(project_id), wanted],
    )
    return {product_id: Level(level_id, on_hand, reserved) for product_id, level_id, on_hand, reserved in rows}


def write_levels(levels: Iterable[Level]) -> None:
    """Write what `take` and `issue` counted, in one statement."""
    changed = [level for level in levels if level.taken or level.issued]
    if changed:
        execute(
            "UPDATE stock_stocklevel AS level SET reserved = level.reserved + new.taken,"
            " on_hand = level.on_hand - new.issued"
            " FROM unnest(%s::bigint[], %s::int[], %s::int[]) AS new (id, taken, issued) WHERE level.id = new.id",
            [[level.id for level in changed], [level.taken for level in changed], [level.issued for level in changed]],
        )


def record_reservations(rows: Sequence[tuple[int, int, int]]) -> None:
    """New reservations as (level id, reference, quantity)."""
    if rows:
        copy_rows(Reservation, ("level_id", "reference", "quantity"), rows)


def grow_reservations(rows: Sequence[tuple[int, int, int]]) -> None:
    """More units for references that may or may not hold some already: (level id, reference, quantity)."""
    if rows:
        level_ids, references, quantities = zip(*rows, strict=True)
        execute(
            "INSERT INTO stock_reservation AS held (level_id, reference, quantity)"
            " SELECT * FROM unnest(%s::bigint[], %s::bigint[], %s::int[])"
            " ON CONFLICT (reference) DO UPDATE SET quantity = held.quantity + excluded.quantity",
            [list(level_ids), list(references), list(quantities)],
        )


def drop_reservations(references: Sequence[int]) -> None:
    """Let go of everything these references hold."""
    if references:
        execute("DELETE FROM stock_reservation WHERE reference = ANY(%s)", [list(references)])


def record_movements(
    project_id: int, rows: Iterable[tuple[int, Change]], at: datetime, actor_id: int | None = None
) -> None:
    """Movements as (level id, change)."""
    copy_rows(
        StockMovement,
        ("project_id", "level_id", "quantity", "reason", "reference", "note", "actor_id", "at"),
        [
            (project_id, level_id, change.quantity, str(change.reason), change.reference, change.note, actor_id, at)
            for level_id, change in rows
        ],
    )


def move(project_id: int, changes: Sequence[Change], at: datetime, actor_id: int | None = None) -> dict[int, Level]:
    """Book receipts and adjustments; the levels afterwards, by product id. Raises StockError, nothing written."""
    wanted: dict[int, int] = {}
    for change in changes:
        wanted[change.product_id] = wanted.get(change.product_id, 0) + change.quantity
    levels = lock_levels(project_id, wanted)
    _check(levels, wanted)
    for product_id, quantity in wanted.items():
        levels[product_id].issued -= quantity
    write_levels(levels.values())
    record_movements(project_id, [(levels[change.product_id].id, change) for change in changes], at, actor_id)
    return {
        product_id: Level(level.id, level.on_hand - level.issued, level.reserved)
        for product_id, level in levels.items()
    }


def _check(levels: Mapping[int, Level], wanted: Mapping[int, int]) -> None:
    for product_id, quantity in wanted.items():
        level = levels.get(product_id)
        if level is None:
            raise StockError("This product has no stock level in the default warehouse.")
        if quantity == 0:
            raise StockError("A movement of zero units changes nothing: enter another quantity.")
        if level.available + quantity < 0:
            raise StockError(
                f"Only {level.available} unit(s) are free ({level.on_hand} on hand, {level.reserved} reserved):"
                f" {-quantity} cannot be taken away."
            )
        if level.on_hand + quantity > 1_000_000_000:
            raise StockError("More than a billion units: enter a smaller quantity.")
