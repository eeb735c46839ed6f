"""Requests that the two main actions cost on every platform: `python -m tests.benchmarks.requests [--orders N]`.

Counted is what a simulated shop is asked while its connector reads 100 orders by id, and then a year of orders. The bar
is what the platform's own limits allow at best; above it the exit code is 1. Tokens are not counted: one lasts hours.
"""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from math import ceil
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from integrations.connectors.http import Operation, Request, Response
    from integrations.simulator.shop import SimulatedShop

BY_ID = 100
DAYS = 360
# The same each time, so that the same is counted.
TODAY = datetime(2026, 6, 1, 10, tzinfo=UTC)
TOKENS = ("oauth2/token", "oauth/access_token")


@dataclass(frozen=True)
class Bar:
    by_ids: int
    back_import: Callable[[int], int]
    """From the number of orders."""
    why: str


def pages(size: int, extra: int = 0) -> Callable[[int], int]:
    return lambda orders: ceil(orders / size) + extra


BARS = {
    "woocommerce": Bar(
        12, pages(20, 5), "100 ids a request, overlapping pages of 100; one for each order paid back in part"
    ),
    "shopify": Bar(4, pages(100, 6), "ids in questions of 25 (1,000 points); a file in pieces of 2 MB, refunds apart"),
    "bigcommerce": Bar(100, pages(125, 8), "near ids in ranges; pages of 250, and a look at the refunds of each"),
    "ebay": Bar(16, pages(200, 1), "50 ids a request, and one for each cancelled order (why); pages of 200"),
    "ecwid": Bar(2, pages(80, 16), "the store's profile, and 100 ids a request; slices of time that fill 80 of 100"),
    "paypal": Bar(
        10,
        lambda orders: 13 + ceil(orders / 400),
        "a span for 50, and a look at their refunds, chargebacks and the time; at least 12 windows of 31 days",
    ),
    "magento2": Bar(1, pages(100, 1), "100 ids a request; pages of 100, the last of which must be seen to be short"),
    "prestashop": Bar(
        13,
        lambda orders: 12 + 11 * ceil(orders / 200),
        "eleven lists that belong to a page's orders (two tell what buyers wrote), two more a process; pages of 200",
    ),
    "magento1": Bar(
        6,
        lambda orders: 20 + 7 * ceil(orders / 100),
        "a session, and 20 orders a request; two lists for each 100, as spans of time are not quite full",
    ),
}


@dataclass(frozen=True)
class Counted:
    platform: str
    by_ids: int
    back_import: int
    orders: int

    @property
    def is_above(self) -> bool:
        bar = BARS[self.platform]
        return self.by_ids > bar.by_ids or self.back_import > bar.back_import(self.orders)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--orders", type=int, default=20_000)
    parser.add_argument("--platform", action="append", help="only this one; may be given more than once")
    options = parser.parse_args()
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
    import django

    django.setup()
    sys.stdout.write(
        f"{'platform':<13}{'100 by id':>10}{'bar':>6}{'back import':>13}{'bar':>6}{'orders':>8}   the bar\n"
    )
    above = False
    for platform in options.platform or BARS:
        bar = BARS[platform]
        found = count(platform, options.orders)
        above = above or found.is_above
        sys.stdout.write(
            f"{platform:<13}{found.by_ids:>10}{bar.by_ids:>6}{found.back_import:>13}{bar.back_import(found.orders):>6}"
            f"{found.orders:>8}   {bar.why}\n"
        )
        sys.stdout.flush()
    sys.exit(1 if above else 0)


def count(platform: str, orders: int) -> Counted:
    """Both actions at a shop at rest; every order of it must come."""
    from integrations.simulator import dialects
    from integrations.simulator.shop import SimulatedShop

    clock = [TODAY]
    sold = SimulatedShop("Counted", seed=2, clock=lambda: clock[0])
    sold.stock_history(orders, days=DAYS)
    names = [name for sale in sold.visible() if (name := dialects.get(platform).external_id(sold, sale))]
    remote = _Remote(platform, sold, clock)
    recent = tuple(names[-BY_ID:])
    step = remote.connector.capabilities.orders_by_ids
    came = 0
    for place in range(0, len(recent), step):
        came += len(remote.ask(remote.connector.orders.by_ids(remote.shop, recent[place : place + step])).payloads)
    by_ids, remote.asked = remote.asked, 0
    assert came == len(recent), f"{platform}: {came} of {len(recent)} orders by id"
    fetched = remote.all_orders()
    assert fetched >= set(names), f"{platform}: {len(set(names) - fetched)} orders did not come"
    return Counted(platform, by_ids, remote.asked, len(names))


class _Remote:
    """A simulated shop without a network, and its connector."""

    def __init__(self, platform: str, sold: SimulatedShop, clock: list[datetime]) -> None:
        from integrations.connectors import get
        from integrations.connectors.contract import Shop
        from integrations.simulator import dialects
        from integrations.simulator.server import SimulatedSite

        self.connector = get(platform)
        self.site = SimulatedSite(sold, platform)
        keys = dialects.get(platform).keys(sold)
        self.shop = Shop("https://shop.example", keys, sold.zone, {"currency": sold.currency})
        self.asked, self.clock = 0, clock

    def ask(self, operation: Operation[Any]) -> Any:
        from tests.recorded import serve

        return serve(operation, self._answer)[0]

    def _answer(self, request: Request) -> Response:
        from tests.recorded import from_site

        self.clock[0] += timedelta(seconds=1)  # that a request takes: limits fill up again
        self.asked += not request.url.endswith(TOKENS)
        return from_site(self.site, request)

    def all_orders(self) -> set[str]:
        from integrations.connectors.errors import ShopError
        from integrations.connectors.listings import Cursor, Window

        window, cursor = Window(self.clock[0] - timedelta(days=DAYS + 1)), None
        found: set[str] = set()
        while True:
            at: Cursor | None = cursor
            try:
                page = self.ask(self.connector.orders.in_window(self.shop, window, at))
            except ShopError as error:
                if not error.passes:
                    raise
                self.clock[0] += timedelta(seconds=error.retry_after or 1)
                continue
            found |= {self.connector.identify(document, self.shop).external_id for document in page.payloads}
            self.clock[0] += timedelta(seconds=page.wait)
            cursor = page.next
            if cursor is None:
                return found


if __name__ == "__main__":
    main()
