"""How stock is shared out: pure counting on a snapshot of locked levels."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass


@dataclass
class Level:
    """A locked stock level while a page is worked: what was there, and what this page takes."""

    id: int
    on_hand: int
    reserved: int
    taken: int = 0
    """Units newly reserved."""
    issued: int = 0
    """Units that leave."""

    @property
    def available(self) -> int:
        return self.on_hand - self.reserved - self.taken - self.issued

    @property
    def written(self) -> Level:
        """The level once what was counted here is written."""
        return Level(self.id, self.on_hand - self.issued, self.reserved + self.taken)

    def take(self, wanted: int) -> int:
        """Reserve as many of `wanted` units as there are; how many that was."""
        units = max(0, min(wanted, self.available))
        self.taken += units
        return units


# Locked levels by place (see `stock.warehouses`) and product id.
Shelves = dict[int | None, dict[int, Level]]


def on_shelves(shelves: Shelves) -> dict[tuple[int | None, int], tuple[int, int, int]]:
    """What the database says of each level, as (id, on hand, reserved) by place and product id."""
    return {
        (place, product): (level.id, level.on_hand, level.reserved)
        for place, shelf in shelves.items()
        for product, level in shelf.items()
    }


def shortages(levels: Mapping[int, Level], wanted: Mapping[int, int]) -> dict[int, int]:
    """Units missing per product id; empty when all of `wanted` is available. A product without a level has none."""
    missing = {}
    for product_id, units in wanted.items():
        level = levels.get(product_id)
        available = level.available if level else 0
        if units > available:
            missing[product_id] = units - available
    return missing


def issue(levels: Mapping[int, Level], wanted: Mapping[int, int]) -> None:
    """Take `wanted` units out; the caller has seen `shortages` empty."""
    for product_id, units in wanted.items():
        levels[product_id].issued += units
