"""What connectors say to the network: requests, answers and credentials, as plain data.

An operation never does I/O. It yields `Request`s, is sent the `Response` of each, and returns its result:

    def statuses(shop: Shop) -> Operation[tuple[RemoteStatus, ...]]:
        response = yield Request("GET", f"{shop.base_url}/orders/statuses", auth=auth(shop))
        return tuple(...)

`integrations.client` drives operations over HTTP and throws `ShopError`s into them where the shop cannot be reached;
tests drive them with recorded answers.
"""

from __future__ import annotations

from collections.abc import Generator, Mapping
from dataclasses import dataclass, field
from typing import TypeVar

T = TypeVar("T")


@dataclass(frozen=True)
class BasicAuth:
    """HTTP Basic; only ever sent over https."""

    user: str
    password: str = field(repr=False)


@dataclass(frozen=True)
class OAuth1Auth:
    """OAuth 1.0a, HMAC-SHA256, signed by the client into the Authorization header; one-legged without a token."""

    key: str
    secret: str = field(repr=False)
    token: str = field(repr=False, default="")
    token_secret: str = field(repr=False, default="")


@dataclass(frozen=True)
class HeaderAuth:
    """A secret in a header, e.g. `X-Shopify-Access-Token` or `Authorization: Bearer ...`; only over https."""

    name: str
    value: str = field(repr=False)


Auth = BasicAuth | OAuth1Auth | HeaderAuth


@dataclass(frozen=True)
class Request:
    """One HTTP request. `url` is absolute; `params` keep their order; `body` is sent as JSON when given."""

    method: str
    url: str
    params: tuple[tuple[str, str], ...] = ()
    headers: Mapping[str, str] = field(default_factory=dict)
    # May hold a secret.
    body: bytes | None = field(default=None, repr=False)
    auth: Auth | None = None
    # Whether it may be tried again after a failure; None: GET and HEAD may.
    idempotent: bool | None = None


@dataclass(frozen=True)
class Response:
    """The answer: decoded body (at most 32 MB), header names in lower case."""

    status: int
    headers: Mapping[str, str]
    body: bytes


Operation = Generator[Request, Response, T]
