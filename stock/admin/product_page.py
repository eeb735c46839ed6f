"""What the page of a product shows."""

from __future__ import annotations

from typing import Any

from django.db.models import F

from orders.models import OrderLine
from stock.models import Product, Reservation, StockLevel, StockMovement

ROWS = 100


def same_ean(product: Product) -> list[Product]:
    """Other products with its EAN, which then says of no order which one it means."""
    if not product.ean:
        return []
    others = Product.objects.filter(project_id=product.project_id, ean=product.ean).exclude(pk=product.pk)
    return list(others.order_by("sku")[:ROWS])


def product_page(product: Product) -> dict[str, Any]:
    """Its level, who holds units, who waits for them (oldest order first), and the newest movements."""
    level = StockLevel.objects.filter(product=product, warehouse__is_default=True).select_related("warehouse").first()
    held = Reservation.objects.filter(level=level).order_by("-id")[:ROWS] if level else []
    quantities = {reservation.reference: reservation.quantity for reservation in held}
    lines = OrderLine.objects.filter(pk__in=quantities).annotate(
        order_number=F("order__number"), placed_at=F("order__placed_at"), buyer=F("order__buyer")
    )
    waiting = (
        OrderLine.objects.filter(product=product, waiting__gt=0)
        .annotate(order_number=F("order__number"), placed_at=F("order__placed_at"), buyer=F("order__buyer"))
        .order_by("order__placed_at", "pk")[: ROWS + 1]
    )
    movements = StockMovement.objects.filter(level=level).select_related("actor").order_by("-id")
    return {
        "level": level,
        "reservations": sorted(lines, key=lambda line: line.placed_at),
        "waiting_lines": list(waiting)[:ROWS],
        "more_waiting": len(waiting) > ROWS,
        "movements": movements[:ROWS],
        "rows": ROWS,
    }
