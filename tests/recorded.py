"""Drive a connector's operation with recorded answers, or with those of a simulated shop, without HTTP."""

from __future__ import annotations

import base64
import json
from collections.abc import Callable, Iterable
from typing import Any, TypeVar
from urllib.parse import parse_qsl, urlsplit

import requests

from integrations.client.exchange import _address, _signer
from integrations.connectors.errors import ShopError
from integrations.connectors.http import BasicAuth, HeaderAuth, OAuth1Auth, Operation, Request, Response
from integrations.simulator.messages import Asked
from integrations.simulator.server import SimulatedSite

T = TypeVar("T")

DATE = "Sun, 01 Nov 2026 12:00:00 GMT"


def answer(body: Any = b"", status: int = 200, **headers: str) -> Response:
    """A `Response`; a body that is not bytes is written as JSON. `x_wp_total="3"` is the header X-WP-Total."""
    written = body if isinstance(body, bytes) else json.dumps(body).encode()
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return Response(status, {"content-type": "application/json", "date": DATE, **named}, written)


def able(what: T | None) -> T:
    """A part of a connector that this platform has."""
    assert what is not None, "the platform cannot do this"
    return what


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


def from_site(site: SimulatedSite, request: Request) -> Response:
    """A simulated shop's answer to a connector's request, as if it came over https."""
    headers = {name.lower(): value for name, value in request.headers.items()}
    if isinstance(request.auth, BasicAuth):
        pair = base64.b64encode(f"{request.auth.user}:{request.auth.password}".encode()).decode()
        headers["authorization"] = f"Basic {pair}"
    elif isinstance(request.auth, OAuth1Auth):
        signed = requests.Request(request.method, _address(request), auth=_signer(request)).prepare()
        written = signed.headers["Authorization"]
        headers["authorization"] = written.decode() if isinstance(written, bytes) else written
    elif isinstance(request.auth, HeaderAuth):
        headers[request.auth.name.lower()] = request.auth.value
    address = urlsplit(request.url)
    params = (*request.params, *parse_qsl(address.query))
    asked = Asked(request.method, address.path, params, headers, request.body or b"", True, address.netloc)
    answered, _ = site.answer(asked)
    return Response(answered.status, {name.lower(): value for name, value in answered.headers.items()}, answered.body)
