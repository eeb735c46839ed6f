"""Drive an operation: its requests go out, the answers go back in, short troubles are waited out."""

from __future__ import annotations

import random
import time
from collections.abc import Callable, Set
from typing import Protocol, TypeVar

from django.conf import settings

from integrations.client.exchange import Exchange
from integrations.client.limits import Limits
from integrations.connectors.errors import Failure, ShopError
from integrations.connectors.http import Operation, Request, Response

T = TypeVar("T")


class RequestPace(Protocol):
    """Whoever knows when a shop may be asked."""

    def wait(self) -> float:
        """Seconds to wait before the next request. Raises ShopError where none may be sent."""

    def heard(self, response: Response) -> None: ...

    def refused(self, seconds: float) -> None:
        """The shop asked us to wait."""


class _NoHurry:
    """No pace at all."""

    def wait(self) -> float:
        return 0

    def heard(self, response: Response) -> None:
        """Nobody keeps count."""

    def refused(self, seconds: float) -> None:
        """Nobody keeps count."""


# Seconds; doubled at each try, of which a random part is waited (full jitter).
FIRST_WAIT = 0.5
TRIED_AGAIN = {Failure.BUSY, Failure.UNAVAILABLE, Failure.NONSENSE}


def drive(
    operation: Operation[T],
    *,
    heartbeat: Callable[[], None] | None = None,
    pace: RequestPace | None = None,
    allowed: Set[str] | None = None,
    limits: Limits | None = None,
    sleep: Callable[[float], None] = time.sleep,
) -> T:
    """The result of an operation. Raises ShopError, first into the operation, which may know what to make of it.

    `heartbeat` is called before every try of every request; what it raises ends the operation. `pace` says how long to
    wait before each, and hears what the shop says about more. `allowed` (by default
    `settings.ALLOWED_SHOP_ADDRESSES`) are the "host:port"s that need not be public.
    """
    limits = limits or Limits()
    exchange = Exchange(settings.ALLOWED_SHOP_ADDRESSES if allowed is None else allowed, limits)
    try:
        request = next(operation)
        while True:
            try:
                response = _answer(exchange, request, limits, sleep, heartbeat or _no_heart, pace or _NoHurry())
            except ShopError as error:
                request = operation.throw(error)
            else:
                request = operation.send(response)
    except StopIteration as finished:
        result: T = finished.value
        return result
    finally:
        operation.close()
        exchange.close()


def _no_heart() -> None:
    """Nobody waits for a sign of life."""


def _answer(
    exchange: Exchange,
    request: Request,
    limits: Limits,
    sleep: Callable[[float], None],
    heartbeat: Callable[[], None],
    pace: RequestPace,
) -> Response:
    """Try again after a short wait where that is safe; longer waits are left to the run.

    The heart beats before every try: two slow ones together outlast a lease.
    """
    may_repeat = request.method in {"GET", "HEAD"} if request.idempotent is None else request.idempotent
    started = time.monotonic()
    for turn in range(1, limits.tries + 1):
        heartbeat()
        if pause := pace.wait():
            sleep(pause)
        try:
            response = exchange.send(request)
            pace.heard(response)
            return response
        except ShopError as error:
            wait = error.retry_after
            if error.kind == Failure.BUSY and wait is not None:
                pace.refused(wait)
            if wait is None:
                wait = random.uniform(0, min(limits.wait, FIRST_WAIT * 2**turn))  # noqa: S311 - no secret
            late = time.monotonic() - started + wait > limits.total
            if turn == limits.tries or not may_repeat or error.kind not in TRIED_AGAIN or wait > limits.wait or late:
                raise
            sleep(wait)
    raise AssertionError("at least one try")
