"""A simulated shop of a platform, and everything that a test says to it. A test module names its `connector`."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from integrations.connectors.contract import Connector
from integrations.simulator.server import SimulatedServer, SimulatedSite
from integrations.simulator.shop import SimulatedShop
from tests.integrations.connectors.outward.telling import Told


@pytest.fixture
def sold(connector: Connector) -> SimulatedShop:
    shop = SimulatedShop("Outward", seed=4)
    shop.stock_history(5)
    return shop


@pytest.fixture
def told(connector: Connector, sold: SimulatedShop) -> Iterator[Told]:
    with SimulatedServer(SimulatedSite(sold, connector.key)) as server:
        server.site.writer = None
        yield Told(connector, server)
