"""Stock booked by a person: once per look at the product, whatever is clicked twice."""

from __future__ import annotations

from django.db import transaction

from config.kit.plurals import counted
from config.kit.refusals import Refused
from orders.choices import Tab
from orders.intake.allocation import Served, change_stock
from stock import ledger
from stock.choices import MovementReason
from stock.ledger import Change
from stock.models import Product, StockMovement
from stock.warehouses import Place

BY_HAND = (
    MovementReason.RECEIPT,
    MovementReason.ADJUSTMENT,
    MovementReason.TAKE_OVER,
    MovementReason.TRANSFER_OUT,
)


class BookedMeanwhile(Refused):
    """Somebody, maybe the same person, has booked since the page was opened; nothing was written."""


def last_booking(product_id: int) -> int:
    """The newest booking of a product that is no order's; 0 when there is none. What a page shows is as new as this."""
    booked = StockMovement.objects.filter(level__product_id=product_id, reason__in=BY_HAND)
    return booked.order_by("-id").values_list("id", flat=True).first() or 0


def expect_seen(product: Product, seen: int | None) -> None:
    """Hold the project's stock, and raise BookedMeanwhile when `seen` is not the product's last booking any more."""
    ledger.lock_project(product.project_id)
    if last_booking(product.pk) != (seen or 0):
        raise BookedMeanwhile(
            "Stock of this product was booked since you opened the page, maybe by your own click before."
            " Look at the newest movement below; book again only if yours is not there."
        )


def book(
    product: Product,
    quantity: int,
    reason: MovementReason,
    note: str,
    *,
    seen: int | None,
    actor_id: int | None,
    place: Place = None,
) -> Served:
    """Receive or adjust a product in a warehouse and serve the orders that wait for it there.

    Raises BookedMeanwhile when `seen` is not its last booking any more - a double click, a reload, a second person -
    and `stock.ledger.StockError` when the stock does not allow it.
    """
    with transaction.atomic():
        expect_seen(product, seen)
        return change_stock(product.project_id, [Change(product.pk, quantity, reason, note, place=place)], actor_id)


def sentence(quantity: int, sku: str, served: Served) -> str:
    """What a booking did, for the person who made it."""
    return f"{quantity:+,} × {sku} booked. {served_in_words(served)}"


def served_in_words(served: Served) -> str:
    if not served.orders:
        return "No order was waiting that this could serve."
    orders, units = counted(served.orders, "waiting order"), counted(served.units, "unit")
    moved = ", ".join(f"{count:,} to {Tab(tab).label}" for tab, count in sorted(served.moved.items()) if tab)
    return f"{orders} served with {units}" + (f"; moved: {moved}." if moved else ".")
