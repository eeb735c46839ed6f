"""What a simulated shop keeps of what others wrote into it: shipments, quantities, payments, notes, rights."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import asdict, dataclass, field
from datetime import datetime
from typing import Any

from integrations.simulator.catalogue import PRODUCTS
from integrations.simulator.sales import as_moment, as_text


@dataclass
class ToldShipment:
    """A shipment that somebody told the shop of."""

    id: int
    order: int
    units: dict[int, int]
    """Of each line, by its place in the order, from 0."""
    at: datetime
    carrier: str = ""
    tracking: str = ""
    more: dict[str, Any] = field(default_factory=dict)
    """What the dialect keeps beside it, as JSON."""


@dataclass
class ToldPayment:
    id: int
    order: int
    reference: str
    at: datetime


@dataclass
class ToldNote:
    id: int
    order: int
    text: str
    to_buyer: bool
    at: datetime


@dataclass
class Records:
    shipments: list[ToldShipment] = field(default_factory=list)
    payments: list[ToldPayment] = field(default_factory=list)
    notes: list[ToldNote] = field(default_factory=list)
    quantities: dict[str, int | None] = field(
        default_factory=lambda: {product.sku: product.stock for product in PRODUCTS if product.sku}
    )
    """By SKU; None: the shop keeps no stock of it."""
    kept: dict[str, Any] = field(default_factory=dict)
    """What the dialect keeps beside all this, as JSON."""
    writable: bool = True
    """Whether the shop's key may write."""

    def of(self, order: int) -> Iterator[ToldShipment]:
        return (shipment for shipment in self.shipments if shipment.order == order)

    def next_id(self) -> int:
        """Rising over all kinds, from 1."""
        return 1 + max((each.id for name in _KINDS for each in getattr(self, name)), default=0)

    def about(self, order: int) -> dict[str, Any]:
        """What there is of one order, as JSON."""
        return {name: [_row(each) for each in getattr(self, name) if each.order == order] for name in _KINDS}

    def forget(self, order: int) -> None:
        """All that was about it: it is deleted."""
        for name in _KINDS:
            setattr(self, name, [each for each in getattr(self, name) if each.order != order])

    def written(self) -> dict[str, Any]:
        """All there is to remember, as JSON."""
        rows = {name: [_row(each) for each in getattr(self, name)] for name in _KINDS}
        return {**rows, "quantities": self.quantities, "kept": self.kept, "writable": self.writable}

    @classmethod
    def read(cls, written: dict[str, Any]) -> Records:
        """What `written` gave; a shop of before it was kept has none."""
        if not written:
            return cls()
        rows = {name: [{**row, "at": as_moment(row["at"])} for row in written[name]] for name in _KINDS}
        for row in rows["shipments"]:
            row["units"] = {int(place): units for place, units in row["units"].items()}
        records = cls(kept=written["kept"], writable=written["writable"])
        records.quantities |= written["quantities"]
        for name, kind in _KINDS.items():
            setattr(records, name, [kind(**row) for row in rows[name]])
        return records


_KINDS: dict[str, type[Any]] = {"shipments": ToldShipment, "payments": ToldPayment, "notes": ToldNote}


def _row(told: Any) -> dict[str, Any]:
    return {**asdict(told), "at": as_text(told.at)}
