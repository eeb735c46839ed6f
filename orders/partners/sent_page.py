"""A page of orders that partners send, on its way into the book: what each one is, and what has become of it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from zoneinfo import ZoneInfo

from babel.numbers import get_currency_precision
from msgspec import Struct

from config.kit.public_ids import PublicIds
from orders.partners.known_orders import KnownOrder
from orders.partners.meanings import Goods
from orders.partners.overriding import GoodsWarning
from orders.partners.published import Item, PublishedOrder
from orders.partners.sent_goods import unknown
from orders.work.changing import Opened
from stock.goods.goods_rows import Catalogue
from stock.goods.known import KnownGoods


@dataclass(frozen=True)
class Book:
    """A project's order book as its partners write to it."""

    project_id: int
    currency: str
    zone: ZoneInfo
    ids: PublicIds
    at: datetime
    run_id: int | None = None

    @property
    def digits(self) -> int:
        return get_currency_precision(self.currency)

    @property
    def catalogue(self) -> Catalogue:
        at = self.at.replace(microsecond=self.at.microsecond // 1_000 * 1_000)
        return Catalogue(self.project_id, self.currency, self.ids, at)


class Stored(Struct, frozen=True):
    """The order is in the book; `what` is created, updated or skipped."""

    order_id: int
    what: str
    warned: Sequence[GoodsWarning] = ()
    """Of what it overrides."""
    meant: Sequence[Goods] = ()
    """What its items mean."""
    goods: KnownGoods | None = None
    """Those of its items, as they were just looked up for a new live order."""

    @property
    def warnings(self) -> Iterator[GoodsWarning]:
        """Made when they are told: an import keeps a few of them."""
        yield from self.warned
        yield from unknown(self.meant)


class RowFailure(Struct, frozen=True):
    """Nothing was written for the order. `key` is stable, `reason` for people."""

    key: str
    reason: str


Outcome = Stored | RowFailure


@dataclass(eq=False)
class SentEntry:
    """One order of the page on its way."""

    order: PublishedOrder
    """As sent; of one that is here already, only what is new in it."""
    encoded: bytes = b""
    """As `msgspec.json` encodes what was sent, where that is at hand."""
    known: KnownOrder | None = None
    outcome: Outcome | None = None
    customer: int | None = None
    referrer: int | None = None
    """Tickets of the page's customers."""
    digest: str = ""
    """Of the whole as it was sent, where the order is here; "" of a live one."""
    goods: Sequence[Goods] = ()
    """What its items mean."""
    warnings: Sequence[GoodsWarning] = ()
    writes_goods: bool = False
    """It has written goods of the catalogue, or half of them."""
    answered: Mapping[int, Item] = field(default_factory=dict)
    """Its items as they are answered, by line, where it names any."""


@dataclass
class SentPage:
    """Orders that are written together; of a bulk import, or a single live one."""

    book: Book
    entries: list[SentEntry]
    live: bool
    moves_goods: bool = True
    """Whether live orders may ask for other units than they have; the project's lock is held for it."""
    overriding: bool = False
    """Whether any of them may write goods of the catalogue; to look costs as much as to find them."""
    behind: dict[int, Goods] = field(default_factory=dict)
    """What stands behind the lines of orders whose items are sent anew."""
    opened: dict[int, Opened] = field(default_factory=dict)
    known: KnownGoods = field(default_factory=KnownGoods)
    """All goods that were found."""

    @property
    def open(self) -> list[SentEntry]:
        return [entry for entry in self.entries if entry.outcome is None]
