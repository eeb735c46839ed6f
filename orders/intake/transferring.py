"""Goods go from one warehouse to another: a pair of movements, once for each look at the product, and back again."""

from __future__ import annotations

from django.db import transaction

from config.kit import true_time
from config.kit.sql import next_ids
from orders.intake import receipts
from orders.intake.allocation import Served, change_stock
from stock import ledger, warehouses
from stock.choices import MovementReason
from stock.ledger import Change, StockError
from stock.models import Product, StockTransfer
from stock.warehouses import Place

LONGEST_NOTE = 200


@transaction.atomic
def transfer(
    product: Product, source: Place, target: Place, quantity: int, note: str, *, seen: int | None, actor_id: int | None
) -> Served:
    """Book units of a product out of one warehouse and into another, where they serve the orders that wait.

    Raises `orders.intake.receipts.BookedMeanwhile` when `seen` is not the product's last booking any more, and
    StockError where the warehouses are one, or so many units are not free.
    """
    receipts.expect_seen(product, seen)
    return _booked(product, source, target, quantity, note, actor_id)


@transaction.atomic
def take_back(transfer_id: int, *, actor_id: int | None) -> Served:
    """Transfer the same units back, once. Raises StockError when that was done, or orders hold them by now."""
    project_id = StockTransfer.objects.values_list("project_id", flat=True).get(pk=transfer_id)
    ledger.lock_project(project_id)
    row = StockTransfer.objects.select_related("product").get(pk=transfer_id)
    if row.takes_back_id is not None:
        raise StockError("This transfer took another one back: transfer the goods anew instead.")
    if StockTransfer.objects.filter(takes_back=row).exists():
        raise StockError("This transfer was taken back already.")
    here = warehouses.of(project_id)
    source, target = here.place(row.target_id), here.place(row.source_id)
    note = f"taken back: {row.note}" if row.note else "taken back"
    return _booked(row.product, source, target, row.quantity, note[:LONGEST_NOTE], actor_id, row)


def _booked(
    product: Product,
    source: Place,
    target: Place,
    quantity: int,
    note: str,
    actor_id: int | None,
    takes_back: StockTransfer | None = None,
) -> Served:
    here = warehouses.of(product.project_id)
    left, came = here.at(source), here.at(target)
    if left is None or came is None or left == came:
        raise StockError("Choose two different warehouses of this project.")
    if quantity < 1:
        raise StockError("Enter one unit or more.")
    [pk] = next_ids(StockTransfer, 1)
    away, to = MovementReason.TRANSFER_OUT, MovementReason.TRANSFER_IN
    said = f": {note}" if note else ""
    changes = [
        Change(product.pk, -quantity, away, f"To {came}{said}", pk, source),
        Change(product.pk, quantity, to, f"From {left}{said}", pk, target),
    ]
    StockTransfer.objects.create(
        pk=pk,
        project_id=product.project_id,
        product=product,
        source=left,
        target=came,
        quantity=quantity,
        note=note,
        takes_back=takes_back,
        actor_id=actor_id,
        at=true_time.now(),
    )
    return change_stock(product.project_id, changes, actor_id)
