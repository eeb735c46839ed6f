"""Postal addresses as people read them."""

from __future__ import annotations

from typing import Any


def address_lines(parts: dict[str, Any]) -> list[str]:
    """The lines of a stored address (the fields of `IncomingAddress`); empty when there is none."""
    name = f"{parts.get('first_name', '')} {parts.get('last_name', '')}".strip()
    town = f"{parts.get('postal_code', '')} {parts.get('city', '')}".strip()
    wanted = [
        name,
        parts.get("company", ""),
        parts.get("line_1", ""),
        parts.get("line_2", ""),
        town,
        parts.get("state", ""),
        parts.get("country", ""),
        parts.get("phone", ""),
        parts.get("email", ""),
    ]
    return [str(part) for part in wanted if part]
