"""Sweeps of every platform: `python -m tests.benchmarks.sweeps [--orders N] [--seeds N] [--json]`.

Per platform and seed a simulated shop with a history is read by its real connector over real HTTP, again and again,
while answers fail (429, 500, 503, cut bodies, HTML), orders come, change and go between two pages, and some show up
minutes after their stamp. Counted is what was never fetched, what came under two ids, what was read again in one
listing, and how many requests it took.

Controls read as shops are often read, and must lose orders, or the shop was too kind: `strict` goes on after the newest
stamp it has seen, `no overlap` from the end of the window before, `page numbers` turns WooCommerce's pages over
"modified". The exit code is 1 when anything was lost or doubled, or a control has lost nothing on a platform.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from contextlib import ExitStack
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime, timedelta
from multiprocessing import get_context
from random import Random
from typing import TYPE_CHECKING, Any
from unittest.mock import patch

if TYPE_CHECKING:
    from integrations.connectors.contract import Connector, Shop
    from integrations.connectors.http import Operation
    from integrations.connectors.listings import Cursor, OrderPage, Window
    from integrations.simulator.server import SimulatedServer
    from integrations.simulator.shop import SimulatedShop

OVERLAP = timedelta(minutes=10)
ROUNDS = 6
DAYS = 20
CONTROLS = ("strict", "no overlap", "page numbers")
CONTROL_ORDERS = 400
# Seconds until a new order shows up.
SHORTLY = [0, 0, 60, 240]
# Hours late, at times (documented), for which the connector has an overlap of its own.
HIDDEN = {"paypal": [0, 0, 1800, 5400]}
# Of the control `page numbers`.
PAGE = 20
STATUSES = ["processing", "processing", "pending", "on-hold", "completed", "cancelled"]
SPOILED: list[dict[str, Any]] = [
    {"kind": "status", "status": 429, "retry_after": "1"},
    {"kind": "status", "status": 500},
    {"kind": "status", "status": 503},
    {"kind": "cut"},
    {"kind": "html"},
]


@dataclass
class Result:
    platform: str
    seed: int
    orders: int
    """That the shop lists in the end."""
    never_fetched: int
    doubled: int
    """Ids too many: of orders that came under two."""
    read_again: int
    """Orders that came more than once in one listing: a second pass. The import counts them as known."""
    requests: int
    controls: dict[str, int] = field(default_factory=dict)
    """What each control has never fetched."""


class Clock:
    """The shop's, half a day behind ours and moved by hand."""

    def __init__(self) -> None:
        self.now = datetime.now(UTC).replace(microsecond=0) - timedelta(hours=12)

    def __call__(self) -> datetime:
        return self.now


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--orders", type=int, default=6_000)
    parser.add_argument("--seeds", type=int, default=5)
    parser.add_argument("--platform", action="append", help="only this one; may be given more than once")
    parser.add_argument("--processes", type=int, default=os.cpu_count() or 1)
    parser.add_argument("--json", action="store_true")
    options = parser.parse_args()
    _set_up()
    from integrations.simulator import dialects

    platforms = options.platform or list(dialects.found())
    courses = [(platform, seed, options.orders) for seed in range(1, options.seeds + 1) for platform in platforms]
    with ProcessPoolExecutor(options.processes, mp_context=get_context("spawn"), initializer=_set_up) as pool:
        results = list(pool.map(_sweep, courses))
    results.sort(key=lambda row: (platforms.index(row.platform), row.seed))
    sys.stdout.write(json.dumps([asdict(row) for row in results], indent=2) + "\n" if options.json else table(results))
    faults = list(complaints(results))
    sys.stderr.writelines(f"{fault}\n" for fault in faults)
    sys.exit(1 if faults else 0)


def _set_up() -> None:
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
    import django

    django.setup()


def table(results: list[Result]) -> str:
    lines = [
        f"{'platform':<13}{'seed':>5}{'orders':>8}{'never fetched':>15}{'doubled':>9}{'read again':>12}{'requests':>10}"
        "   lost by the controls"
    ]
    for row in results:
        lost = ", ".join(f"{name} {count}" for name, count in row.controls.items())
        lines.append(
            f"{row.platform:<13}{row.seed:>5}{row.orders:>8}{row.never_fetched:>15}{row.doubled:>9}"
            f"{row.read_again:>12}{row.requests:>10}   {lost}"
        )
    return "\n".join(lines) + "\n"


def complaints(results: list[Result]) -> Iterator[str]:
    for row in results:
        if row.never_fetched or row.doubled:
            yield f"{row.platform}, seed {row.seed}: {row.never_fetched} orders lost, {row.doubled} doubled."
    for platform in dict.fromkeys(row.platform for row in results):
        rows = [row for row in results if row.platform == platform]
        for control in rows[0].controls:
            if not any(row.controls[control] for row in rows):
                yield f"{platform}: the control “{control}” has lost nothing, so this shop proves nothing."


def _sweep(course: tuple[str, int, int]) -> Result:
    return sweep(*course)


def sweep(platform: str, seed: int, orders: int) -> Result:
    """One seed of one platform, once as the engine does it and once for each control."""
    result = _course(platform, seed, orders)
    for control in CONTROLS:
        if control != "page numbers" or platform == "woocommerce":
            lost = _course(platform, seed, CONTROL_ORDERS, control).never_fetched
            result.controls[control] = lost
    return result


def _course(platform: str, seed: int, orders: int, control: str = "") -> Result:
    from integrations.connectors.paypal import orders as payments
    from integrations.simulator.server import SimulatedServer, SimulatedSite
    from integrations.simulator.shop import SimulatedShop

    clock = Clock()
    sold = SimulatedShop("Swept", seed=seed, clock=clock)
    sold.stock_history(orders, days=DAYS)
    with ExitStack() as stack:
        if control:
            # PayPal's own overlap, for payments that are listed hours late.
            stack.enter_context(patch.object(payments, "READ_AGAIN", timedelta(0)))
        server = stack.enter_context(SimulatedServer(SimulatedSite(sold, platform)))
        server.site.writer = None
        return _Course(platform, server, clock, Random(f"sweep {seed}"), control).run(seed)


class _Course:
    """Rounds of trouble and loads until the shop has calmed down."""

    def __init__(self, platform: str, server: SimulatedServer, clock: Clock, chance: Random, control: str) -> None:
        from integrations.connectors import get
        from integrations.connectors.contract import Shop
        from integrations.simulator import dialects

        self.platform = platform
        self.connector: Connector = get(platform)
        self.server, self.clock, self.chance, self.control = server, clock, chance, control
        self.sold: SimulatedShop = server.site.shop
        settings = {"currency": self.sold.currency}
        self.shop: Shop = Shop(server.url, dialects.get(platform).keys(self.sold), self.sold.zone, settings)
        self.fetched: set[str] = set()
        self.numbers: set[str] = set()
        self.read_again = 0
        self.newest = self.clock.now - timedelta(days=DAYS + 1)
        self.reached = self.newest

    def run(self, seed: int) -> Result:
        from integrations.simulator import dialects

        for _ in range(ROUNDS):
            self._trouble()
            self._load()
            self._sell()
        self.server.site.faults.clear()
        self.clock.now += timedelta(hours=3)  # until PayPal, too, lists what was sold
        self._load()
        names = (dialects.get(self.platform).external_id(self.sold, sale) for sale in self.sold.visible())
        listed = {name for name in names if name}
        lost, doubled = len(listed - self.fetched), len(self.fetched) - len(self.numbers)
        return Result(self.platform, seed, len(listed), lost, doubled, self.read_again, len(self.server.site.log))

    def _trouble(self) -> None:
        for fault in SPOILED:
            self.server.site.faults.add(fault | {"share": 0.05, "count": 6, "path": "/"})
        for _ in range(self.chance.randint(5, 15)):
            kind = self.chance.choice(["place", "place", "touch", "trash", "change"])
            move: dict[str, Any] = {"kind": kind, "skip": self.chance.randint(1, 40), "count": 1, "path": "/"}
            move |= {"order": self.chance.choice(list(self.sold.sales)), "status": self.chance.choice(STATUSES)}
            if kind == "place":
                move["hidden"] = self.chance.choice([0, 60, 240])
            self.server.site.faults.add(move)

    def _sell(self) -> None:
        self.clock.now += timedelta(minutes=self.chance.randint(5, 60))
        for _ in range(self.chance.randint(10, 30)):
            self.sold.place(self.chance.choice(STATUSES), hidden=self.chance.choice(HIDDEN.get(self.platform, SHORTLY)))
        self.clock.now += timedelta(seconds=self.chance.randint(1, 60))

    def _load(self) -> None:
        """One load as the engine does it: pages until the end, a failed one asked for again."""
        from integrations.connectors.listings import Window

        since = self.reached - OVERLAP
        if self.control == "strict":
            since = self.newest + timedelta(seconds=1)
        elif self.control == "no overlap":
            since = self.reached
        seen: list[str] = []
        until = None
        for page in self._pages(Window(since)):
            until = page.until or until
            for payload in page.payloads:
                identity = self.connector.identify(payload, self.shop)
                seen.append(identity.external_id)
                self.numbers.add(identity.number)
                self.newest = max(self.newest, identity.modified_at or self.newest)
        self.read_again += len(seen) - len(set(seen))
        self.fetched |= set(seen)
        self.reached = until or self.reached

    def _pages(self, window: Window) -> Iterator[OrderPage]:
        from integrations.client import drive
        from integrations.connectors.errors import ShopError

        cursor: Cursor | None = None
        failures = 0
        while True:
            if self.control == "page numbers":
                operation = numbered_page(self.shop, window, (cursor or {}).get("page", 1))
            else:
                operation = self.connector.orders.in_window(self.shop, window, cursor)
            try:
                page = drive(operation, allowed={self.server.address}, sleep=lambda _: None)
            except ShopError as error:
                failures += 1
                if not error.passes or failures > 200:
                    raise
                # Time is the shop's: a limit that fills up again with time needs it to pass.
                self.clock.now += timedelta(seconds=error.retry_after or 1)
                continue
            yield page
            cursor, failures = page.next, 0
            if cursor is None:
                return


def numbered_page(shop: Shop, window: Window, number: int) -> Operation[OrderPage]:
    """A page of WooCommerce's orders, oldest change first, by its number: the way its documentation suggests."""
    from integrations.connectors.kit.clocks import told_clock
    from integrations.connectors.listings import OrderPage
    from integrations.connectors.woocommerce.requests import entries, get

    since = window.since.strftime("%Y-%m-%dT%H:%M:%SZ")
    asked = {"status": "any", "orderby": "modified", "order": "asc", "modified_after": since}
    response = yield get(shop, "orders", **asked, page=str(number), per_page=str(PAGE))
    found = entries(response)
    return OrderPage(found, {"page": number + 1} if len(found) == PAGE else None, None, told_clock(response))


if __name__ == "__main__":
    main()
