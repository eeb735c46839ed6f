"""A look at the orders of a shop before any is loaded: what the rules would make of them. Nothing is stored."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import timedelta

from config.kit import true_time
from integrations.connectors.errors import ShopError
from integrations.connectors.listings import Cursor, OrderPage, Window
from integrations.importing.payloads import Candidate, read_page
from integrations.importing.preview import Preview, preview_of
from integrations.models import Integration
from integrations.shops.ask import ask
from integrations.shops.rule_settings import WantedRule

DAYS = 30
# A person waits for it: no further page is asked for beyond so many orders or seconds.
MOST = 200
PATIENCE = 8.0


@dataclass
class FirstLook:
    candidates: list[Candidate] = field(default_factory=list)
    total: int | None = None
    """How many orders the shop has of these days, where it says so."""
    cut: bool = False
    """There are more than were looked at."""
    problem: str = ""
    """Why the shop could not be asked, as a sentence; what came before counts."""

    def preview(self, integration: Integration, wanted: Sequence[WantedRule]) -> Preview:
        return preview_of(integration, self.candidates, wanted, DAYS, cut=self.cut)


def look(integration: Integration) -> FirstLook:
    """Read the shop's orders of the last DAYS, created or modified, as far as a person has the patience."""
    seen = FirstLook()
    now = true_time.now()
    # With an end, so that no platform begins a long work of its own for it.
    window = Window(now - timedelta(days=DAYS), now)
    cursor: Cursor | None = None
    until = time.monotonic() + PATIENCE
    try:
        shop, reader = integration.shop(), integration.reader()
        while True:
            page: OrderPage = ask(integration, integration.connector.orders.in_window(shop, window, cursor))
            seen.candidates += read_page(integration.connector, reader, page.payloads)
            seen.total = page.total if seen.total is None else seen.total
            cursor = page.next
            if cursor is None:
                return seen
            if page.wait or len(seen.candidates) >= MOST or time.monotonic() > until:
                seen.cut = True
                return seen
    except ShopError as error:
        seen.problem = str(error)
        seen.cut = bool(seen.candidates)
    return seen
