"""Access tokens of OAuth 2 platforms, kept in `Shop.memory` until the platform refuses them.

The connectors are pure and have no clock, so a token is not thrown away by its age: the first 401 fetches another,
once an operation.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from urllib.parse import urlencode, urlsplit

import msgspec

from integrations.connectors.contract import Shop
from integrations.connectors.errors import Failure, ShopError
from integrations.connectors.http import BasicAuth, HeaderAuth, Operation, Request, Response

Exchange = Operation[Response]
FORM = {"Content-Type": "application/x-www-form-urlencoded"}
HERE = {"127.0.0.1", "localhost", "::1"}


class _Granted(msgspec.Struct):
    access_token: str


_GRANTED = msgspec.json.Decoder(_Granted)


def client_token(shop: Shop, path: str, **form: str) -> Request:
    """The request for a token with the shop's `client_id` and `client_secret`. Asking twice does no harm."""
    keys = BasicAuth(shop.credentials.get("client_id", ""), shop.credentials.get("client_secret", ""))
    body = urlencode(form).encode()
    return Request("POST", f"{shop.base_url}/{path}", headers=FORM, body=body, auth=keys, idempotent=True)


def with_token(
    shop: Shop, key: str, grant: Request, refused: Callable[[Response], ShopError], request: Request
) -> Exchange:
    """The answer to `request`, sent with the remembered token or a new one; a 401 is answered with one new token.

    `grant` asks for a token; `refused` makes the ShopError of an answer that is no token.
    """
    known = shop.memory.get(key)
    if isinstance(known, str):
        response = yield _signed(request, known)
        if response.status != 401:
            return response
        shop.memory.pop(key, None)
    granted = yield grant
    if granted.status != 200:
        raise refused(granted)
    try:
        token = _GRANTED.decode(granted.body).access_token
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        raise ShopError(Failure.NONSENSE, "The platform's answer holds no access token.", status=200) from None
    if not token or not token.isascii() or not token.isprintable() or " " in token:
        raise ShopError(Failure.NONSENSE, "The platform's access token is unreadable.", status=200)
    shop.memory[key] = token
    return (yield _signed(request, token))


def patient(exchange: Exchange, busy: Callable[[ShopError], ShopError]) -> Exchange:
    """The exchange. `busy` makes what is raised where the platform asks us to wait without saying how long."""
    try:
        return (yield from exchange)
    except ShopError as error:
        if error.kind != Failure.BUSY or error.retry_after is not None:
            raise
        raise busy(error) from None


def _signed(request: Request, token: str) -> Request:
    return replace(request, auth=HeaderAuth("Authorization", f"Bearer {token}"))


def is_safe(url: str) -> bool:
    """Whether secrets may travel to it: over https, or within this machine."""
    address = urlsplit(url)
    return address.scheme == "https" or address.hostname in HERE
