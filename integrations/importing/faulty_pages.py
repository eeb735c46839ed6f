"""Pages that a shop fails at: asked for smaller, down to the one order that makes it fail, which is then passed by.

One order can break a shop's program: every page that holds it is answered with HTTP 500, for ever. The first failure is
waited out like any other. At the second the smallest page is asked for; while pages come they are doubled again, and
halved where they fail.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from integrations.connectors.contract import Connector, Shop
from integrations.connectors.errors import ShopError
from integrations.connectors.http import Operation
from integrations.connectors.listings import Cursor, OrderPage, Window
from integrations.importing.payloads import BREAKS, Candidate, digest_of

# From this size on a connector takes its own.
FULL = 100
# Answers without a good one among them: then it is the shop that is down. Seven lead to one order of a hundred.
MOST_FAILED = 10
# An id that a shop can be asked for, whether it has it or not.
ANY = ("1",)
Drive = Callable[[Operation[OrderPage]], OrderPage]


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
    least = connector.capabilities.least_page
    while True:
        smaller = shop if size is None else replace(shop, settings={**shop.settings, "per_page": size})
        try:
            page = drive(connector.orders.in_window(smaller, window, cursor))
        except ShopError as error:
            if error.status != 500 or connector.orders.past_a_fault is None or (size is None and not failures):
                raise
            if size is not None and size <= least:
                return drive(connector.orders.past_a_fault(smaller, window, cursor)), least
            size = least if size is None else max(least, size // 2)
            continue
        return page, None if size is None or size * 2 >= FULL else size * 2


def apart(connector: Connector, shop: Shop, ids: tuple[str, ...], drive: Drive) -> OrderPage:
    """These orders, asked for in halves, down to the ones that the shop fails at. Raises ShopError where it is down."""
    waiting = [ids]
    payloads: list[bytes] = []
    culprits: list[str] = []
    answered = failed = 0
    while waiting:
        part = waiting.pop()
        try:
            page = drive(connector.orders.by_ids(shop, part))
        except ShopError as error:
            failed += 1
            if error.status != 500 or (not answered and failed > MOST_FAILED):
                raise
            half = len(part) // 2
            if half:
                waiting += [part[half:], part[:half]]
            else:
                culprits += part
        else:
            answered += 1
            payloads += page.payloads
    if not answered:
        drive(connector.orders.by_ids(shop, ANY))  # whether it is up at all
    return OrderPage(tuple(payloads), None, broken=tuple(culprits))


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
        error="The shop fails (HTTP 500) whenever it is asked for this order. The cause, a plugin as a rule, is in its"
        " own error log; once that is mended and the order saved again there, it comes by itself.",
    )
