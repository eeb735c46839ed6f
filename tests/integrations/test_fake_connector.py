"""The connector of the tests keeps the contract where others build on it."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from integrations import connectors
from integrations.connectors.contract import Shop
from integrations.connectors.errors import Failure, ShopError
from integrations.connectors.listings import OrderPage, Window
from tests.fake_connector import FakeConnector
from tests.recorded import answer, play

SHOP = Shop("https://shop.example", {})
BODIES = {"1": b'{"id": 1}', "2": b'{"id": 2}'}


def test_it_stands_in_for_a_platform_until_the_test_ends() -> None:
    real = connectors.get("woocommerce")
    with pytest.MonkeyPatch.context() as patch:
        fake = FakeConnector(dict(BODIES))
        installed = fake.install(patch)
        assert connectors.get("woocommerce") is installed is not real
        assert (installed.parse, installed.rank) == (real.parse, real.rank)
    assert connectors.get("woocommerce") is real


def test_it_answers_from_its_orders_without_a_request() -> None:
    fake = FakeConnector(dict(BODIES))
    assert play(fake.orders_by_ids(SHOP, ("2", "7")), []) == (OrderPage((BODIES["2"],), None, 1), [])
    assert play(fake.order_by_number(SHOP, "7"), [])[0].payloads == ()
    assert play(fake.orders_in_window(SHOP, Window(datetime.now(UTC)), None), [])[0].payloads == tuple(BODIES.values())
    assert fake.called == ["orders_by_ids", "order_by_number", "orders_in_window"]
    assert fake.asked == [("2", "7")]


def test_it_can_ask_and_fail_as_real_ones_do() -> None:
    fake = FakeConnector(dict(BODIES))
    fake.asks = True
    page, [request] = play(fake.orders_by_ids(SHOP, ("1",)), [answer()])
    assert (page.payloads, request.url) == ((BODIES["1"],), "https://shop.example/orders_by_ids")
    with pytest.raises(ShopError, match="Silent"):
        play(fake.orders_by_ids(SHOP, ("1",)), [ShopError(Failure.UNAVAILABLE, "Silent.")])
    fake.asks, fake.failure = False, ShopError(Failure.UNAVAILABLE, "Down.")
    with pytest.raises(ShopError, match="Down"):
        play(fake.order_by_number(SHOP, "1"), [])
