"""What lies on stock and how it sells: the figures of the overview.

Read from the levels and from the movements of 30 days, then kept for five minutes by each process.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal

from django.core.cache import cache

from config.kit.sql import execute
from stock.choices import MovementReason

DAYS = 30
# Seconds for which the figures are kept.
KEPT = 300


@dataclass(frozen=True)
class StockWorth:
    """Of all warehouses of a project, as it was at most five minutes ago."""

    on_hand: int
    """Units."""
    worth: Decimal
    """Of those with a sales price in the project's currency, an article's own or its parent's."""
    unpriced: int
    """Articles on stock without one."""
    sold: int
    """Units that left with shipments in the last 30 days, less those that came back."""

    @property
    def sell_through(self) -> Decimal | None:
        """Sold, of all that could have been: what was sold and what lies here. None where neither is."""
        offered = self.sold + self.on_hand
        return Decimal(self.sold) / offered if offered else None


def stock_worth(project_id: int, currency: str, now: datetime) -> StockWorth:
    key = f"stock-worth:{project_id}:{currency}"
    known: StockWorth | None = cache.get(key)
    if known is None:
        known = counted_worth(project_id, currency, now)
        cache.set(key, known, KEPT)
    return known


def counted_worth(project_id: int, currency: str, now: datetime) -> StockWorth:
    [(on_hand, worth, unpriced)] = execute(
        "SELECT coalesce(sum(units), 0), coalesce(sum(units * price), 0), count(*) FILTER (WHERE price IS NULL)"
        " FROM (SELECT sum(level.on_hand) AS units, CASE WHEN article.price IS NULL THEN parent.price"
        "         WHEN article.currency IN ('', %s) THEN article.price END AS price"
        "       FROM stock_stocklevel level JOIN stock_product article ON article.id = level.product_id"
        "       LEFT JOIN stock_parentproduct parent ON parent.id = article.parent_id"
        "       WHERE article.project_id = %s AND level.on_hand > 0 GROUP BY article.id, parent.price) on_stock",
        [currency, project_id],
    )
    [(moved,)] = execute(
        "SELECT coalesce(sum(quantity), 0) FROM stock_stockmovement"
        " WHERE project_id = %s AND at >= %s AND reason = ANY(%s)",
        [project_id, now - timedelta(days=DAYS), [MovementReason.SHIPMENT.value, MovementReason.RETURN.value]],
    )
    return StockWorth(int(on_hand), worth, unpriced, max(0, -int(moved)))
