"""Webhooks of a simulated shop: delivered when an order changes, as its dialect writes them."""

from __future__ import annotations

import threading
from collections.abc import Callable

from integrations.simulator.shop import SimulatedShop
from integrations.simulator.switchboard import Event, Hook, Parcel

LOOK_EVERY = 0.5

# What a hook sends for an event; None when it is not about its topic.
Writer = Callable[[SimulatedShop, Hook, Event], Parcel | None]


def deliver(shop: SimulatedShop, write: Writer) -> int:
    """One round: tell the active hooks what is new. How many deliveries were tried."""
    board = shop.webhooks
    with shop.lock:
        shop.advance()
        written = parcels(shop, write, board.news(shop.visible(), shop.now()))
    for hook, parcel in written:  # without the lock: the receiver may ask us at once
        board.send(hook, parcel)
    if written:
        with shop.lock:
            shop.save()
    return len(written)


def parcels(shop: SimulatedShop, write: Writer, events: list[Event]) -> list[tuple[Hook, Parcel]]:
    """What the active hooks send of events."""
    hooks = [hook for hook in shop.webhooks.hooks.values() if hook.active]
    return [(hook, parcel) for event in events for hook in hooks if (parcel := write(shop, hook, event))]


def keep_delivering(shop: SimulatedShop, write: Writer, stop: threading.Event) -> None:
    """Rounds until told to stop; to be run in a thread."""
    while not stop.wait(LOOK_EVERY):
        deliver(shop, write)
