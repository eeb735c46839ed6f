"""Connectors of tests: real ones with a part exchanged, and one whose shop keeps its orders in memory."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import replace
from datetime import datetime
from typing import Any

import pytest

from integrations import connectors
from integrations.connectors.contract import Connector, Shop
from integrations.connectors.errors import ShopError
from integrations.connectors.http import Operation, Request
from integrations.connectors.listings import Cursor, OrderPage, Window


def exchange(patch: pytest.MonkeyPatch, key: str, **parts: Any) -> Connector:
    """The platform's connector with some of its parts exchanged, for the time of a test."""
    changed = replace(connectors.get(key), **parts)
    patch.setitem(connectors.found(), key, changed)
    return changed


class FakeConnector:
    """Stands in for the listing of a platform; the rest, parsing above all, is the platform's own.

    Its operations answer from `bodies` without a request, so that the client has nothing to send. With `asks` each
    yields one first, as real ones do, and takes any answer to it.
    """

    def __init__(self, bodies: dict[str, bytes] | None = None, *, platform: str = "woocommerce") -> None:
        self.platform = platform
        # The shop's orders by the ids and numbers they are asked for; tests change them.
        self.bodies = {} if bodies is None else bodies
        # What was called, in order, and the ids of each call of `orders_by_ids`.
        self.called: list[str] = []
        self.asked: list[tuple[str, ...]] = []
        # What a shop that is down answers with.
        self.failure: ShopError | None = None
        # Called when an answer is made, before it is received.
        self.meanwhile: Callable[[], object] | None = None
        # The window's end that pages tell.
        self.until: datetime | None = None
        self.asks = False

    def install(self, patch: pytest.MonkeyPatch) -> Connector:
        """Let the platform's integrations be read here, for the time of a test."""
        listing = replace(
            connectors.get(self.platform).orders,
            in_window=self.orders_in_window,
            by_ids=self.orders_by_ids,
            by_number=self.order_by_number,
        )
        return exchange(patch, self.platform, orders=listing)

    def body(self, key: str) -> bytes | None:
        """The order by its id or number, as the shop has it now."""
        return self.bodies.get(key)

    def orders_in_window(self, shop: Shop, window: Window, cursor: Cursor | None) -> Operation[OrderPage]:
        return (yield from self._answer(shop, "orders_in_window", list(self.bodies)))

    def orders_by_ids(self, shop: Shop, ids: tuple[str, ...]) -> Operation[OrderPage]:
        self.asked.append(ids)
        return (yield from self._answer(shop, "orders_by_ids", ids))

    def order_by_number(self, shop: Shop, number: str) -> Operation[OrderPage]:
        return (yield from self._answer(shop, "order_by_number", [number]))

    def _answer(self, shop: Shop, called: str, keys: Iterable[str]) -> Operation[OrderPage]:
        self.called.append(called)
        if self.asks:
            yield Request("GET", f"{shop.base_url}/{called}")
        if self.failure is not None:
            raise self.failure
        found = tuple(body for key in keys if (body := self.body(key)) is not None)
        if self.meanwhile is not None:
            self.meanwhile()
        return OrderPage(found, None, len(found), self.until)
