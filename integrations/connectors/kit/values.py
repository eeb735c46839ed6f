"""Reading single values of a shop's payload: what is right is taken exactly, what is odd gets a note, the rest refuses.

Functions that may refuse raise `PayloadError` with the field's name as its path; the caller puts the rest of the
path in front. `notes` collects sentences for `IncomingOrder.warnings`.
"""

from __future__ import annotations

import html
import re
from collections.abc import Iterable
from decimal import ROUND_HALF_UP, Decimal
from functools import lru_cache
from typing import Any

import msgspec
from babel import Locale
from babel.core import get_global

from integrations.connectors.errors import PayloadError
from stock.barcodes import canonical

# How a payload may write an amount; a text is the rule, a number the exception.
Number = str | int | float | None

PLAIN = re.compile(r"-?[0-9]{1,10}(?:\.[0-9]{1,20})?")
NUMBER = re.compile(r"-?[0-9]{1,10}\.[0-9]{1,20}(?:e-[0-9]{1,2})?|-?[0-9]{1,10}(?:e-[0-9]{1,2})?")
EMAIL = re.compile(r"[^\s@<>\"(),:;\\\[\]\x00-\x1f\x7f]{1,64}@(?:[^\W_](?:[\w-]{0,61}[^\W_])?\.)+[^\W_]{2,63}")
ROUNDED = "Amounts with more decimals than the currency has were rounded"
LARGEST_QUANTITY = 2**31 - 1
METADATA_KEYS = 200
METADATA_SIZE = 500
NAMED_COUNTRIES = {"UK": "GB", "EL": "GR"}


def label(value: str | None, limit: int) -> str:
    """A name as people read it: HTML entities, which WooCommerce leaves in names, are written out. Cut at `limit`."""
    text = html.unescape(value or "").strip()
    return text if len(text) <= limit else text[: limit - 1] + "…"


def split_name(value: str | None) -> tuple[str, str]:
    """First and last name of a whole one; the last word is taken for the last name."""
    first, _, last = (value or "").strip().rpartition(" ")
    return first, last


def bad_amount(value: Number, field: str) -> PayloadError:
    return PayloadError("bad_amount", f"The amount {str(value)[:40]!r} in {field} is not a plain number.", field)


@lru_cache(maxsize=16384)
def exact(value: str | int | float, digits: int) -> tuple[Decimal, bool]:
    """The amount at `digits` decimals, and whether it had to be rounded. ValueError for no plain number.

    Cached: shops repeat few amounts.
    """
    if isinstance(value, str):
        if PLAIN.fullmatch(value) is None:
            raise ValueError(value)
        exact = Decimal(value)
    else:
        written = repr(value)
        if isinstance(value, bool) or NUMBER.fullmatch(written) is None:
            raise ValueError(value)
        exact = Decimal(written)
    rounded = exact.quantize(Decimal(1).scaleb(-digits), ROUND_HALF_UP)
    return rounded, rounded != exact


def unit_price(value: Number, field: str) -> Decimal:
    """A price of one unit: at most six decimals, silently rounded, because shops divide and print the noise."""
    if value is None or value == "":
        return Decimal(0)
    try:
        return exact(value, 6)[0]
    except ValueError:
        raise PayloadError(
            "bad_amount", f"The price {str(value)[:40]!r} in {field} is not a plain number.", field
        ) from None


@lru_cache(maxsize=1)
def _currency_digits() -> dict[str, int]:
    """Decimals of every currency that is or was legal tender somewhere (CLDR)."""
    fractions = get_global("currency_fractions")
    tender = {code for entries in get_global("territory_currencies").values() for code, *_, legal in entries if legal}
    return {code: fractions.get(code, fractions["DEFAULT"])[0] for code in tender}


@lru_cache(maxsize=512)
def currency(value: str) -> tuple[str, int]:
    """The ISO 4217 code in upper case and its decimals (JPY 0, EUR 2, KWD 3)."""
    code = value.strip().upper()
    digits = _currency_digits().get(code)
    if digits is None:
        raise PayloadError("unknown_currency", f"{value[:20]!r} is not a currency code.", "currency")
    return code, digits


def quantity(value: Number, field: str = "quantity") -> int:
    """Whole pieces, zero allowed (the caller drops the line)."""
    if type(value) is int and 0 <= value <= LARGEST_QUANTITY:
        return value
    if isinstance(value, str) and PLAIN.fullmatch(value):
        value = float(value)
    if isinstance(value, float) and value.is_integer():
        value = int(value)
    if isinstance(value, float):
        raise PayloadError("fractional_quantity", f"The quantity {value} is not a whole number of pieces.", field)
    if not isinstance(value, int) or isinstance(value, bool):
        raise PayloadError("bad_quantity", f"The quantity {str(value)[:40]!r} is not a number.", field)
    if value < 0:
        raise PayloadError("negative_quantity", f"The quantity {value} is negative.", field)
    if value > LARGEST_QUANTITY:
        raise PayloadError("bad_quantity", f"The quantity {value} is too large.", field)
    return value


def identifier(value: Any, field: str = "id") -> str:
    """An id as text of 1 to 255 characters: 5, 5.0 and "5" are one id."""
    if isinstance(value, float) and value.is_integer():
        value = int(value)
    if isinstance(value, int) and not isinstance(value, bool):
        value = str(value)  # JSON sets no limit to its digits
    if not isinstance(value, str) or not value.strip():
        raise PayloadError("no_id", "The order has no id.", field)
    if len(value) > 255 or not value.isprintable():
        raise PayloadError("bad_id", f"The id {value[:40]!r} is too long or holds unreadable characters.", field)
    return value.strip()


def sku(value: Any, field: str = "sku") -> str:
    """Trimmed, at most 100 characters: one that is cut would be another product's."""
    text = str(value or "").strip()
    if len(text) > 100:
        raise PayloadError("bad_sku", f"The SKU {text[:40]!r}… has more than 100 characters.", field)
    return text


def ean(*found: Any) -> str:
    """The first of these that is an EAN, a UPC or a number of the house; "" for none."""
    texts = (canonical(str(value)) for value in found if isinstance(value, int | str) and not isinstance(value, bool))
    return next(filter(None, texts), "")


def tax_code(rates: Iterable[tuple[Any, Any]]) -> str:
    """What taxes of a line are known by, from their titles and rates in percent: "VAT 21%", "GST 5% + QST 9.975%"."""
    found = []
    for title, percent in rates:
        text = f"{percent:.4f}" if isinstance(percent, float) else str(percent)
        rate = f"{Decimal(text).normalize():f}%" if PLAIN.fullmatch(text) else ""
        found.append(" ".join(filter(None, (label(title, 60) if isinstance(title, str) else "", rate))))
    return " + ".join(filter(None, found))[:100]


def reference(value: Any) -> str:
    """The id of something beside the order; 0 and nothing are ""."""
    return "" if not value or value in ("0", True) else str(value)[:100]


@lru_cache(maxsize=1)
def _countries() -> dict[str, str]:
    """Codes and English names (in lower case) to ISO 3166-1 alpha-2 codes."""
    territories = {code: label for code, label in Locale("en").territories.items() if len(code) == 2 and code.isalpha()}
    for code in ("EU", "EZ", "UN", "XA", "XB", "QO", "ZZ"):
        territories.pop(code, None)
    names = {label.casefold(): code for code, label in territories.items()}
    return {**names, "czech republic": "CZ", **{code.casefold(): code for code in territories}}


@lru_cache(maxsize=1024)
def _country(value: str) -> str:
    value = NAMED_COUNTRIES.get(value.strip().upper(), value.strip())
    return _countries().get(value.casefold(), "")


def country(value: str | None, label: str, notes: list[str]) -> str:
    """ISO 3166-1 alpha-2 from a code or an English name, or "" with a note."""
    if not value:
        return ""
    code = _country(value)
    if not code and value.strip():
        notes.append(f"The country {value[:40]!r} of {label} is not known and was left out.")
    return code


def metadata(pairs: list[tuple[str, Any]], notes: list[str]) -> dict[str, Any]:
    """Key-value extras as a dict of at most 200 keys, each value at most 500 characters (objects: of their JSON).

    Keys keep their leading underscore. A key that comes again is kept as "key (2)", "key (3)": add-on plugins repeat
    keys and mean each of them.
    """
    result: dict[str, Any] = {}
    cut = len(pairs) > METADATA_KEYS
    for key, value in pairs[:METADATA_KEYS]:
        if len(key) > 100:
            key, cut = key[:99] + "…", True
        if key in result:
            key = next(f"{key} ({count})" for count in range(2, METADATA_KEYS + 2) if f"{key} ({count})" not in result)
        if not isinstance(value, str):
            value = _extra(value)
        if isinstance(value, str) and len(value) > METADATA_SIZE:
            value, cut = value[: METADATA_SIZE - 1] + "…", True
        result[key] = value
    if cut:
        notes.append(f"The order's extra fields were cut to {METADATA_KEYS} fields of {METADATA_SIZE} characters.")
    return result


def _extra(value: Any) -> Any:
    """A value that is no text: an object too large to keep, or a number too large for others to read, as text."""
    if isinstance(value, dict | list):
        written = msgspec.json.encode(value).decode()
        return value if len(written) <= METADATA_SIZE else written
    if isinstance(value, int) and abs(value) > 2**53:
        return str(value)
    return value
