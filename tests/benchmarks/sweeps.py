"""Sweeps of every platform: `python -m tests.benchmarks.sweeps [--orders N] [--seeds N] [--json]`.

Per platform and seed a simulated shop with a history is read by its real connector over real HTTP, again and again,
while answers fail (429, 500, 503, cut bodies, HTML), orders come, change and go between two pages, and some show up
minutes after their stamp. Counted is what was never fetched, what was read again in one listing, and how many requests
it took. The control reads on from the newest stamp it has seen, without overlap: it must lose orders, or the shop was
too kind.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from datetime import UTC, datetime, timedelta
from random import Random
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from integrations.connectors.base import Connector, OrderPage, Shop, Window
    from integrations.simulator.server import SimulatedServer
    from integrations.simulator.shop import SimulatedShop

OVERLAP = timedelta(minutes=10)
ROUNDS = 6
DAYS = 20
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
    read_again: int
    """Orders that came more than once in one listing: a second pass. The import counts them as known."""
    requests: int
    control_never_fetched: int


class Clock:
    """The shop's, an hour behind ours and moved by hand."""

    def __init__(self) -> None:
        self.now = datetime.now(UTC).replace(microsecond=0) - timedelta(hours=1)

    def __call__(self) -> datetime:
        return self.now


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--orders", type=int, default=6_000)
    parser.add_argument("--seeds", type=int, default=5)
    parser.add_argument("--platform", action="append", help="only this one; may be given more than once")
    parser.add_argument("--json", action="store_true")
    options = parser.parse_args()
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
    import django

    django.setup()
    from integrations.simulator.dialects import DIALECTS

    results = [
        sweep(platform, seed, options.orders)
        for platform in options.platform or DIALECTS
        for seed in range(1, options.seeds + 1)
    ]
    if options.json:
        sys.stdout.write(json.dumps([asdict(result) for result in results], indent=2) + "\n")
    else:
        sys.stdout.write("platform        seed  orders  never fetched  read again  requests  control never fetched\n")
        for row in results:
            sys.stdout.write(
                f"{row.platform:<15}{row.seed:>5}{row.orders:>8}{row.never_fetched:>15}{row.read_again:>12}"
                f"{row.requests:>10}{row.control_never_fetched:>23}\n"
            )
    sys.exit(1 if any(row.never_fetched for row in results) else 0)


def sweep(platform: str, seed: int, orders: int) -> Result:
    """One seed of one platform, once as the engine does it and once as the control."""
    result = _course(platform, seed, orders, overlap=OVERLAP)
    control = _course(platform, seed, orders, overlap=None)
    result.control_never_fetched = control.never_fetched
    return result


def _course(platform: str, seed: int, orders: int, overlap: timedelta | None) -> Result:
    from integrations.simulator.server import SimulatedServer, SimulatedSite
    from integrations.simulator.shop import SimulatedShop

    clock = Clock()
    sold = SimulatedShop("Swept", seed=seed, clock=clock)
    sold.stock_history(orders, days=DAYS)
    with SimulatedServer(SimulatedSite(sold, platform)) as server:
        server.site.writer = None
        return _Course(platform, server, clock, Random(f"sweep {seed}"), overlap).run(seed)


class _Course:
    """Rounds of trouble and loads until the shop has calmed down."""

    def __init__(
        self, platform: str, server: SimulatedServer, clock: Clock, chance: Random, overlap: timedelta | None
    ) -> None:
        from integrations.connectors import get
        from integrations.connectors.base import Shop
        from integrations.simulator.dialects import KEYS

        self.platform = platform
        self.connector: Connector = get(platform)
        self.server, self.clock, self.chance, self.overlap = server, clock, chance, overlap
        self.sold: SimulatedShop = server.site.shop
        settings = {"currency": self.sold.currency}
        self.shop: Shop = Shop(server.url, KEYS[platform](self.sold), self.sold.zone, settings)
        self.fetched: set[str] = set()
        self.read_again = 0
        self.newest = self.clock.now - timedelta(days=DAYS + 1)
        self.reached = self.newest

    def run(self, seed: int) -> Result:
        from integrations.simulator.dialects import external_id

        for _ in range(ROUNDS):
            self._trouble()
            self._load()
            self._sell()
        self.server.site.faults.clear()
        self.clock.now += timedelta(minutes=5)
        self._load()
        names = (external_id(self.platform, self.sold, sale) for sale in self.sold.visible())
        listed = {name for name in names if name}
        lost = listed - self.fetched
        return Result(self.platform, seed, len(listed), len(lost), self.read_again, len(self.server.site.log), 0)

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
        self.clock.now += timedelta(seconds=self.chance.randint(30, 300))
        for _ in range(self.chance.randint(3, 9)):
            self.sold.place(self.chance.choice(STATUSES), hidden=self.chance.choice([0, 0, 60, 240]))
        self.clock.now += timedelta(seconds=self.chance.randint(1, 60))

    def _load(self) -> None:
        """One load as the engine does it: pages until the end, a failed one asked for again."""
        from integrations.connectors.base import Window

        since = self.reached - self.overlap if self.overlap is not None else self.newest + timedelta(seconds=1)
        seen: list[str] = []
        until = None
        for page in self._pages(Window(since)):
            until = page.until or until
            for payload in page.payloads:
                identity = self.connector.identify(payload, self.shop)
                seen.append(identity.external_id)
                self.newest = max(self.newest, identity.modified_at or self.newest)
        self.read_again += len(seen) - len(set(seen))
        self.fetched |= set(seen)
        self.reached = until or self.reached

    def _pages(self, window: Window) -> Iterator[OrderPage]:
        from integrations.client import drive
        from integrations.failures import ShopError

        cursor, failures = None, 0
        while True:
            operation = self.connector.orders_in_window(self.shop, window, cursor)
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


if __name__ == "__main__":
    main()
