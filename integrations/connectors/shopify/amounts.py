"""An order's money: what was ordered, what of it is still in the order, and what was paid back.

Facts (schema 2026-07): `quantity`, `discountAllocations` and `taxLines` of a line and `totalPriceSet` of the order
count refunded and removed units too; `currentQuantity` and `currentTotalPriceSet` do not. With `taxesIncluded` unit
prices, allocations and delivery hold the tax. `discountAllocations` hold every discount, those of codes and of the
whole order too (`discountedTotalSet` leaves codes out). A tip is a line without product, and in `totalTipReceivedSet`.

Units that left the order before they were shipped (edited out, cancelled) are not in it; units that came back
afterwards are, and what was paid back for them is in `refunded_total`, as with every other platform.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal

from integrations.connectors.errors import PayloadError
from integrations.connectors.kit import values
from integrations.connectors.kit.order_reading import OrderReading
from integrations.connectors.kit.values import Number
from integrations.connectors.shopify.shapes import RawBag, RawLine, RawMoney, RawOrder, RawShipping, RawTax
from orders.intake.incoming import ZERO

SHIPPED = ("FULFILLED", "PARTIALLY_FULFILLED")
LINES, NODES = "$.order.lineItems", ".nodes"


class Reading(OrderReading):
    """Amounts in the currency the buyer pays in."""

    # Whether prices, discounts and delivery hold the tax.
    inclusive = False

    def written(self, bag: RawBag | None, field: str) -> Number:
        """The amount as Shopify writes it; refuses with mixed_currencies."""
        money = _buyers(bag)
        if money is None:
            return None
        if money.currency_code and money.currency_code != self.currency:
            message = f"{field} is in {money.currency_code[:20]}, the order in {self.currency}."
            raise PayloadError("mixed_currencies", message, field)
        return money.amount

    def money(self, bag: RawBag | None, field: str) -> Decimal:
        return self.amount(self.written(bag, field), field)

    def taxes(self, lines: Iterable[RawTax] | None) -> Decimal:
        return sum((self.money(line.price_set, "taxLines") for line in lines or ()), ZERO)

    def rounded(self, amount: Decimal) -> Decimal:
        return amount.quantize(Decimal(1).scaleb(-self.digits), ROUND_HALF_UP)

    def part(self, amount: Decimal, units: int, of: int) -> Decimal:
        """The amount of `units` of a line of `of` units."""
        return amount if units == of or not of else self.rounded(amount * units / of)


def _buyers(bag: RawBag | None) -> RawMoney | None:
    return None if bag is None else bag.presentment_money or bag.shop_money


@dataclass(frozen=True)
class Goods:
    """One line in money, for the units that are in the order: `net + tax` is what is paid for them."""

    raw: RawLine
    units: int
    ordered: int
    net: Decimal
    tax: Decimal
    discount: Decimal
    # Net and tax of all ordered units.
    whole: Decimal
    whole_tax: Decimal

    @property
    def came_back(self) -> bool:
        """Whether units are counted that the order as it stands does not hold: returned, or of one that is off."""
        current = self.raw.current_quantity
        return current is not None and values.quantity(current, "currentQuantity") != self.units


def goods(raw: RawOrder, lines: Sequence[RawLine], reading: Reading) -> list[Goods]:
    """Every line, those of no units too. An order that was cancelled or emptied keeps what was ordered."""
    returned = _returned(raw)
    counted = list(reading.each(lines, lambda line: (line, *_units(line, returned)), LINES, NODES))
    if raw.cancelled_at or not any(units for _, units, _ in counted):
        counted = [(line, ordered, ordered) for line, _, ordered in counted]
    return list(reading.each(counted, lambda each: _goods(*each, reading), LINES, NODES))


def _returned(raw: RawOrder) -> Counter[str]:
    """Units by line that came back after they were shipped: restocked by a return, or refunded and kept."""
    result: Counter[str] = Counter()
    has_shipped = raw.display_fulfillment_status in SHIPPED
    for refund in raw.refunds or ():
        money = _buyers(refund.total_refunded_set)
        paid_back = money is not None and str(money.amount).strip("0.") not in ("", "None")
        for entry in (refund.refund_line_items.nodes if refund.refund_line_items else None) or ():
            kept = entry.restock_type in ("NO_RESTOCK", "LEGACY_RESTOCK") and has_shipped and paid_back
            if (entry.restock_type == "RETURN" or kept) and entry.line_item is not None:
                result[str(entry.line_item.id)] += values.quantity(entry.quantity, "refundLineItems.quantity")
    return result


def _units(line: RawLine, returned: Counter[str]) -> tuple[int, int]:
    """How many units are in the order, and how many were ordered."""
    ordered = values.quantity(line.quantity)
    current = ordered if line.current_quantity is None else values.quantity(line.current_quantity, "currentQuantity")
    return min(ordered, current + returned[str(line.id)]), ordered


def _goods(line: RawLine, units: int, ordered: int, reading: Reading) -> Goods:
    price = reading.money(line.original_unit_price_set, "originalUnitPriceSet")
    allocations = [each.allocated_amount_set for each in line.discount_allocations or ()]
    off = sum((reading.money(allocated, "discountAllocations") for allocated in allocations), ZERO)
    whole_tax = reading.taxes(line.tax_lines)
    paid = price * ordered - off
    whole = paid if reading.inclusive else paid + whole_tax
    tax, gross, discount = (reading.part(amount, units, ordered) for amount in (whole_tax, whole, off))
    if reading.inclusive and discount and gross:
        discount = reading.rounded(discount * (gross - tax) / gross)
    return Goods(line, units, ordered, gross - tax, tax, discount, whole, whole_tax)


@dataclass(frozen=True)
class Totals:
    """What the buyer owes, the tax in it, what was taken off, and what was paid back."""

    total: Decimal
    tax: Decimal
    discount: Decimal
    refunded: Decimal


def totals(raw: RawOrder, lines: Sequence[Goods], reading: Reading) -> Totals:
    """`totalPriceSet` less what left the order, to the cent of `currentTotalPriceSet` where nothing else is off. Money
    that was given back for units that left is not in the total any more, so it is not refunded from it either. What an
    order was edited to, while nothing was paid back, Shopify says itself: what came with the edit, discounts and fees,
    is in the `current` amounts alone.
    """
    total = reading.total(reading.written(raw.total_price_set, "totalPriceSet"), "$.order.totalPriceSet")
    tax = reading.money(raw.total_tax_set, "totalTaxSet")
    refunded = reading.money(raw.total_refunded_set, "totalRefundedSet")
    discount = reading.money(raw.total_discounts_set, "totalDiscountsSet")
    reduced = [line for line in lines if line.units < line.ordered]
    is_current = raw.edited and not refunded and not any(line.came_back for line in lines)
    if not reduced and not (is_current and raw.current_total_price_set):
        return Totals(total, tax, discount, refunded)
    current = reading.money(raw.current_total_price_set, "currentTotalPriceSet")
    if is_current and raw.current_total_price_set:
        if raw.current_total_tax_set:
            tax = reading.money(raw.current_total_tax_set, "currentTotalTaxSet")
        if raw.current_total_discounts_set:
            discount = reading.money(raw.current_total_discounts_set, "currentTotalDiscountsSet")
        return Totals(current, tax, discount, refunded)
    total -= sum((line.whole - line.net - line.tax for line in reduced), ZERO)
    tax -= sum((line.whole_tax - line.tax for line in reduced), ZERO)
    if abs(total - current) <= len(reduced) * Decimal(1).scaleb(-reading.digits):
        total = current
    return Totals(total, tax, discount, min(refunded, max(ZERO, total - current)))


def delivery(lines: Sequence[RawShipping], reading: Reading) -> tuple[Decimal, Decimal]:
    """Net and tax, after discounts (since 2024-07 with those of the whole order), before refunds."""
    tax = sum((reading.taxes(line.tax_lines) for line in lines), ZERO)
    paid = sum((reading.money(line.discounted_price_set, "shippingLines") for line in lines), ZERO)
    return paid - tax if reading.inclusive else paid, tax


def fees(raw: RawOrder, lines: Sequence[Goods], reading: Reading) -> tuple[Decimal, Decimal, str]:
    """Net, tax and title of fees, of duties on top of the prices, and of a tip that is not among the lines."""
    charges = list(raw.additional_fees or ())
    if not raw.duties_included:
        charges += [duty for line in lines for duty in line.raw.duties or () if line.units]
    named = [(each.name or "Duties", reading.written(each.price, "additionalFees")) for each in charges]
    net = sum((reading.money(each.price, "additionalFees") for each in charges), ZERO)
    tax = sum((reading.taxes(each.tax_lines) for each in charges), ZERO)
    tip = reading.money(raw.total_tip_received_set, "totalTipReceivedSet")
    if tip and not any(line.raw.product is None and line.net + line.tax == tip for line in lines):
        net += tip
        named.append(("Tip", str(tip)))
    return net, tax, reading.fee_title(*named)
