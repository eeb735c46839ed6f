"""A shop that sells by itself, by its seed and its clock, and keeps what it sold across restarts."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Collection, Mapping
from dataclasses import asdict
from datetime import UTC, datetime, timedelta
from itertools import count
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from integrations.simulator.catalogue import PRODUCTS, RATES
from integrations.simulator.chance import chance
from integrations.simulator.limits import Limit
from integrations.simulator.records import Records
from integrations.simulator.sales import (
    TAKING,
    Amended,
    Change,
    Given,
    Sale,
    as_given,
    as_moment,
    as_text,
    basket,
    life,
)
from integrations.simulator.switchboard import Switchboard

FIRST_ID = 100
# More sales than this are not made up for at once after a long sleep.
CATCH_UP = 5000
# Never the same again in this process, for documents that are kept.
_revisions = count(1)


def wall_clock() -> datetime:
    return datetime.now(UTC)


class SimulatedShop:
    """Safe for several threads: hold `lock` around anything that reads and then writes."""

    def __init__(
        self,
        name: str,
        *,
        zone: str = "Europe/Prague",
        currency: str = "EUR",
        seed: int = 1,
        rate: float = 0,
        clock: Callable[[], datetime] = wall_clock,
        version: str = "11.0.1",
        storage: str = "",
        sequential_numbers: bool = False,
        plugins: Collection[str] = (),
        state: Path | None = None,
    ) -> None:
        """`rate`: orders a minute. `version`: the WooCommerce release whose habits it has ("11.0.1" or "6.7.0").

        `storage`: whether WooCommerce keeps orders as "posts", or in "tables" of their own; "" is the release's usual.
        `plugins`: what it has beside WooCommerce itself, e.g. "shipment-tracking".
        """
        if currency not in RATES:
            raise ValueError(f"There is no rate for {currency}; there are: {', '.join(RATES)}.")
        self.name, self.currency, self.seed, self.rate, self.version = name, currency, seed, rate, version
        self.zone = ZoneInfo(zone)
        self.storage = storage or ("posts" if version.startswith("6.") else "tables")
        self.sequential_numbers, self.plugins = sequential_numbers, frozenset(plugins)
        self.key, self.secret = f"ck_{seed:040x}", f"cs_{seed * 7919:040x}"
        self.lock = threading.RLock()
        self._clock = clock
        self.state = state
        self._random = chance("sales", seed)
        self.sales: dict[int, Sale] = {}
        self.ahead = 0.0
        """Seconds by which the clock of its server is wrong; its orders bear the right times nevertheless."""
        self.records = Records()
        self.news: list[dict[str, Any]] = []
        """What was written since the last request, for the log."""
        self.webhooks = Switchboard()
        self.limit = Limit()
        """Its platform's, once it speaks for one (`Dialect.limit`)."""
        self._next_id = FIRST_ID
        self._next_sale_at = self.now()
        if state is not None and state.exists():
            self.restore(state.read_text())

    def now(self) -> datetime:
        """The shop's clock: whole seconds, UTC."""
        return self._clock().astimezone(UTC).replace(microsecond=0)

    def stock_history(self, orders: int, days: int = 30) -> None:
        """Past orders, spread evenly; nothing for a shop that has sold already."""
        with self.lock:
            if self.sales or not orders:
                return
            now = self.now()
            for position in range(orders):
                placed_at = now - timedelta(days=days) * (orders - position) / (orders + 1)
                self._add(placed_at.replace(microsecond=0), [])
            self.save()

    def advance(self) -> None:
        """Sell what should have been sold since the last time."""
        with self.lock:
            now, sold = self.now(), 0
            while self.rate > 0 and self._next_sale_at <= now and sold < CATCH_UP:
                self._take_off(self._add(self._next_sale_at.replace(microsecond=0), []))
                self._next_sale_at += timedelta(minutes=self._random.expovariate(self.rate))
                sold += 1
            if sold:
                self.save()

    def place(
        self, status: str = "processing", wanted: Mapping[str, int] | None = None, *, hidden: float = 0, age: float = 0
    ) -> Sale:
        """An order now (or `age` seconds ago). `hidden`: seconds until answers show it. `wanted`: SKU to quantity.

        Raises ValueError for a SKU that is not in the catalogue.
        """
        unknown = set(wanted or ()) - {product.sku for product in PRODUCTS if product.sku}
        if unknown:
            raise ValueError(f"No product has the SKU {', '.join(sorted(unknown))}.")
        with self.lock:
            placed_at = self.now() - timedelta(seconds=age)
            sale = self._add(placed_at, [Change(placed_at, status)], dict(wanted or {}), hidden)
            self._take_off(sale)
            self.save()
            return sale

    def create(self, given: Given, status: str, *, takes_stock: bool = True) -> Sale:
        """An order that somebody writes into the shop."""
        with self.lock:
            sale = self._add(self.now(), [Change(self.now(), status)])
            sale.given = given
            if takes_stock:
                self._take_off(sale)
            self.save()
            return sale

    def change(
        self,
        order_id: int,
        status: str | None = None,
        *,
        refund: float = 0,
        amended: Amended | None = None,
        stamped: bool = True,
    ) -> Sale:
        """Set a status (also "trash"), amend or only touch the order; what was to happen to it no longer does.

        `stamped`: whether "modified" moves, which not every shop sees to.
        """
        with self.lock:
            sale, now = self.sales[order_id], self.now()
            sale.changes = [change for change in sale.changes if change.at <= now]
            before = sale.state(now)
            sale.changes.append(Change(now if stamped else before.at, status or before.status, refund, amended))
            sale.revision = next(_revisions)
            self.save()
            return sale

    def delete(self, order_id: int) -> None:
        """For good."""
        with self.lock:
            del self.sales[order_id]
            self.records.forget(order_id)
            self.save()

    def visible(self) -> list[Sale]:
        """Every order an answer may show, by id."""
        now = self.now()
        return [sale for sale in self.sales.values() if sale.visible_at <= now and sale.placed_at <= now]

    def _add(
        self, placed_at: datetime, changes: list[Change], wanted: dict[str, int] | None = None, hidden: float = 0
    ) -> Sale:
        """Ids have gaps: refunds and products count with the same counter (as observed on WooCommerce)."""
        random = chance("life", self.seed, self._next_id)
        sale = Sale(
            id=self._next_id,
            placed_at=placed_at,
            changes=changes or life(random, placed_at),
            visible_at=placed_at if not hidden else self.now() + timedelta(seconds=hidden),
            wanted=wanted or {},
            number=f"{placed_at.year}/{len(self.sales) + 1:05}" if self.sequential_numbers else str(self._next_id),
        )
        self.sales[sale.id] = sale
        self._next_id += random.choice([1, 1, 1, 2, 4])
        return sale

    def _take_off(self, sale: Sale) -> None:
        """Off the quantities, where stock is kept; a cancelled order does not bring it back."""
        if sale.changes[0].status not in TAKING:
            return
        quantities = self.records.quantities
        for item in basket(self.seed, sale).items:
            if (left := quantities.get(item.product.sku)) is not None:
                quantities[item.product.sku] = max(0, left - item.quantity)

    def save(self) -> None:
        """Keep all there is to remember for the next start, where there is a place for it."""
        if self.state is None:
            return
        partial = self.state.with_suffix(".part")
        partial.write_text(self.written())
        partial.replace(self.state)

    def written(self) -> str:
        """All there is to remember, as JSON."""
        return json.dumps(
            {
                "next_id": self._next_id,
                "sales": [
                    [sale.id, as_text(sale.placed_at), as_text(sale.visible_at), sale.number, sale.wanted]
                    + [_written(change) for change in sale.changes]
                    for sale in self.sales.values()
                ],
                "given": {sale.id: asdict(sale.given) for sale in self.sales.values() if sale.given is not None},
                "records": self.records.written(),
                "webhooks": self.webhooks.written(),
            }
        )

    def restore(self, text: str) -> None:
        """Be as it was when `written` gave this."""
        written: dict[str, Any] = json.loads(text)
        self._next_id = written["next_id"]
        self.webhooks.restore(written.get("webhooks", {}))
        self.records = Records.read(written.get("records", {}))
        given: dict[str, Any] = written.get("given", {})
        self.sales = {}
        for order_id, placed_at, visible_at, number, wanted, *changes in written["sales"]:
            course = [
                Change(as_moment(at), status, refund, _amended(*amended)) for at, status, refund, *amended in changes
            ]
            sale = Sale(order_id, as_moment(placed_at), course, as_moment(visible_at), wanted, number)
            sale.given = as_given(given[str(order_id)]) if str(order_id) in given else None
            sale.revision = next(_revisions)
            self.sales[order_id] = sale


def _written(change: Change) -> list[Any]:
    more = [] if change.amended is None else [asdict(change.amended)]
    return [as_text(change.at), change.status, change.refund, *more]


def _amended(written: dict[str, Any] | None = None) -> Amended | None:
    if written is None:
        return None
    skus = written["skus"]
    return Amended(**written | {"skus": None if skus is None else tuple((sku, units) for sku, units in skus)})
