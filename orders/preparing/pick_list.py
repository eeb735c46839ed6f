"""What is fetched from the shelves for a preparation: summed by article, or order by order."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from orders.models import Preparation, PreparedLine, PreparedOrder
from stock.models import StockLevel
from stock.warehouses import Place, Warehouses


@dataclass
class Pick:
    """Units of one article at one place; its name as the newest line has it."""

    place: Place
    warehouse: str
    location: str
    sku: str
    name: str
    ean: str
    units: int = 0
    positions: list[str] = field(default_factory=list)
    """Which orders get how many, e.g. "3" or "7 (2 units)"."""


def lines_of(preparation: Preparation) -> list[PreparedLine]:
    """What is not shipped yet, by order and position, each with its order and article."""
    rows = PreparedLine.objects.filter(prepared__preparation=preparation, prepared__shipment=None)
    return list(
        rows.select_related("prepared__order", "order_line__product").order_by(
            "prepared__position", "order_line__position", "pk"
        )
    )


def by_article(lines: Sequence[PreparedLine], here: Warehouses) -> list[Pick]:
    """Summed, in the order of a walk: warehouse, location, SKU; what has no location comes last."""
    found: dict[tuple[Place, object], Pick] = {}
    for line, pick in picks(lines, here):
        row = found.setdefault((pick.place, line.order_line.product_id or (pick.sku, pick.name)), pick)
        row.units += line.units
        units = f" ({line.units} units)" if line.units > 1 else ""
        row.positions.append(f"{line.prepared.position}{units}")
    return sorted(found.values(), key=lambda row: (row.warehouse, not row.location, row.location, row.sku, row.name))


def by_order(lines: Sequence[PreparedLine], here: Warehouses) -> list[tuple[PreparedOrder, list[Pick]]]:
    """Each order with its own rows."""
    found: dict[int, tuple[PreparedOrder, list[Pick]]] = {}
    for line, pick in picks(lines, here):
        pick.units = line.units
        found.setdefault(line.prepared_id, (line.prepared, []))[1].append(pick)
    return list(found.values())


def picks(lines: Sequence[PreparedLine], here: Warehouses) -> Iterable[tuple[PreparedLine, Pick]]:
    """A row for each line, with where its article lies."""
    locations = _locations(lines)
    for line in lines:
        place, article = line.prepared.order.warehouse_id, line.order_line.product
        yield (
            line,
            Pick(
                place,
                here.name(place),
                locations.get((place or here.first, article.pk), "") if article else "",
                (article.sku if article else "") or line.order_line.sku,
                line.order_line.name or (article.name if article else ""),
                article.ean if article else "",
            ),
        )


def _locations(lines: Sequence[PreparedLine]) -> dict[tuple[int, int], str]:
    """Where articles lie, by warehouse and article."""
    levels = StockLevel.objects.filter(product__in={line.order_line.product_id for line in lines}).exclude(location="")
    return {
        (warehouse, product): text
        for warehouse, product, text in levels.values_list("warehouse_id", "product_id", "location")
    }
