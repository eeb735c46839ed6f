"""Requests to PayPal, the access token, and what its refusals mean.

Errors are `{"name", "message", "details": [{"issue", ...}], "debug_id"}`, those of the token endpoint
`{"error", "error_description"}` (PayPal's OpenAPI files; a token lives about nine hours).
"""

from __future__ import annotations

import re

from integrations.connectors.contract import Shop
from integrations.connectors.errors import Failure, ShopError
from integrations.connectors.http import Request, Response
from integrations.connectors.kit.answers import decoded
from integrations.connectors.kit.tokens import Exchange, token_request, with_token

TRANSACTIONS = "v1/reporting/transactions"
TOKEN = "paypal_token"  # noqa: S105 - a name in the memory
LONG_WAIT = 300.0
"""Seconds. PayPal publishes no rate and asks to poll no more often than every 5 to 15 minutes."""
TOO_LARGE = "RESULTSET_TOO_LARGE"


def ask(shop: Shop, **params: str) -> Exchange:
    """A page of transactions, or PayPal's refusal. 429 is a ShopError that says how long to wait."""
    return (yield from send(shop, Request("GET", f"{shop.base_url}/{TRANSACTIONS}", tuple(params.items()))))


def send(shop: Shop, request: Request) -> Exchange:
    """Any request with the app's access token."""
    try:
        response = yield from with_token(shop, TOKEN, _grant(shop), token_refusal, request)
    except ShopError as error:
        if error.kind != Failure.BUSY or error.retry_after is not None:
            raise
        raise _busy(error.status) from None
    if response.status == 403:
        shop.memory.pop(TOKEN, None)  # a token keeps the permissions of the moment it was made
    return response


def _grant(shop: Shop) -> Request:
    keys = shop.credentials.get("client_id", ""), shop.credentials.get("client_secret", "")
    return token_request(f"{shop.base_url}/v1/oauth2/token", *keys, b"grant_type=client_credentials")


def error_name(response: Response) -> str:
    """PayPal's name of the error (`name`, or `error` at the token endpoint), or ""."""
    body = decoded(response)
    name = (body.get("name") or body.get("error")) if isinstance(body, dict) else None
    return name if isinstance(name, str) and re.fullmatch(r"[A-Za-z_]{1,60}", name) else ""


def token_refusal(response: Response) -> ShopError:
    if response.status in (400, 401):
        return _error(
            Failure.CREDENTIALS,
            response.status,
            "PayPal does not know this client ID with this secret. Copy both from developer.paypal.com > Apps & "
            "Credentials, from the side Live (or Sandbox, if the address is the sandbox's).",
        )
    return refusal(response)


def refusal(response: Response) -> ShopError:
    """The ShopError of an answer that is not a success. Quotes the error's name, never its text."""
    status, name = response.status, error_name(response)
    if status == 429 or name == "RATE_LIMIT_REACHED":
        return _busy(status)
    if status == 401:
        return _error(Failure.CREDENTIALS, status, "PayPal refuses a new access token. Make a new secret for the app.")
    if status == 403:
        return _error(
            Failure.CREDENTIALS,
            status,
            "The PayPal app may not read transactions. At developer.paypal.com > Apps & Credentials, open the app and "
            "switch on Transaction search under Features; it can take some hours until PayPal honours it.",
        )
    if status == 404:
        return _error(Failure.ADDRESS, status, "There is no PayPal API here; its address is https://api-m.paypal.com.")
    if status >= 500:
        return _error(Failure.UNAVAILABLE, status, f"PayPal has a fault of its own (HTTP {status}).")
    if 200 <= status < 300:
        return _error(Failure.NONSENSE, status, "PayPal's answer is not a list of transactions.")
    return _error(Failure.REFUSED, status, f"PayPal refused the request (HTTP {status}, {name or 'no name'}).")


def _busy(status: int | None) -> ShopError:
    return ShopError(Failure.BUSY, "PayPal asks us to wait.", status=status, retry_after=LONG_WAIT)


def _error(kind: Failure, status: int, message: str) -> ShopError:
    return ShopError(kind, message, status=status)
