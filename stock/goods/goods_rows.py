"""Whose goods are written, and what became of each row."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from babel.numbers import get_currency_precision

from config.kit.public_ids import PublicIds
from config.kit.refusals import Refused
from config.kit.sql import next_ids
from stock.models import Product


@dataclass(frozen=True)
class Catalogue:
    """A project's goods as its partners write them."""

    project_id: int
    currency: str
    ids: PublicIds
    at: datetime
    """When it is written, cut to the millisecond (`config.kit.true_time.now_in_milliseconds`)."""

    @property
    def digits(self) -> int:
        return get_currency_precision(self.currency)

    def major(self, price: float | None) -> Decimal | None:
        """A price of smallest units in the currency's own unit, as its column keeps it."""
        if price is None:
            return None
        return Decimal(price).scaleb(-self.digits).quantize(Decimal("0.0001"))

    def minor(self, price: Decimal | None) -> int | None:
        """A price in the smallest unit of the currency."""
        return None if price is None else round(price.scaleb(self.digits))


@dataclass(frozen=True)
class GoodsStored:
    """The product or SKU is here."""

    pk: int
    found: bool
    """It was here before."""
    updated: bool
    """It is new, or different from before."""


@dataclass(frozen=True)
class GoodsFailure:
    """Nothing was written for the row. `key` is stable, `details` for people."""

    key: str
    """not_found, duplicate_resource_key, invalid_payload or resource_in_use."""
    details: str
    kind: str = "product"
    """What `holder` is: product or sku."""
    holder: int | None = None
    """The row that has what was asked for, by its primary key."""


GoodsOutcome = GoodsStored | GoodsFailure


class GoodsRefused(Refused):
    """A single product or SKU was not written; `failure` says why."""

    def __init__(self, failure: GoodsFailure) -> None:
        super().__init__(failure.details)
        self.failure = failure


class Numbers:
    """Primary keys of the sequence that products and articles share; taken in portions that grow."""

    def __init__(self) -> None:
        self._spare: list[int] = []
        self._portion = 1

    def take(self) -> int:
        if not self._spare:
            self._spare = next_ids(Product, self._portion)[::-1]
            self._portion = min(200, self._portion * 4)
        return self._spare.pop()


def missing(kind: str, key: str) -> GoodsFailure:
    """Of a product or SKU that was named by an id which is not here."""
    return GoodsFailure("not_found", f"Cannot find {kind} with id {key}", kind)


def only(outcomes: list[GoodsOutcome]) -> GoodsStored:
    """The outcome of the only row. Raises GoodsRefused."""
    [outcome] = outcomes
    if isinstance(outcome, GoodsFailure):
        raise GoodsRefused(outcome)
    return outcome
