"""What must always hold of stock: each query returns the rows that break it."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from config.kit.sql import execute

# `<line.id>`, or with the column that names the order of a row: `<line.id|line.order_id>`.
MARK = re.compile(r"<([\w.]+)(?:\|([\w.]+))?>")


@dataclass(frozen=True)
class Stretch:
    """The rows that are looked at: those with ids of a range, or those of some orders."""

    first: int = 0
    last: int = 0
    orders: Sequence[int] = ()

    def condition(self, mark: re.Match[str]) -> str:
        if self.orders:
            return f"{mark[2]} = ANY('{{{','.join(map(str, self.orders))}}}'::bigint[])"
        return f"{mark[1]} BETWEEN {self.first:d} AND {self.last:d}"


@dataclass(frozen=True)
class Invariant:
    """`sql` returns one row per violation, its first column a text that says where.

    What grows with the book is looked at in parts: where `sql` has a mark (see MARK) stands a condition, and `grows`
    names the tables whose ids the marked columns hold.
    """

    id: str
    sentence: str
    sql: str
    grows: tuple[str, ...] = ()

    @property
    def by_order(self) -> bool:
        """Whether it can be asked of some orders alone."""
        return bool(self.grows) and all(mark[2] for mark in MARK.finditer(self.sql))

    def violations(self, part: Stretch | None = None, limit: int = 20) -> list[str]:
        """Of a part; None: of all there is."""
        asked = MARK.sub("TRUE" if part is None else part.condition, self.sql)
        return [str(row[0]) for row in execute(f"SELECT * FROM ({asked}) AS broken LIMIT %s", [limit])]  # noqa: S608  constants and numbers only

    def largest_id(self) -> int:
        """The last of the ids that its parts go over; 0 where it has none."""
        most = ", ".join(f"(SELECT max(id) FROM {table})" for table in self.grows)  # noqa: S608  constants only
        return int(execute(f"SELECT coalesce(greatest({most}), 0)")[0][0]) if most else 0


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
           WHERE <id> AND ((reason = 'shipment' AND reference IS NULL) OR (reason <> 'shipment' AND note = ''))""",
        grows=("stock_stockmovement",),
    ),
    Invariant(
        "S15",
        "Every transfer is a pair of movements: the same units leave one warehouse and come to the other.",
        """SELECT 'transfer ' || sent.id FROM stock_stocktransfer sent
           LEFT JOIN stock_stockmovement gone ON gone.reference = sent.id AND gone.reason = 'transfer_out'
           LEFT JOIN stock_stocklevel here ON here.id = gone.level_id
           LEFT JOIN stock_stockmovement come ON come.reference = sent.id AND come.reason = 'transfer_in'
           LEFT JOIN stock_stocklevel there ON there.id = come.level_id
           WHERE (gone.quantity, come.quantity) IS DISTINCT FROM (-sent.quantity, sent.quantity)
              OR (here.warehouse_id, there.warehouse_id) IS DISTINCT FROM (sent.source_id, sent.target_id)
              OR (here.product_id, there.product_id) IS DISTINCT FROM (sent.product_id, sent.product_id)
           UNION ALL SELECT 'movement ' || m.id FROM stock_stockmovement m
           WHERE m.reason IN ('transfer_out', 'transfer_in')
             AND NOT EXISTS (SELECT FROM stock_stocktransfer sent WHERE sent.id = m.reference)
           UNION ALL SELECT 'transfer back ' || back.id FROM stock_stocktransfer back
           JOIN stock_stocktransfer sent ON sent.id = back.takes_back_id
           WHERE (back.source_id, back.target_id, back.product_id, back.quantity)
              <> (sent.target_id, sent.source_id, sent.product_id, sent.quantity)""",
    ),
    Invariant(
        "S16",
        "Every article stands below a parent of its project, and a lone parent over one article.",
        """SELECT 'article ' || article.id FROM stock_product article
           JOIN stock_parentproduct parent ON parent.id = article.parent_id
           WHERE article.project_id <> parent.project_id
           UNION ALL SELECT 'parent product ' || parent.id FROM stock_parentproduct parent
           LEFT JOIN stock_product article ON article.parent_id = parent.id
           WHERE parent.lone GROUP BY parent.id HAVING count(article.id) <> 1""",
    ),
)
