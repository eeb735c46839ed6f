"""What the page of a product shows."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django.db.models import F, Sum, Value
from django.db.models.functions import Coalesce

from orders.intake import receipts
from orders.models import OrderLine
from stock.admin.forms import LocationForm
from stock.models import Product, Reservation, StockMovement, StockTransfer
from stock.warehouses import Warehouses

ROWS = 100
TRANSFERS = 20


def same_ean(product: Product) -> list[Product]:
    """Other products with its EAN, which then says of no order which one it means."""
    if not product.ean:
        return []
    others = Product.objects.filter(project_id=product.project_id, ean=product.ean).exclude(pk=product.pk)
    return list(others.order_by("sku")[:ROWS])


def variants(product: Product) -> list[Product]:
    """All articles of its parent, itself among them; none where it stands alone."""
    if product.parent is None or product.parent.lone:
        return []
    units = Coalesce(Sum(F("levels__on_hand") - F("levels__reserved")), 0)
    rows = Product.objects.filter(parent=product.parent, deleted_at=None).annotate(units_available=units)
    return list(rows.order_by("created_at", "pk")[:ROWS])


def location_form(product: Product, here: Warehouses) -> LocationForm:
    """Filled with where it lies in the warehouse that takes goods by default."""
    default = here.at(here.default)
    places = [level.location for level in product.levels.all() if level.warehouse == default]
    return LocationForm(initial={"location": places[0] if places else ""}, prefix="location", here=here)


def movements_of(product: Product) -> list[StockMovement]:
    """The newest of a product with its `levels`."""
    rows = StockMovement.objects.filter(level__in=list(product.levels.all())).order_by("-id")
    return list(rows.select_related("actor", "level__warehouse")[:ROWS])


def last_booking_among(movements: Sequence[StockMovement], product: Product) -> int:
    """As `receipts.last_booking`, which is asked only where it is not among the newest movements."""
    found = next((row.pk for row in movements if row.reason in receipts.BY_HAND), 0)
    return found if found or len(movements) < ROWS else receipts.last_booking(product.pk)


def product_page(product: Product, here: Warehouses) -> dict[str, Any]:
    """Of a product with its `levels`: who holds units, and who waits for some, oldest order first."""
    levels = list(product.levels.all())
    held = Reservation.objects.filter(level__in=levels).order_by("-id")[:ROWS]
    told = {
        "order_number": F("order__number"),
        "placed_at": F("order__placed_at"),
        "buyer": F("order__buyer"),
        "served_from": Coalesce(F("order__warehouse__name"), Value(here.name(None))),
    }
    lines = OrderLine.objects.filter(pk__in=held.values("reference")).annotate(**told)
    waiting = OrderLine.objects.filter(product=product, waiting__gt=0).annotate(**told)
    waiting = waiting.order_by("order__placed_at", "pk")[: ROWS + 1]
    return {
        "levels": levels,
        "reservations": sorted(lines, key=lambda line: line.placed_at),
        "waiting_lines": list(waiting)[:ROWS],
        "more_waiting": len(waiting) > ROWS,
        "transfers": _transfers(product) if here.several else [],
        "rows": ROWS,
    }


def _transfers(product: Product) -> list[StockTransfer]:
    """The newest, each with `undoable`."""
    rows = StockTransfer.objects.filter(product=product).select_related("source", "target", "actor", "taken_back_by")
    found = list(rows.order_by("-id")[:TRANSFERS])
    for row in found:
        row.undoable = row.takes_back_id is None and not hasattr(row, "taken_back_by")  # type: ignore[attr-defined]
    return found
