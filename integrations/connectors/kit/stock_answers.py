"""What became of quantities, in the same words for every platform."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from integrations.connectors.outward import StockAnswer, StockOutcome, StockTarget


def units(value: Any) -> int | None:
    """A quantity as a shop writes it: 5, 5.0 or "5"; None for what is no number. Halves are cut off."""
    try:
        return None if value is None or isinstance(value, bool) else int(float(value))
    except (TypeError, ValueError, OverflowError):
        return None


def of_several(sku: str, told: Sequence[Any], place: Mapping[str, Any] | None = None) -> StockAnswer:
    """SET, with what the shop says of its article, or of all that have this SKU: the least, and a sentence of it."""
    quantities = [quantity for each in told if (quantity := units(each)) is not None]
    message = f"The shop has {len(told)} articles with this SKU; all of them are set." if len(told) > 1 else ""
    return StockAnswer(sku, StockOutcome.SET, min(quantities, default=None), place or {}, message)


def refused(target: StockTarget, message: str, place: Mapping[str, Any] | None = None) -> StockAnswer:
    return StockAnswer(
        target.sku, StockOutcome.REFUSED, place=target.place if place is None else place, message=message
    )


def unknown(sku: str) -> StockAnswer:
    return StockAnswer(sku, StockOutcome.UNKNOWN)


def unmanaged(sku: str) -> StockAnswer:
    return StockAnswer(sku, StockOutcome.UNMANAGED)


def declined(sku: str, why: object, quantity: int | None = None) -> StockAnswer:
    """`why`: a sentence, or the ShopError that says it."""
    return StockAnswer(sku, StockOutcome.REFUSED, quantity, message=str(why))


def read_back(target: StockTarget, quantity: int | None, place: Mapping[str, Any], message: str = "") -> StockAnswer:
    """By what the shop says when it is asked afterwards: it took the quantity, or it only seemed to."""
    if quantity == target.quantity:
        return StockAnswer(target.sku, StockOutcome.SET, quantity, place, message)
    said = "does not say what it has" if quantity is None else f"has {quantity} now"
    return declined(target.sku, f"The shop took {target.quantity} without an error, and {said}.", quantity)
