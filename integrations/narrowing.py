"""Pages that a shop fails at: asked for smaller, down to the one order that makes it fail, which is then passed by.

One order can break a shop's program: every page that holds it is answered with HTTP 500, for ever. The first failure is
waited out like any other. At the second the smallest page is asked for; while pages come they are doubled again, and
halved where they fail.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from integrations.connectors.base import Connector, Cursor, Operation, OrderPage, Shop, Window
from integrations.failures import ShopError
from integrations.reading import BREAKS, Candidate, digest_of

FULL = 100
"""From this size on a connector takes its own."""
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
            page = drive(connector.orders_in_window(smaller, window, cursor))
        except ShopError as error:
            if error.status != 500 or not least or (size is None and not failures):
                raise
            if size is not None and size <= least:
                return drive(connector.past_a_fault(smaller, window, cursor)), least
            size = least if size is None else max(least, size // 2)
            continue
        return page, None if size is None or size * 2 >= FULL else size * 2


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
