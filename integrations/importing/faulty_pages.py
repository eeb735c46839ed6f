"""Pages that a shop fails at: asked for smaller, down to the one order that makes it fail, which is then passed by.

One order can break a shop's program: every page that holds it is an error, or cut off, for ever. The first failure is
waited out like any other. At the second the smallest page is asked for; while pages come they are doubled again, and
halved where they fail. Where a platform can, it leaves the order out of a page of any size instead.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

from integrations.connectors.contract import Connector, Shop
from integrations.connectors.errors import ShopError
from integrations.connectors.http import Operation
from integrations.connectors.kit.broken_orders import in_halves
from integrations.connectors.listings import Cursor, OrderPage, Window
from integrations.importing.payloads import BREAKS, Candidate, digest_of

# From this size on a connector takes its own.
FULL = 100
# Failures in a row after which even an answer that speaks of an overloaded shop may be one order's doing.
PATIENCE = 4
OVERLOADED = {502, 503, 504}
Drive = Callable[[Operation[Any]], Any]


def next_page(
    connector: Connector,
    shop: Shop,
    window: Window,
    cursor: Cursor | None,
    size: int | None,
    failures: int,
    drive: Drive,
) -> tuple[OrderPage, int | None]:
    """The page at the cursor, and the size of the next; None: the connector's own. Raises ShopError."""
    least, past_a_fault = connector.capabilities.least_page, connector.orders.past_a_fault
    while True:
        smaller = shop if size is None else replace(shop, settings={**shop.settings, "per_page": size})
        try:
            page: OrderPage = drive(connector.orders.in_window(smaller, window, cursor))
        except ShopError as error:
            if past_a_fault is None or not _may_be_one_order(error, failures if size is None else PATIENCE):
                raise
            if least is None or (size is not None and size <= least):
                return drive(past_a_fault(smaller, window, cursor)), least
            size = least if size is None else max(least, size // 2)
            continue
        return page, None if size is None or size * 2 >= FULL else size * 2


def _may_be_one_order(error: ShopError, failures: int) -> bool:
    return error.may_be_one_order and failures >= (PATIENCE if error.status in OVERLOADED else 1)


def by_ids(connector: Connector, shop: Shop, ids: tuple[str, ...], failures: int, drive: Drive) -> OrderPage:
    """These orders; after a failure in halves, down to the ones that the shop fails at. Raises ShopError."""
    try:
        page: OrderPage = drive(connector.orders.by_ids(shop, ids))
        return page
    except ShopError as error:
        if not _may_be_one_order(error, failures):
            raise
        apart = drive(in_halves(connector.orders.by_ids, shop, ids, len(ids)))
        if not apart.answered and not drive(connector.check(shop)).ok:
            raise  # it is the shop that is down
        return OrderPage(apart.payloads, None, broken=apart.broken)


def broken(external_id: str) -> Candidate:
    """An order that the shop cannot give, as one that failed."""
    return Candidate(
        external_id,
        external_id,
        "",
        None,
        "",
        digest_of(b""),
        error_code=BREAKS,
        error="The shop fails whenever it is asked for this order: by an error of its own, or an answer that is cut off"
        " or too large. The cause, a plugin as a rule, is in its own error log; once that is mended and the order saved"
        " again there, it comes by itself.",
    )
