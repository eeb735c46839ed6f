"""Cells that spreadsheets read as what they are: numbers as numbers, text never as a formula."""

from __future__ import annotations

from decimal import Decimal

import pytest

from config.kit.money import bare_amount
from config.kit.spreadsheets import plain


@pytest.mark.parametrize("number", ["-5", "-5.00", "5", "0", "-0.001"])
def test_a_number_stays_a_number(number: str) -> None:
    assert plain(number) == number


@pytest.mark.parametrize(
    "formula", ["-1+1", "=1", "-5)", "-5.", "--5", "-cmd|' /C calc'!A0", "+420777123456", "@SUM(1)", "-５", "-5\n", "-"]
)
def test_a_formula_is_text(formula: str) -> None:
    assert plain(formula) == f"'{formula}"


@pytest.mark.parametrize(
    ("amount", "currency", "written"),
    [
        ("10.0000", "EUR", "10.00"),
        ("1234.0000", "JPY", "1234"),
        ("1.5000", "KWD", "1.500"),
        ("-5.0000", "EUR", "-5.00"),
        ("1.2345", "EUR", "1.2345"),
        ("0.5000", "JPY", "0.5"),
        ("1000000.0000", "JPY", "1000000"),
        (None, "", ""),
    ],
)
def test_amounts_have_the_digits_of_their_currency(amount: str | None, currency: str, written: str) -> None:
    assert bare_amount(None if amount is None else Decimal(amount), currency) == written
