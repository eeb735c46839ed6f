"""Asking for single orders: which ids are worth asking for, and what people type for a number."""

from __future__ import annotations

from collections.abc import Callable


def wanted(ids: tuple[str, ...], most: int, is_id: Callable[[str], bool]) -> set[str]:
    """The ids that can be ids of the platform. ValueError for more than `most`, which one request cannot bring."""
    if len(ids) > most:
        raise ValueError(f"At most {most} orders can be asked for at once, not {len(ids)}.")
    return {identifier for identifier in ids if is_id(identifier)}


def is_whole_number(text: str) -> bool:
    """Whether it is an id as platforms that count write it: 1 to 18 digits, no zero before them."""
    return text.isascii() and text.isdigit() and len(text) < 19 and text == str(int(text))


def typed_number(text: str) -> str:
    """An order number as the shop has it, from what a person typed: no spaces around, no "#" before."""
    return text.strip().removeprefix("#").strip()
