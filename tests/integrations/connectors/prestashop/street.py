"""A simulated PrestaShop without a network, whose clock stands still until it is moved."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta

from integrations.connectors import get
from integrations.connectors.contract import Shop
from integrations.connectors.http import Request, Response
from integrations.connectors.listings import Cursor, OrderPage, Window
from integrations.simulator.dialects.prestashop.answering import key_of
from integrations.simulator.server import SimulatedSite
from integrations.simulator.shop import SimulatedShop
from tests.integrations.connectors.prestashop import orders
from tests.recorded import from_site, serve

prestashop = get("prestashop")
NOON = datetime(2026, 11, 1, 12, tzinfo=UTC)
WINDOW = Window(NOON - timedelta(days=2))


class Street:
    def __init__(
        self, count: int = 40, *, per_page: int = 12, apart: int = 60, now: datetime = NOON, zone: str = "Europe/Prague"
    ) -> None:
        self.now = now
        self.shop = SimulatedShop("Street", seed=5, clock=lambda: self.now, zone=zone)
        self.site = SimulatedSite(self.shop, "prestashop")
        for number in range(count):
            self.shop.place(age=(count - number) * apart)
        keys = {"key": key_of(self.shop)}
        self.remote: Shop = replace(orders.shop(per_page=per_page), credentials=keys, zone=self.shop.zone)

    def serve(self, request: Request) -> Response:
        return from_site(self.site, request)

    def sweep(self, window: Window, between: Callable[[int], object] = lambda page: None) -> list[int]:
        """The ids, in the order in which they came."""
        found: list[int] = []
        cursor: Cursor | None = None
        for page in range(1, 100):
            result, _ = serve(prestashop.orders.in_window(self.remote, window, cursor), self.serve)
            found += ids_of(result)
            if result.next is None:
                return found
            cursor = json.loads(json.dumps(result.next))
            self.now += timedelta(seconds=1)
            between(page)
        raise AssertionError("the listing never ends")


def ids_of(page: OrderPage) -> list[int]:
    return [json.loads(payload)["order"]["id"] for payload in page.payloads]


def without(*names: str) -> Callable[[Request], Request]:
    """The request as a shop takes it that does not know these parameters."""

    def leave_out(request: Request) -> Request:
        return replace(request, params=tuple(pair for pair in request.params if pair[0] not in names))

    return leave_out
