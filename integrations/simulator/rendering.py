"""Documents of sales, written once for every state that a sale gets into."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Concatenate, ParamSpec, TypeVar
from weakref import WeakKeyDictionary

from integrations.simulator.sales import Sale
from integrations.simulator.shop import SimulatedShop

P = ParamSpec("P")
T = TypeVar("T")

# Documents of one shop and kind; beyond them all are written anew.
MOST_KEPT = 20_000


def once(render: Callable[Concatenate[SimulatedShop, Sale, P], T]) -> Callable[Concatenate[SimulatedShop, Sale, P], T]:
    """What has not changed since is handed out again, so nobody may change a document he was given."""
    shelves: WeakKeyDictionary[SimulatedShop, dict[object, tuple[object, T]]] = WeakKeyDictionary()

    @wraps(render)
    def rendered(shop: SimulatedShop, sale: Sale, /, *args: P.args, **kwargs: P.kwargs) -> T:
        shelf = shelves.setdefault(shop, {})
        now, key = shop.now(), (sale.id, args)
        past = (sale.revision, [change for change in sale.changes if change.at <= now])
        kept = shelf.get(key)
        if kept is None or kept[0] != past:
            if len(shelf) >= MOST_KEPT:
                shelf.clear()
            kept = shelf[key] = (past, render(shop, sale, *args, **kwargs))
        return kept[1]

    return rendered
