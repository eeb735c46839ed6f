"""The connection test names the same cause as a load: on every platform, for all that a simulated shop does badly."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from integrations.client import drive
from integrations.connectors import shop_connectors
from integrations.connectors.contract import Connector, Shop
from integrations.connectors.errors import Failure, ShopError
from integrations.connectors.listings import Window
from integrations.simulator import dialects
from integrations.simulator.server import SimulatedServer, SimulatedSite
from integrations.simulator.shop import SimulatedShop

FAULTS: list[dict[str, Any]] = [
    *({"kind": "status", "status": status} for status in (401, 403, 404, 429, 500, 503)),
    *({"kind": kind} for kind in ("html", "notice", "cut", "redirect")),
]
# The part of the address where orders are read; "" spoils every answer, that of the token too.
ORDERS = {
    "woocommerce": "/orders", "bigcommerce": "/orders", "ebay": "fulfillment", "ecwid": "/orders",
    "paypal": "reporting", "shopify": "graphql", "magento2": "/orders", "prestashop": "/orders",
    "magento1": "xmlrpc",
}  # fmt: skip

by_platform = pytest.mark.parametrize("connector", shop_connectors(), ids=lambda connector: connector.key)


@pytest.fixture
def server(connector: Connector) -> Iterator[SimulatedServer]:
    sold = SimulatedShop("Faulty", seed=4, clock=lambda: datetime.now(UTC) - timedelta(minutes=20))
    sold.stock_history(5, days=2)
    with SimulatedServer(SimulatedSite(sold, connector.key)) as running:
        running.site.writer = None
        yield running


def causes(connector: Connector, server: SimulatedServer, fault: dict[str, Any]) -> tuple[Any, Any]:
    """(kind, sentence) of the connection test and of a load; None where it works."""

    def asked(load: bool) -> Any:
        sold = server.site.shop
        shop = Shop(server.url, dialects.get(connector.key).keys(sold), sold.zone, {"currency": sold.currency})
        server.site.faults.clear()
        server.site.faults.add({**fault, "count": 100})
        operation: Any = (
            connector.orders.in_window(shop, Window(datetime.now(UTC) - timedelta(days=3)), None)
            if load
            else connector.check(shop)
        )
        try:
            done = drive(operation, allowed={server.address}, sleep=lambda _: None)
        except ShopError as error:
            return error.kind, str(error)
        return None if load or done.ok else (done.failure, done.summary)

    return asked(False), asked(True)


@by_platform
@pytest.mark.parametrize("everything", [False, True], ids=["orders", "everything"])
def test_the_test_and_the_load_say_the_same(connector: Connector, server: SimulatedServer, everything: bool) -> None:
    path = "" if everything else ORDERS[connector.key]
    differ, failed = {}, 0
    for fault in FAULTS:
        tested, loaded = causes(connector, server, {**fault, "path": path})
        failed += loaded is not None
        if tested != loaded:
            differ[str(fault)] = (tested, loaded)
    assert differ == {}
    assert failed >= len(FAULTS) - 1


@pytest.mark.parametrize("connector", [c for c in shop_connectors() if c.key == "woocommerce"], ids=["woocommerce"])
def test_control_a_test_of_its_own_words_is_seen(
    connector: Connector, server: SimulatedServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    def otherwise(response: Any) -> tuple[bytes, ...]:
        raise ShopError(Failure.NONSENSE, "Something else.")

    monkeypatch.setattr("integrations.connectors.woocommerce.checking.entries", otherwise)
    tested, loaded = causes(connector, server, {"kind": "html", "path": "orders"})
    assert tested != loaded
