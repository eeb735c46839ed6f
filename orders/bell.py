"""One bell: whoever leaves something to be done behind an order or a customer says so here, in the same transaction.

Events are to be told, customers to be placed, segments to be filled. Their rows are the truth, and the tick finds them;
the bell makes it quick. Who listens is no concern of the order book: `integrations.apps` fills the slot.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar

# Is told the project once the transaction has committed, and never fails the caller.
Listener = Callable[[int], None]

_listener: Listener | None = None
_quiet: ContextVar[bool] = ContextVar("quiet", default=False)


def listen(listener: Listener) -> None:
    """Fill the slot: from now on `listener` hears what follows."""
    global _listener
    _listener = listener


def something_follows(project_id: int) -> None:
    """Say that there is something to do for this project."""
    if _listener is not None and not _quiet.get():
        _listener(project_id)


@contextmanager
def quiet() -> Iterator[None]:
    """What is done inside is not told: it is left to the tick, or to what comes after it."""
    token = _quiet.set(True)
    try:
        yield
    finally:
        _quiet.reset(token)
