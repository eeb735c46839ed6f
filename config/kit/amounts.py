"""Amounts as the database keeps them, so that a shop's answer can be compared with what is on record."""

from __future__ import annotations

from decimal import ROUND_HALF_UP, Decimal

AMOUNT, UNIT_PRICE = Decimal("0.0001"), Decimal("0.000001")


def amount(value: Decimal) -> Decimal:
    """To four decimals, as PostgreSQL's `numeric` rounds: half away from zero."""
    return value.quantize(AMOUNT, ROUND_HALF_UP)


def unit_price(value: Decimal) -> Decimal:
    """To six decimals."""
    return value.quantize(UNIT_PRICE, ROUND_HALF_UP)
