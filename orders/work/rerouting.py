"""Serve an order from another warehouse, as long as nothing of it has left.

A service as in `orders.work.lifecycle`: one transaction, refused politely when the order has changed meanwhile.
"""

from __future__ import annotations

from orders.choices import ORDER_OPEN, EventKind
from orders.work import lifecycle
from orders.work.changing import ChangeRefused, opened
from stock import warehouses
from stock.warehouses import Place


def serve_from(
    order_id: int, warehouse_id: int, *, seen: int | None = None, actor_id: int | None = None, reason: str = ""
) -> Place:
    """Let an open order be served from this warehouse of its project; where it was served from until now.

    What it has reserved is let go of in the old warehouse and serves those who wait there; in the new one it waits like
    everybody else, oldest order first. Choosing the old warehouse again takes it back.
    """
    with opened(order_id, seen=seen, actor_id=actor_id) as change:
        lifecycle.expect(change, *ORDER_OPEN)
        here = warehouses.of(change.order.project_id)
        before, place = change.order.warehouse_id, here.place(warehouse_id)
        target = here.at(place)
        if target is None:
            raise ChangeRefused("There is no such warehouse: choose one of the list.")
        if place == before:
            raise ChangeRefused(f"The order is served from {target} already.")
        if not target.active:
            raise ChangeRefused(f"{target} is switched off: choose another warehouse, or switch it on first.")
        if any(line.shipped for line in change.lines):
            raise ChangeRefused("Some of it is shipped already: the rest is served from the same warehouse.")
        change.reroute(place)
        change.tell("warehouse", here.name(before), target.name)
        sentence = f"Warehouse changed from {here.name(before)} to {target}"
        change.note(EventKind.REROUTED, lifecycle.because(sentence, reason))
        return before
