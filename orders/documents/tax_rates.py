"""The rate of tax of each line of an invoice, which shops do not tell alike: it follows from net amount and tax.

Both are rounded, so a rate is known within bounds. Of the rates within them the one is taken that another line of the
invoice has already, then the one with the fewest decimals. Pure.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import ROUND_CEILING, ROUND_HALF_UP, Decimal

from orders.intake.incoming import ZERO

# Decimals of a rate in percent: Quebec has 9.975.
MOST_DECIMALS = 3


@dataclass(frozen=True)
class Taxed:
    """Net amount, its tax, and how many times a shop may have rounded them: once a unit."""

    net: Decimal
    tax: Decimal
    times: int = 1


@dataclass(frozen=True)
class _Bounds:
    low: Decimal
    high: Decimal
    middle: Decimal

    def hold(self, rate: Decimal) -> bool:
        return self.low <= rate <= self.high


def rates_of(lines: Sequence[Taxed], digits: int) -> list[str]:
    """A rate in percent each, "21" or "9.975"; "" for what has none: no net amount, or a tax of another sign."""
    half = Decimal(1).scaleb(-digits) / 2
    bounds = [_bounds(line, half) for line in lines]
    known: list[Decimal] = [ZERO]
    found: list[str] = [""] * len(lines)
    narrow_first = sorted(
        ((bound, place) for place, bound in enumerate(bounds) if bound), key=lambda each: each[0].high - each[0].low
    )
    for bound, place in narrow_first:
        if not lines[place].tax:
            found[place] = "0"
            continue
        rate = next((each for each in known if each and bound.hold(each)), None)
        if rate is None:
            rate = _plainest(bound)
            known.append(rate)
        found[place] = f"{rate.normalize():f}"
    return found


def _bounds(line: Taxed, half: Decimal) -> _Bounds | None:
    net, tax, off = abs(line.net), abs(line.tax), half * line.times
    if not net or (line.tax and (line.net < 0) != (line.tax < 0)):
        return None
    low = max(tax - off, ZERO) / (net + off) * 100
    high = (tax + off) / (net - off) * 100 if net > off else Decimal(100)
    return _Bounds(low, high, tax / net * 100)


def _plainest(bound: _Bounds) -> Decimal:
    for decimals in range(MOST_DECIMALS):
        unit = Decimal(1).scaleb(-decimals)
        nearest = bound.middle.quantize(unit, ROUND_HALF_UP)
        for rate in (nearest, bound.low.quantize(unit, ROUND_CEILING)):
            if rate and bound.hold(rate):
                return rate
    return bound.middle.quantize(Decimal(1).scaleb(-MOST_DECIMALS), ROUND_HALF_UP)
