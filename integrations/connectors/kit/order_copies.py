"""Orders that are made in a shop: what they come to, and their addresses in the shop's own words."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from integrations.connectors.errors import Failure, ShopError
from integrations.connectors.outward import OrderCopy


def total(copy: OrderCopy) -> Decimal:
    """With taxes and postage."""
    return net_total(copy) + tax_total(copy)


def net_total(copy: OrderCopy) -> Decimal:
    return sum((line.net for line in copy.lines), copy.shipping_net)


def tax_total(copy: OrderCopy) -> Decimal:
    return sum((line.tax for line in copy.lines), copy.shipping_tax)


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
