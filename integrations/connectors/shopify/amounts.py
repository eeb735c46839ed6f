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
from collections.abc import Iterable
from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal

from integrations.connectors.errors import PayloadError
from integrations.connectors.kit import values
from integrations.connectors.shopify.shapes import RawBag, RawLine, RawOrder, RawShipping, RawTax
from orders.intake.incoming import ZERO

SHIPPED = ("FULFILLED", "PARTIALLY_FULFILLED")


@dataclass(frozen=True)
class Purse:
    """Reads amounts in the currency the buyer pays in; the shop's own where Shopify does not name the buyer's."""

    currency: str
    digits: int
    notes: list[str]

    def amount(self, bag: RawBag | None, field: str) -> Decimal:
        money = None if bag is None else bag.presentment_money or bag.shop_money
        if money is None:
            return ZERO
        if money.currency_code and money.currency_code != self.currency:
            message = f"{field} is in {money.currency_code[:20]}, the order in {self.currency}."
            raise PayloadError("mixed_currencies", message, field)
        return values.amount(money.amount, self.digits, field, self.notes)

    def taxes(self, lines: Iterable[RawTax] | None) -> Decimal:
        return sum((self.amount(line.price_set, "taxLines") for line in lines or ()), ZERO)

    def part(self, amount: Decimal, units: int, of: int) -> Decimal:
        """The amount of `units` of a line of `of` units."""
        if units == of or not of:
            return amount
        return (amount * units / of).quantize(Decimal(1).scaleb(-self.digits), ROUND_HALF_UP)


def purse_of(raw: RawOrder, shop_currency: str, notes: list[str]) -> Purse:
    code = raw.presentment_currency_code or raw.currency_code
    if not code and shop_currency:
        notes.append(f"The order has no currency; the shop's own, {shop_currency}, was taken.")
        code = shop_currency
    if not code:
        raise PayloadError("unknown_currency", "The order has no currency.", "$.order.currencyCode")
    return Purse(*values.currency(code), notes)


@dataclass(frozen=True)
class Goods:
    """One line in money, for the units that are in the order: `net + tax` is what is paid for them."""

    raw: RawLine
    units: int
    ordered: int
    net: Decimal
    tax: Decimal
    discount: Decimal
    whole: Decimal
    """Net and tax of all ordered units."""
    whole_tax: Decimal


def goods(raw: RawOrder, lines: list[RawLine], purse: Purse) -> list[Goods]:
    """Every line, those of no units too. Raises PayloadError with the line's place in its path."""
    returned = _returned(raw)
    read = []
    for position, line in enumerate(lines):
        try:
            read.append((line, *_units(line, returned)))
        except PayloadError as error:
            raise _at(position, error) from None
    if raw.cancelled_at or not any(units for _, units, _ in read):
        read = [(line, ordered, ordered) for line, _, ordered in read]
    result = []
    for position, (line, units, ordered) in enumerate(read):
        try:
            result.append(_goods(line, units, ordered, bool(raw.taxes_included), purse))
        except PayloadError as error:
            raise _at(position, error) from None
    return result


def _at(position: int, error: PayloadError) -> PayloadError:
    path = f"$.order.lineItems.nodes[{position}].{error.path}"
    return PayloadError(error.code, f"Line {position + 1}: {error.message}", path)


def _returned(raw: RawOrder) -> Counter[str]:
    """Units by line that came back after they were shipped: restocked by a return, or refunded and kept."""
    result: Counter[str] = Counter()
    has_shipped = raw.display_fulfillment_status in SHIPPED
    for refund in raw.refunds or ():
        bag = refund.total_refunded_set
        money = None if bag is None else bag.presentment_money or bag.shop_money
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


def _goods(line: RawLine, units: int, ordered: int, taxes_included: bool, purse: Purse) -> Goods:
    price = purse.amount(line.original_unit_price_set, "originalUnitPriceSet")
    off = sum(
        (purse.amount(each.allocated_amount_set, "discountAllocations") for each in line.discount_allocations or ()),
        ZERO,
    )
    whole_tax = purse.taxes(line.tax_lines)
    paid = price * ordered - off
    whole = paid if taxes_included else paid + whole_tax
    tax = purse.part(whole_tax, units, ordered)
    gross = purse.part(whole, units, ordered)
    discount = purse.part(off, units, ordered)
    if taxes_included and discount and gross:
        discount = (discount * (gross - tax) / gross).quantize(Decimal(1).scaleb(-purse.digits), ROUND_HALF_UP)
    return Goods(line, units, ordered, gross - tax, tax, discount, whole, whole_tax)


@dataclass(frozen=True)
class Totals:
    total: Decimal
    tax: Decimal
    refunded: Decimal


def totals(raw: RawOrder, lines: list[Goods], purse: Purse) -> Totals:
    """`totalPriceSet` less what left the order, to the cent of `currentTotalPriceSet` where nothing else is off.

    Money that was given back for units that left is not in the total any more, so it is not refunded from it either.
    """
    if raw.total_price_set is None:
        raise PayloadError("no_total", "The order has no total.", "$.order.totalPriceSet")
    total = purse.amount(raw.total_price_set, "totalPriceSet")
    if total < 0:
        raise PayloadError("negative_total", f"The order's total is negative ({total}).", "$.order.totalPriceSet")
    tax = purse.amount(raw.total_tax_set, "totalTaxSet")
    refunded = purse.amount(raw.total_refunded_set, "totalRefundedSet")
    reduced = [line for line in lines if line.units < line.ordered]
    if not reduced:
        return Totals(total, tax, refunded)
    current = purse.amount(raw.current_total_price_set, "currentTotalPriceSet")
    total -= sum((line.whole - line.net - line.tax for line in reduced), ZERO)
    tax -= sum((line.whole_tax - line.tax for line in reduced), ZERO)
    if abs(total - current) <= len(reduced) * Decimal(1).scaleb(-purse.digits):
        total = current
    return Totals(total, tax, min(refunded, max(ZERO, total - current)))


@dataclass(frozen=True)
class Charge:
    net: Decimal
    tax: Decimal


def delivery(lines: list[RawShipping], taxes_included: bool, purse: Purse) -> Charge:
    """After discounts (`discountedPriceSet`, since 2024-07 with those of the whole order), before refunds."""
    tax = sum((purse.taxes(line.tax_lines) for line in lines), ZERO)
    paid = sum((purse.amount(line.discounted_price_set, "shippingLines") for line in lines), ZERO)
    return Charge(paid - tax if taxes_included else paid, tax)


def fees(raw: RawOrder, lines: list[Goods], purse: Purse) -> Charge:
    """Additional fees, duties where they come on top of the prices, and a tip that is not among the lines."""
    charges = list(raw.additional_fees or ())
    if not raw.duties_included:
        charges += [duty for line in lines for duty in line.raw.duties or () if line.units]
    net = sum((purse.amount(each.price, "additionalFees") for each in charges), ZERO)
    tax = sum((purse.taxes(each.tax_lines) for each in charges), ZERO)
    tip = purse.amount(raw.total_tip_received_set, "totalTipReceivedSet")
    if tip and not any(line.raw.product is None and line.net + line.tax == tip for line in lines):
        net += tip
    return Charge(net, tax)
