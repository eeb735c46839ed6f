"""What must always hold of stock: each query returns the rows that break it."""

from __future__ import annotations

from dataclasses import dataclass

from config.kit.sql import execute


@dataclass(frozen=True)
class Invariant:
    """`sql` returns one row per violation, its first column a text that says where."""

    id: str
    sentence: str
    sql: str

    def violations(self, limit: int = 20) -> list[str]:
        return [str(row[0]) for row in execute(f"SELECT * FROM ({self.sql}) AS broken LIMIT %s", [limit])]  # noqa: S608  constants only


INVARIANTS = (
    Invariant(
        "S01",
        "What is on hand is the sum of the movements.",
        """SELECT 'stock level ' || level.id FROM stock_stocklevel level
           LEFT JOIN (SELECT level_id, sum(quantity) AS units FROM stock_stockmovement GROUP BY level_id) moved
             ON moved.level_id = level.id
           WHERE level.on_hand <> coalesce(moved.units, 0)""",
    ),
    Invariant(
        "S02",
        "What is reserved is the sum of the reservations.",
        """SELECT 'stock level ' || level.id FROM stock_stocklevel level
           LEFT JOIN (SELECT level_id, sum(quantity) AS units FROM stock_reservation GROUP BY level_id) held
             ON held.level_id = level.id
           WHERE level.reserved <> coalesce(held.units, 0)""",
    ),
    Invariant(
        "S03",
        "No more is reserved than is on hand, and nothing is negative.",
        "SELECT 'stock level ' || id FROM stock_stocklevel WHERE reserved < 0 OR reserved > on_hand",
    ),
    Invariant(
        "S09",
        "Every movement names its cause: a shipment line, or a note.",
        """SELECT 'movement ' || id FROM stock_stockmovement
           WHERE (reason = 'shipment' AND reference IS NULL) OR (reason <> 'shipment' AND note = '')""",
    ),
)
