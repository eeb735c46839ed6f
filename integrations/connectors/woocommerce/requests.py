"""Requests to `wc/v3`, and what its refusals mean."""

from __future__ import annotations

import re
from typing import Any

import msgspec

from integrations.connectors.contract import Shop
from integrations.connectors.errors import Failure, ShopError
from integrations.connectors.http import Auth, BasicAuth, OAuth1Auth, Request, Response
from integrations.connectors.kit.json_documents import repaired, split

MOST_ENTRIES = 1000
"""More orders in one answer are not believed; asked for are at most 100."""


def auth(shop: Shop) -> Auth:
    """Basic over https. Over plain http WooCommerce takes nothing but OAuth 1.0a (observed on 11.0.1 and 6.7.0)."""
    key, secret = shop.credentials.get("consumer_key", ""), shop.credentials.get("consumer_secret", "")
    if shop.base_url.startswith("https:"):
        return BasicAuth(key, secret)
    return OAuth1Auth(key, secret)


def get(shop: Shop, path: str, **params: str) -> Request:
    return Request("GET", f"{shop.base_url}/wp-json/wc/v3/{path}", tuple(params.items()), auth=auth(shop))


LEAST_PAGE = 2
"""The order read last and the next one: pages overlap."""


def page_size(shop: Shop) -> int:
    """100, the most WooCommerce gives, unless `settings["per_page"]` asks for less (a slow shop): 2 to 100."""
    wanted = shop.settings.get("per_page", 100)
    return min(100, max(LEAST_PAGE, wanted)) if isinstance(wanted, int) else 100


def entries(response: Response) -> tuple[bytes, ...]:
    """The JSON documents of a list answer; ShopError for any other answer."""
    if response.status != 200:
        raise refusal(response)
    try:
        return split(response.body, MOST_ENTRIES)
    except ValueError as error:
        raise ShopError(Failure.NONSENSE, str(error), status=response.status) from None


def decoded(response: Response) -> Any:
    """The JSON of any answer, fit to be stored, or None."""
    try:
        return msgspec.json.decode(repaired(response.body.removeprefix(b"\xef\xbb\xbf")))
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return None


def error_code(response: Response) -> str:
    """The `code` of a WordPress error object, or ""."""
    body = decoded(response)
    code = body.get("code") if isinstance(body, dict) else None
    return code if isinstance(code, str) and re.fullmatch(r"[a-z0-9_]{1,80}", code) else ""


NEW_KEYS = "Make a new pair under WooCommerce > Settings > Advanced > REST API (permission: Read) and enter both parts."


def refusal(response: Response) -> ShopError:
    """The ShopError of an answer that is not a success. Quotes the shop's error code, never its text."""
    status, code = response.status, error_code(response)
    if status in (401, 403):
        return _unauthorised(status, code)
    if status == 404 and code == "rest_no_route":
        return _error(Failure.ADDRESS, status, "The shop's REST API has no WooCommerce: is the plugin switched on?")
    if status == 404 and not code:
        return _error(
            Failure.ADDRESS,
            status,
            "There is no WooCommerce REST API at this address. Check the address, and in the shop that Settings > "
            'Permalinks is not set to "Plain".',
        )
    if status == 404:
        return _error(Failure.NOT_FOUND, status, f"The shop does not have what was asked for ({code}).")
    if status == 429:
        return _error(Failure.BUSY, status, "The shop asks us to wait.")
    if status >= 500:
        return _error(Failure.UNAVAILABLE, status, f"The shop has a fault of its own (HTTP {status}).")
    if 200 <= status < 300:
        return _error(Failure.NONSENSE, status, f"The shop answered HTTP {status} where a list was expected.")
    return _error(Failure.REFUSED, status, f"The shop refused the request (HTTP {status}, {code or 'no code'}).")


def _unauthorised(status: int, code: str) -> ShopError:
    """Wrong key and no key: 401 cannot_view; wrong secret: authentication_error (on 11.0.1). 403: no capability."""
    if code == "woocommerce_rest_authentication_error":
        return _error(Failure.CREDENTIALS, status, f"The shop refuses the consumer secret. {NEW_KEYS}")
    if code and status == 403:
        return _error(
            Failure.CREDENTIALS,
            status,
            "The shop knows the keys, but the user they belong to may not read this. Give them to a shop manager or "
            "administrator.",
        )
    if code:
        return _error(
            Failure.CREDENTIALS,
            status,
            f"The shop does not know the consumer key, or its server drops the Authorization header. {NEW_KEYS}",
        )
    if status == 401:
        return _error(Failure.CREDENTIALS, status, "The web server before the shop asks for a password of its own.")
    return _error(
        Failure.UNAVAILABLE,
        status,
        "A firewall in front of the shop turns us away (HTTP 403). Ask whoever runs the shop to let us through.",
    )


def _error(kind: Failure, status: int, message: str) -> ShopError:
    return ShopError(kind, message, status=status)
