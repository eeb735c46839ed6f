"""Amounts are written alike whether or not the same one was written before."""

from __future__ import annotations

from decimal import Decimal

import pytest

from config.kit.money import money


@pytest.mark.parametrize(
    ("amount", "currency", "written"),
    [
        ("0", "EUR", "€0.00"),
        ("-0.00", "EUR", "€0.00"),
        ("12.5000", "EUR", "€12.50"),
        ("12.5", "EUR", "€12.50"),
        ("12.3456", "EUR", "€12.3456"),
        ("-7", "EUR", "-€7.00"),
        ("1234", "JPY", "¥1,234"),
        ("1.5", "KWD", "KWD\u00a01.500"),
    ],
)
def test_an_amount(amount: str, currency: str, written: str) -> None:
    assert [money(Decimal(amount), currency) for _ in range(2)] == [written, written]
