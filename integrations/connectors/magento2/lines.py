"""The rows of an order, each unit and each amount once.

A row without a parent is what was bought. Its children are what is in it: of a configurable product the one variant,
with the parent's SKU; of a bundle the parts. Children have amounts where a bundle's price is the sum of theirs, which
the bundle's row repeats, and at times where they do not count (magento2#22562, #38687). Fixed product taxes stand in
the row of what is delivered (`Weee.php`).
"""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal
from typing import Any

from integrations.connectors.kit import values
from integrations.connectors.kit.order_reading import OrderReading
from integrations.connectors.kit.values import Number
from integrations.connectors.magento2.shapes import RawItem
from orders.intake.incoming import ZERO, IncomingLine


class Reading(OrderReading):
    """Amounts as Magento has them: numbers of a database with four decimals, printed by PHP."""

    def amount(self, value: Number, field: str) -> Decimal:
        """Noise beyond the fourth decimal is PHP's, not the shop's: it goes without a note."""
        if isinstance(value, float) and abs(value) < 1e10:
            value = f"{value:.4f}"
        return super().amount(value, field)


def lines(items: Sequence[RawItem] | None, reading: Reading, *, off: bool) -> tuple[IncomingLine, ...]:
    """`off`: whether the whole order is, so that no units are told apart."""
    rows = {str(row.item_id): row for row in items or ()}
    children: dict[str, list[RawItem]] = {}
    for row in items or ():
        if row.parent_item_id and str(row.parent_item_id) in rows:
            children.setdefault(str(row.parent_item_id), []).append(row)

    def by_parts(bundle: RawItem) -> bool:
        parts = [reading.amount(part.row_total, "row_total") for part in children[str(bundle.item_id)]]
        return any(parts) and sum(parts) == reading.amount(bundle.row_total, "row_total")

    def read(row: RawItem) -> IncomingLine | None:
        parent, within = rows.get(str(row.parent_item_id)), children.get(str(row.item_id))
        if parent is not None:
            if parent.product_type == "configurable":
                return None
            return _line(row, reading, off, part_of=parent, free=not by_parts(parent))
        if not within:
            return _line(row, reading, off)
        if row.product_type == "configurable":
            return _line(row, reading, off, variant=within[0])
        return None if by_parts(row) else _line(row, reading, off, stock=False)

    return reading.lines(items, read, "$.items")


def _line(
    row: RawItem,
    reading: Reading,
    off: bool,
    *,
    variant: RawItem | None = None,
    part_of: RawItem | None = None,
    free: bool = False,
    stock: bool = True,
) -> IncomingLine:
    """`variant`: of a configurable product. `free`: what it costs stands in the row of the bundle it is `part_of`."""
    quantity, sku = values.quantity(row.qty_ordered, "qty_ordered"), values.sku(row.sku)
    named = variant or row
    extras: list[tuple[str, Any]] = [
        ("part_of", part_of.name if part_of else None),
        ("gift_message", row.gift_message),
    ]
    fixed = reading.amount(named.weee_tax_applied_row_amount or row.weee_tax_applied_row_amount, "weee_tax_applied")
    if fixed:
        extras.append(("fixed_product_tax", str(fixed)))
    net, discount, tax = (ZERO, ZERO, ZERO) if free else _amounts(row, reading)
    return IncomingLine(
        key=values.identifier(row.item_id, "item_id")[:100],
        name=reading.product(named.name or row.name),
        quantity=quantity,
        sku=sku or values.sku(named.sku),
        product_key=values.reference(named.product_id),
        unit_price=ZERO if free else values.unit_price(row.price, "price"),
        total=net - discount + fixed,
        tax=tax,
        tax_code=values.tax_code([("", row.tax_percent)]),
        discount=discount,
        refunded=0 if off else _not_sent(row, quantity, reading, part_of if free else None),
        stocked=stock and bool(sku or named.sku) and str(row.is_virtual).lower() not in {"1", "true"},
        metadata=reading.metadata(extras),
    )


def _amounts(row: RawItem, reading: Reading) -> tuple[Decimal, Decimal, Decimal]:
    """Net, what of it was taken off, and tax. A discount on a price with tax holds a tax, which does not count."""
    within = reading.amount(row.discount_tax_compensation_amount, "discount_tax_compensation_amount")
    return (
        reading.amount(row.row_total, "row_total"),
        reading.amount(row.discount_amount, "discount_amount") - within,
        reading.amount(row.tax_amount, "tax_amount"),
    )


def _not_sent(row: RawItem, quantity: int, reading: Reading, bundle: RawItem | None) -> int:
    """Units that were paid back or cancelled; of what is sold as a whole that may be told of the `bundle` alone."""
    own = _units(row, reading)
    if not own and bundle is not None:
        whole = reading.optional(values.quantity, bundle.qty_ordered, "qty_ordered") or 0
        own = _units(bundle, reading) * quantity // whole if whole else 0
    return min(quantity, own)


def _units(row: RawItem, reading: Reading) -> int:
    refunded = reading.optional(values.quantity, row.qty_refunded or 0, "qty_refunded") or 0
    return refunded + (reading.optional(values.quantity, row.qty_canceled or 0, "qty_canceled") or 0)
