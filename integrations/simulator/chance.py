"""Chance that comes out the same every time."""

from __future__ import annotations

from random import Random


def chance(*seeds: str | int) -> Random:
    return Random(" ".join(map(str, seeds)))  # noqa: S311 - a play, no secret
