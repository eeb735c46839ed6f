"""Rows of a stock file: what is on hand at the warehouse, or what came and went there.

On hand becomes what the file says, by an adjustment of the difference; never less than orders have reserved. Of a SKU
that stands in a file twice the last row counts. Waiting orders are served in the same transaction.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence

from config.kit.isolating import in_halves
from config.kit.sql import execute
from integrations.importing import articles
from integrations.models import ExchangedFile, FileFeed
from integrations.review.waking import wake_for
from integrations.warehouses.file_layout import StockMeaning, options_of
from integrations.warehouses.row_work import Booked, why_not
from integrations.warehouses.typed_rows import TypedRow
from orders.intake.allocation import change_stock
from orders.intake.drafts import Obstacle
from stock import warehouses
from stock.choices import MovementReason
from stock.ledger import Change, lock_project

# (product id, on hand, reserved)
Level = tuple[int, int, int]
# (row number, product id, units to book)
Move = tuple[int, int, int]
LEVELS = (
    "SELECT product.sku, product.id, coalesce(level.on_hand, 0), coalesce(level.reserved, 0)"
    " FROM stock_product AS product"
    " LEFT JOIN stock_stocklevel AS level ON level.product_id = product.id AND level.warehouse_id = %s"
    " WHERE product.project_id = %s AND product.sku = ANY(%s) AND product.deleted_at IS NULL"
)


class StockRows:
    together = ""
    in_one_place = False

    def faults(self, feed: FileFeed, rows: Sequence[TypedRow]) -> dict[int, str]:
        return self._judged(feed, rows)[1]

    def book(self, run_id: int, feed: FileFeed, file: ExchangedFile, rows: Sequence[TypedRow]) -> Booked:
        lock_project(feed.feed.integration.project_id)  # from here on nobody else changes what is compared
        moves, errors, same = self._judged(feed, rows)

        def move(some: Sequence[Move]) -> None:
            note = f"{feed.feed.integration}: {file.name}"
            place = options_of(feed.options).place
            changes = [
                Change(product_id, units, MovementReason.ADJUSTMENT, note, place=place) for _, product_id, units in some
            ]
            change_stock(feed.feed.integration.project_id, changes)
            wake_for(feed.feed.integration.project_id, changes)

        def failed(one: Move, error: Exception) -> None:
            errors[one[0]] = why_not(error)

        in_halves(moves, move, failed)
        counts = Counter(fetched=len(rows), unchanged=same, failed=len(errors))
        counts["updated"] = len(rows) - same - len(errors)
        return Booked(counts, errors, same)

    def _judged(self, feed: FileFeed, rows: Sequence[TypedRow]) -> tuple[list[Move], dict[int, str], int]:
        """What is to be booked, what cannot be and why, and how many rows change nothing."""
        levels = _levels(feed, {row.values["sku"] for row in rows if not row.fault})
        adds = options_of(feed.options).meaning == StockMeaning.DELTA
        moves: dict[int, Move] = {}
        errors: dict[int, str] = {}
        same = 0
        on_hand = {product_id: units for product_id, units, _ in levels.values()}
        for row in rows:
            number, values = row.number, row.values
            level = None if row.fault else levels.get(values["sku"])
            if level is None:
                errors[number] = row.fault or f"SKU {values['sku']} is unknown: create the product, or map the SKU."
                continue
            product_id, before, reserved = level
            units = values["quantity"]
            wanted = on_hand[product_id] + units if adds else units
            if wanted < reserved or wanted < 0:
                errors[number] = _too_few(values["sku"], wanted, reserved, before)
                continue
            on_hand[product_id] = wanted
            if not adds and product_id in moves:
                same += 1  # the row before this one is overtaken
            moves[product_id] = (number, product_id, wanted - before)
        changing = [move for move in moves.values() if move[2]]
        return changing, errors, same + len(moves) - len(changing)


def _levels(feed: FileFeed, skus: set[str]) -> Mapping[str, Level]:
    """By the file's SKU, as the integration's mapping has it."""
    integration = feed.feed.integration
    found = articles.load(integration, {(sku, "") for sku in skus})
    ours = {sku: meant for sku in skus if not isinstance(meant := found.meant(sku, ""), Obstacle)}
    warehouse = options_of(feed.options).place or warehouses.first_of(integration.project_id)
    rows = execute(LEVELS, [warehouse, integration.project_id, sorted(ours.values())])
    levels = {sku: (product_id, on_hand, reserved) for sku, product_id, on_hand, reserved in rows}
    return {sku: levels[own] for sku, own in ours.items() if own in levels}


def _too_few(sku: str, wanted: int, reserved: int, before: int) -> str:
    if wanted < 0 and not reserved:
        return f"SKU {sku}: {wanted} units cannot be on hand. It stays at {before}."
    return (
        f"SKU {sku}: {wanted} would be on hand, and orders have reserved {reserved}: {reserved - wanted} too few."
        f" It stays at {before}."
    )
