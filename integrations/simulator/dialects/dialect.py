"""What a dialect is: how a simulated shop speaks, as one frozen record."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from integrations.simulator.hooks import Writer
from integrations.simulator.limits import Limit
from integrations.simulator.messages import Answered, Asked
from integrations.simulator.sales import Sale
from integrations.simulator.shop import SimulatedShop

UNLISTED = {"trash", "draft", "auto-draft", "checkout-draft"}


def number_of(shop: SimulatedShop, sale: Sale) -> str | None:
    """The `external_id` of platforms that call a sale by its number."""
    return None if sale.state(shop.now()).status in UNLISTED else str(sale.id)


@dataclass(frozen=True, kw_only=True)
class Dialect:
    """One platform's way; found by its package, which has the key of the connector."""

    # The answer to any request.
    answer: Callable[[SimulatedShop, Asked], Answered]
    # What a webhook sends for an event; None when it is not about its topic.
    parcel: Writer
    # How a request beyond the limit is refused.
    too_many: Callable[[SimulatedShop], Answered]
    # The credentials a connector needs for the shop.
    keys: Callable[[SimulatedShop], dict[str, str]]
    # What the connector calls a sale now; its None: one the platform does not list.
    external_id: Callable[[SimulatedShop, Sale], str | None] = number_of
    # How many requests the platform takes; None: it has no limit, does not publish it, or counts otherwise.
    limit: Limit | None = None
