"""Amounts as people read them: digits and symbol of their currency."""

from __future__ import annotations

import re
from decimal import Decimal, InvalidOperation
from functools import lru_cache

from babel.numbers import format_currency, get_currency_precision, get_currency_symbol
from django.utils.translation import get_language, to_locale


def money(amount: Decimal, currency: str) -> str:
    """“€1,234.50”, “¥1,234”, “KWD 1.500”; more digits only where the amount has them."""
    return _written(amount + 0, currency, to_locale(get_language() or "en"))  # + 0: no “-€0.00”


# Babel takes longer for an amount than the database for its row, and lists show the same ones again and again.
@lru_cache(maxsize=8192)
def _written(amount: Decimal, currency: str, locale: str) -> str:
    if amount == round(amount, get_currency_precision(currency)):
        text = format_currency(amount, currency, locale=locale)
    else:
        text = format_currency(amount.normalize(), currency, locale=locale, decimal_quantization=False)
    symbol = get_currency_symbol(currency, locale=locale)
    return re.sub(f"{re.escape(symbol)}(?=[0-9])", f"{symbol}\u00a0", text) if symbol[-1:].isalpha() else text


def bare_amount(amount: Decimal | None, currency: str) -> str:
    """As a file for spreadsheets has it, digits as in `money`: 1234.50, 1234 yen, 1.500 dinar; "" for None."""
    if amount is None:
        return ""
    digits = get_currency_precision(currency)
    return f"{amount:.{digits}f}" if amount == round(amount, digits) else f"{amount.normalize():f}"


def stored_money(value: object, currency: str) -> str:
    """An amount kept as text in a document made readable; one that is not a number stays as it is."""
    try:
        return money(Decimal(str(value)), currency)
    except InvalidOperation:
        return str(value or "")
