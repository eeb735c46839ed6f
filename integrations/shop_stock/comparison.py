"""What a shop's quantities would change here.

Platforms take units off with the order and not with the parcel, so that a shop's quantity is what it can still sell:
WooCommerce with an order that is paid or on hold, Shopify (`inventoryQuantity` is the sellable quantity; units of open
orders are "committed"), eBay and Ecwid with every order, BigCommerce as its store says (`update_stock_behavior`), at
first with every order. Units of its open orders are still on the shelf. So what is on hand here is

    the quantity + units of the shop's own open orders that are here, reserved or waiting,

never below zero, and never fewer than all orders have reserved. Orders placed after a quantity was read do not count:
the shop had not taken them off.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from config.kit.sql import execute
from integrations.models import TakeOver
from stock.warehouses import first_of

# More units than a level can hold.
MOST_UNITS = 1_000_000_000
# Joined here and not in one statement with the open orders: these tables have grown since they were last analysed.
SHOWN = """
SELECT shown.id, shown.sku, shown.name, shown.quantity, shown.read_at, product.id,
  coalesce(level.on_hand, 0), coalesce(level.reserved, 0)
FROM integrations_shopquantity AS shown
LEFT JOIN stock_product AS product ON product.project_id = %s AND product.sku = shown.sku
  AND product.deleted_at IS NULL
LEFT JOIN stock_stocklevel AS level ON level.product_id = product.id AND level.warehouse_id = %s
WHERE shown.take_over_id = %s AND shown.quantity IS NOT NULL AND shown.sku <> '' AND NOT shown.twice
"""
OPEN_UNITS = (
    "SELECT line.product_id, o.placed_at, line.reserved + line.waiting FROM orders_order AS o"
    " JOIN orders_orderline AS line ON line.order_id = o.id"
    " WHERE o.project_id = %s AND o.tab <> '' AND o.integration_id = %s"
    " AND line.reserved + line.waiting > 0 AND line.product_id = ANY(%s) AND o.warehouse_id IS NOT DISTINCT FROM %s"
)


@dataclass(frozen=True)
class Compared:
    """One product; units. `difference` is what would be booked."""

    id: int
    sku: str
    name: str
    in_shop: int
    product_id: int | None
    in_open_orders: int
    on_hand: int
    wanted: int

    @property
    def difference(self) -> int:
        return self.wanted - self.on_hand

    @property
    def signed(self) -> str:
        return f"{self.difference:+,}"


@dataclass(frozen=True)
class Comparison:
    """A whole comparison: the products that would change, by SKU, and how many others there are."""

    differing: list[Compared]
    same: int
    not_counted: int
    """Without a SKU, or without stock in the shop."""
    twice: int

    @property
    def coming(self) -> int:
        return sum(each.difference for each in self.differing if each.difference > 0)

    @property
    def going(self) -> int:
        return -sum(each.difference for each in self.differing if each.difference < 0)

    @property
    def left_out(self) -> int:
        return self.not_counted + self.twice


def whole(take_over: TakeOver) -> Comparison:
    """Everything that was read, beside the stock as it is now."""
    not_counted, twice = execute(
        "SELECT count(*) FILTER (WHERE sku = '' OR quantity IS NULL),"
        " count(*) FILTER (WHERE twice AND quantity IS NOT NULL)"
        " FROM integrations_shopquantity WHERE take_over_id = %s",
        [take_over.pk],
    )[0]
    rows = _compared(take_over, f"{SHOWN} ORDER BY shown.sku, shown.id")
    differing = [each for each in rows if each.difference]
    return Comparison(differing, len(rows) - len(differing), not_counted, twice)


def not_booked(take_over: TakeOver, most: int) -> list[int]:
    """The ids of the next quantities that count and have not been booked, differing or not."""
    rows = take_over.quantities.filter(booked=None, quantity__isnull=False, twice=False).exclude(sku="")
    return list(rows.order_by("pk").values_list("pk", flat=True)[:most])


def some(take_over: TakeOver, ids: Sequence[int]) -> list[Compared]:
    """These quantities beside the stock as it is now, differing or not."""
    return _compared(take_over, f"{SHOWN} AND shown.id = ANY(%s)", list(ids))


def _compared(take_over: TakeOver, statement: str, *params: Any) -> list[Compared]:
    shop = take_over.integration
    warehouse_id = take_over.place or first_of(shop.project_id)
    rows = execute(statement, [shop.project_id, warehouse_id, take_over.pk, *params])
    units = _open_units(take_over, (row[5] for row in rows if row[5] is not None))
    found = []
    for key, sku, name, quantity, read_at, product_id, on_hand, reserved in rows:
        held = sum(count for placed_at, count in units.get(product_id, ()) if placed_at <= read_at)
        wanted = min(max(quantity + held, reserved, 0), MOST_UNITS)
        found.append(Compared(key, sku, name, quantity, product_id, held, on_hand, wanted))
    return found


def _open_units(take_over: TakeOver, product_ids: Iterable[int]) -> dict[int | None, list[tuple[datetime, int]]]:
    """By product: when each open order of the shop was placed that is served from there, and its units not yet left."""
    shop = take_over.integration
    found: dict[int | None, list[tuple[datetime, int]]] = {}
    asked = [shop.project_id, shop.pk, list(product_ids), take_over.place]
    for product_id, placed_at, count in execute(OPEN_UNITS, asked):
        found.setdefault(product_id, []).append((placed_at, count))
    return found
