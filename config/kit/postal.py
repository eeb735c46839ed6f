"""Postal addresses as people read them."""

from __future__ import annotations

from typing import Any

from babel import Locale
from django.utils.translation import to_locale


def address_lines(parts: dict[str, Any], language: str = "") -> list[str]:
    """The lines of a stored address (the fields of `IncomingAddress`); empty when there is none.

    The country is a code, or its name in a language that is given.
    """
    country = str(parts.get("country") or "")
    name = f"{parts.get('first_name', '')} {parts.get('last_name', '')}".strip()
    town = f"{parts.get('postal_code', '')} {parts.get('city', '')}".strip()
    wanted = [
        name,
        parts.get("company", ""),
        parts.get("line_1", ""),
        parts.get("line_2", ""),
        town,
        parts.get("state", ""),
        country_name(country, language) if language else country,
        parts.get("phone", ""),
        parts.get("email", ""),
    ]
    return [str(part) for part in wanted if part]


def country_name(code: str, language: str) -> str:
    """The country of an ISO 3166-1 code in a language; the code where it is none."""
    names = Locale.parse(to_locale(language)).territories
    return str(names.get(code.upper(), code)) if len(code) == 2 else code
