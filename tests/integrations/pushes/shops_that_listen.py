"""A shop in memory that can be told things, and that loses, refuses and forgets as it is asked to."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

import pytest

from integrations.connectors.contract import Outward, Shipments, Shop, StockLevels
from integrations.connectors.errors import Failure, ShopError
from integrations.connectors.http import Operation
from integrations.connectors.listings import Cursor, ProductPage, RemoteProduct
from integrations.connectors.outward import (
    Crossed,
    Dispatch,
    Paid,
    Paper,
    StockAnswer,
    StockOutcome,
    StockTarget,
)
from tests.fake_connector import exchange

AWAY = ShopError(Failure.UNAVAILABLE, "The shop does not answer.")
BUSY = ShopError(Failure.BUSY, "The shop asks us to wait.", retry_after=1)
REFUSED = ShopError(Failure.REFUSED, "The shop does not take this shipment.")


@dataclass
class ListeningShop:
    """What it was told, in order, and how it behaves."""

    shipments: list[Dispatch] = field(default_factory=list)
    paid: list[tuple[str, Paid]] = field(default_factory=list)
    papers: list[tuple[str, Paper]] = field(default_factory=list)
    quantities: dict[str, int | None] = field(default_factory=dict)
    """None: it keeps no stock of it."""
    calls: list[str] = field(default_factory=list)
    refuses: dict[str, ShopError] = field(default_factory=dict)
    """By our reference, before anything is done."""
    loses: set[str] = field(default_factory=set)
    """References it takes without a word: it is told, and does not answer."""
    busy_after: set[str] = field(default_factory=set)
    """References after which it asks to wait, having taken them."""
    forgets: set[str] = field(default_factory=set)
    """References and SKUs it answers for, once, without doing anything."""
    compares: bool = False
    meanwhile: Callable[[], object] | None = None
    """Called once, before it is told of anything."""

    def _meanwhile(self) -> None:
        called, self.meanwhile = self.meanwhile, None
        if called is not None:
            called()

    def find(self, shop: Shop, dispatch: Dispatch) -> Operation[Crossed | None]:
        yield from ()
        self.calls.append(f"find {dispatch.reference}")
        there = [each for each in self.shipments if each.reference == dispatch.reference]
        return Crossed(f"r-{dispatch.reference}") if there else None

    def send(self, shop: Shop, dispatch: Dispatch) -> Operation[Crossed]:
        yield from ()
        self.calls.append(f"send {dispatch.reference}")
        self._meanwhile()
        if dispatch.reference in self.refuses:
            raise self.refuses[dispatch.reference]
        if dispatch.reference in self.forgets:
            self.forgets.discard(dispatch.reference)
            return Crossed(f"r-{dispatch.reference}")
        self.shipments.append(dispatch)
        if dispatch.reference in self.busy_after:
            self.busy_after.discard(dispatch.reference)
            raise BUSY
        if dispatch.reference in self.loses:
            self.loses.discard(dispatch.reference)
            raise AWAY
        return Crossed(f"r-{dispatch.reference}")

    def correct(self, shop: Shop, remote_id: str, dispatch: Dispatch) -> Operation[Crossed]:
        yield from ()
        self.calls.append(f"correct {dispatch.reference}")
        self.shipments = [dispatch if each.reference == dispatch.reference else each for each in self.shipments]
        return Crossed(remote_id)

    def pay(self, shop: Shop, order_id: str, paid: Paid) -> Operation[Crossed]:
        yield from ()
        if (order_id, paid) not in self.paid:
            self.paid.append((order_id, paid))
        return Crossed("paid")

    def name_paper(self, shop: Shop, order_id: str, paper: Paper) -> Operation[Crossed]:
        yield from ()
        if (order_id, paper) not in self.papers:
            self.papers.append((order_id, paper))
        return Crossed("note")

    def set_stock(self, shop: Shop, targets: tuple[StockTarget, ...]) -> Operation[tuple[StockAnswer, ...]]:
        yield from ()
        self.calls.append("stock " + " ".join(f"{each.sku}={each.quantity}" for each in targets))
        self._meanwhile()
        return tuple(self._set(each) for each in targets)

    def _set(self, target: StockTarget) -> StockAnswer:
        if (known := self._known(target)) is not None:
            return known
        has = self.quantities[target.sku]
        if self.compares and target.before not in {None, has}:
            return StockAnswer(target.sku, StockOutcome.STALE, has)
        if target.sku in self.refuses:
            return StockAnswer(target.sku, StockOutcome.REFUSED, message="Not now.")
        if target.sku in self.forgets:
            self.forgets.discard(target.sku)
            return StockAnswer(target.sku, StockOutcome.SET, None)
        self.quantities[target.sku] = target.quantity
        return StockAnswer(target.sku, StockOutcome.SET, target.quantity)

    def _known(self, target: StockTarget) -> StockAnswer | None:
        if target.sku not in self.quantities:
            return StockAnswer(target.sku, StockOutcome.UNKNOWN)
        if self.quantities[target.sku] is None:
            return StockAnswer(target.sku, StockOutcome.UNMANAGED)
        return None

    def read(self, shop: Shop, targets: tuple[StockTarget, ...]) -> Operation[tuple[StockAnswer, ...]]:
        yield from ()
        return tuple(
            self._known(each) or StockAnswer(each.sku, StockOutcome.SET, self.quantities[each.sku]) for each in targets
        )

    def products(self, shop: Shop, cursor: Cursor | None) -> Operation[ProductPage]:
        yield from ()
        self.calls.append("products")
        listed = [
            RemoteProduct(sku, sku, f"Product {sku}", units is not None, units)
            for sku, units in sorted(self.quantities.items())
        ]
        first = (cursor or {}).get("first", 0)
        following = {"first": first + 2} if first + 2 < len(listed) else None
        return ProductPage(tuple(listed[first : first + 2]), following, len(listed))

    def install(self, patch: pytest.MonkeyPatch, platform: str = "woocommerce", *, parts: bool = True) -> ListeningShop:
        """Let the platform's integrations be told here, for the time of a test."""
        outward = Outward(
            shipments=Shipments(find=self.find, send=self.send, correct=self.correct, parts=parts),
            stock=StockLevels(at_once=2, send=self.set_stock, read=self.read, compares=self.compares),
            pay=self.pay,
            name_paper=self.name_paper,
        )
        exchange(patch, platform, outward=outward, products=self.products)
        return self
