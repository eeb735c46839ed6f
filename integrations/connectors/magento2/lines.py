"""The rows of an order, each unit and each amount once.

A row without a parent is what was bought. Its children are what is in it: of a configurable product the one variant,
with the parent's SKU and the price 0; of a bundle the parts, which carry the money where the bundle's price is the sum
of theirs, and none where the bundle has a price of its own.
"""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal
from typing import Any

from integrations.connectors.kit import values
from integrations.connectors.kit.order_reading import OrderReading
from integrations.connectors.kit.values import Number
from integrations.connectors.magento2.shapes import RawItem
from orders.intake.incoming import IncomingLine


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

    def read(row: RawItem) -> IncomingLine | None:
        parent, within = rows.get(str(row.parent_item_id)), children.get(str(row.item_id))
        if parent is not None:
            if parent.product_type == "configurable":
                return None
            return _line(row, reading, off, part_of=parent)
        if not within:
            return _line(row, reading, off)
        if row.product_type == "configurable":
            return _line(row, reading, off, variant=within[0])
        paid = any(reading.amount(child.row_total, "row_total") for child in within)
        return None if paid else _line(row, reading, off, whole=True)

    return reading.lines(items, read, "$.items")


def _line(
    row: RawItem,
    reading: Reading,
    off: bool,
    *,
    variant: RawItem | None = None,
    part_of: RawItem | None = None,
    whole: bool = False,
) -> IncomingLine:
    quantity, sku = values.quantity(row.qty_ordered, "qty_ordered"), values.sku(row.sku)
    named = variant or row
    discount = reading.amount(row.discount_amount, "discount_amount")
    # The tax within a discount that was given on a price with tax.
    discount -= reading.amount(row.discount_tax_compensation_amount, "discount_tax_compensation_amount")
    fixed = reading.amount(row.weee_tax_applied_row_amount, "weee_tax_applied_row_amount")
    extras: list[tuple[str, Any]] = [("part_of", part_of.name if part_of else None)]
    if fixed:
        extras.append(("fixed_product_tax", str(fixed)))
    return IncomingLine(
        key=values.identifier(row.item_id, "item_id")[:100],
        name=reading.product(named.name or row.name),
        quantity=quantity,
        sku=sku or values.sku(named.sku),
        product_key=values.reference(named.product_id),
        unit_price=values.unit_price(row.price, "price"),
        total=reading.amount(row.row_total, "row_total") - discount + fixed,
        tax=reading.amount(row.tax_amount, "tax_amount"),
        discount=discount,
        refunded=0 if off else _not_sent(row, quantity, reading, part_of),
        stocked=bool(sku or named.sku) and not whole and str(row.is_virtual).lower() not in {"1", "true"},
        metadata=reading.metadata(extras),
    )


def _not_sent(row: RawItem, quantity: int, reading: Reading, part_of: RawItem | None) -> int:
    """Units that were paid back or cancelled; those of a bundle with a price of its own are told of the bundle."""
    own = _units(row, reading)
    if not own and part_of is not None and not row.row_total:
        whole = reading.optional(values.quantity, part_of.qty_ordered, "qty_ordered") or 0
        own = _units(part_of, reading) * quantity // whole if whole else 0
    return min(quantity, own)


def _units(row: RawItem, reading: Reading) -> int:
    refunded = reading.optional(values.quantity, row.qty_refunded or 0, "qty_refunded") or 0
    return refunded + (reading.optional(values.quantity, row.qty_canceled or 0, "qty_canceled") or 0)
