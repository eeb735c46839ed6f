"""Orders that are made in a shop: what they come to, and their addresses in the shop's own words."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import ROUND_DOWN, Decimal
from typing import Any

from integrations.connectors.errors import Failure, ShopError
from integrations.connectors.kit.values import currency as with_digits
from integrations.connectors.outward import CopiedLine, OrderCopy


def total(copy: OrderCopy) -> Decimal:
    """With taxes and postage."""
    return net_total(copy) + tax_total(copy)


def net_total(copy: OrderCopy) -> Decimal:
    return sum((line.net for line in copy.lines), copy.shipping_net)


def tax_total(copy: OrderCopy) -> Decimal:
    return sum((line.tax for line in copy.lines), copy.shipping_tax)


def rate(net: Decimal, tax: Decimal) -> float:
    """Of a tax, as a part of one: 0.21."""
    return float(round(tax / net, 4)) if net else 0.0


def even_parts(line: CopiedLine, currency: str) -> list[tuple[int, Decimal]]:
    """Units and their net price, for shops that multiply: 10.00 of three are one of 3.34 and two of 3.33.

    `currency` says how many decimals a price has.
    """
    least = Decimal(1).scaleb(-with_digits(currency)[1])
    units = max(1, line.quantity)
    low = (line.net / units).quantize(least, ROUND_DOWN)
    more = int((line.net - low * units) / least)
    parts = [(abs(more), low + least.copy_sign(more)), (units - abs(more), low)]
    return [(count, price) for count, price in parts if count]


def told_amount(value: Any) -> Decimal:
    """What the shop says its new order comes to. ShopError NONSENSE where it does not."""
    try:
        return Decimal(str(value))
    except ArithmeticError:
        raise ShopError(Failure.NONSENSE, "The shop's answer does not say what its new order comes to.") from None


def off_by(copy: OrderCopy, value: Any) -> str:
    """A sentence where the shop's order comes to something else; "" where it adds up."""
    told = told_amount(value)
    if told == total(copy):
        return ""
    return f"The shop's order comes to {told:f} {copy.currency}, not to {total(copy):f} {copy.currency}."


def address(given: Mapping[str, str], names: Mapping[str, str]) -> dict[str, str]:
    """The parts of an `IncomingAddress`, by the shop's names of them (theirs to ours)."""
    return {theirs: given.get(ours, "") for theirs, ours in names.items()}
