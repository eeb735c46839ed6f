"""Drive a connector's operation with recorded answers, without HTTP."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable
from typing import Any, TypeVar

from integrations.connectors.base import Operation, Request, Response
from integrations.failures import ShopError

T = TypeVar("T")

DATE = "Sun, 01 Nov 2026 12:00:00 GMT"


def answer(body: Any = b"", status: int = 200, **headers: str) -> Response:
    """A `Response`; a body that is not bytes is written as JSON. `x_wp_total="3"` is the header X-WP-Total."""
    written = body if isinstance(body, bytes) else json.dumps(body).encode()
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return Response(status, {"content-type": "application/json", "date": DATE, **named}, written)


def play(operation: Operation[T], answers: Iterable[Response | ShopError]) -> tuple[T, list[Request]]:
    """Give each request the next answer (a ShopError is thrown); every answer must be used. Result and requests."""
    waiting = iter(answers)
    result, requests = serve(operation, lambda _: next(waiting))
    assert next(waiting, None) is None, "an answer was not asked for"
    return result, requests


def serve(operation: Operation[T], shop: Callable[[Request], Response | ShopError]) -> tuple[T, list[Request]]:
    """Let a function answer every request. Result and requests."""
    requests: list[Request] = []
    try:
        request = next(operation)
        while True:
            requests.append(request)
            reply = shop(request)
            request = operation.throw(reply) if isinstance(reply, ShopError) else operation.send(reply)
    except StopIteration as finished:
        return finished.value, requests
