"""The demo's simulated shops, directed from outside; and what a part of the check has at hand."""

from __future__ import annotations

import json
import urllib.request
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from config.demo.world import DemoShop
from integrations.importing.load import request_load
from integrations.models import Integration
from orders.models import Order


class Director:
    """Talks to the door under `/_sim/` that each simulated shop has (`integrations.simulator.server`)."""

    def __init__(self, ports: Mapping[DemoShop, int]) -> None:
        self._ports = ports

    def shop(self, integration: Integration) -> DemoShop:
        return next(shop for shop in self._ports if shop.title == integration.title)

    def ask(self, shop: DemoShop, path: str, body: Mapping[str, Any] | None = None, method: str | None = None) -> Any:
        """What the door answers: GET without a body, POST with one unless `method` says otherwise."""
        address, data = f"{shop.at(self._ports[shop])}/_sim/{path}", None if body is None else json.dumps(body).encode()
        request = urllib.request.Request(address, data, method=method)  # noqa: S310  our own program
        with urllib.request.urlopen(request, timeout=30) as response:  # noqa: S310
            return json.load(response)

    def place(self, shop: DemoShop, skus: Mapping[str, int], status: str = "processing") -> str:
        """The number of a new order in the shop."""
        return str(self.ask(shop, "orders", {"status": status, "skus": dict(skus)})["id"])

    def description(self, shop: DemoShop) -> dict[str, Any]:
        described: dict[str, Any] = self.ask(shop, "shop")
        return described

    def told(self, shop: DemoShop, tracking_number: str) -> int:
        """How often the shop was told of a shipment with this number; some can only be told by a note."""
        orders = self.description(shop)["orders"]
        return sum(tracking_number in str(each) for order in orders for each in (*order["shipments"], *order["notes"]))


@dataclass(frozen=True)
class Hands:
    """What a part of the check has at hand."""

    director: Director
    wait: Callable[[], None]
    """Until no run is open."""
    until: Callable[[Callable[[], object]], None]
    """Until something is so, or much time has passed."""
    row: Callable[..., None]

    def new_order(self, integration: Integration, skus: Mapping[str, int]) -> Order:
        """One that was placed a moment ago, and has been loaded."""
        placed = self.director.place(self.director.shop(integration), skus)
        request_load(integration)
        self.wait()
        return Order.objects.get(integration=integration, remote_order__external_id=placed)
