"""Requests to the Sell APIs, the access token, and what eBay's refusals mean.

A user's access token lives 2 hours; the refresh token it comes from 18 months. Errors are
`{"errors": [{"errorId", "domain", "category", "message", ...}]}`, those of the token endpoint
`{"error", "error_description"}` (eBay's OAuth guide and the OpenAPI file of Fulfillment v1.20.7).
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import datetime, time, timedelta
from urllib.parse import urlencode
from zoneinfo import ZoneInfo

from integrations.connectors.contract import Shop
from integrations.connectors.errors import Failure, ShopError
from integrations.connectors.http import Request, Response
from integrations.connectors.kit.answers import decoded
from integrations.connectors.kit.clocks import clock
from integrations.connectors.kit.tokens import Exchange, token_request, with_token

FULFILLMENT = "sell/fulfillment/v1"
INVENTORY = "sell/inventory/v1"
TOKEN = "ebay_token"  # noqa: S105 - a name in the memory
APPLICATION_TOKEN = "ebay_application_token"  # noqa: S105 - a name in the memory
APPLICATION_SCOPE = "https://api.ebay.com/oauth/api_scope"
QUOTA = 2001
"""The error number of a daily limit that is used up; it is lifted at midnight Pacific time."""
PACIFIC = ZoneInfo("America/Los_Angeles")
LONG_WAIT = 900.0
"""Seconds; for a 429 that does not say whose limit it is."""
SIGN_IN_AGAIN = (
    "Sign in with the seller's account at developer.ebay.com > User access tokens (or through your own consent page), "
    "and enter the new refresh token."
)


def ask(shop: Shop, path: str, **params: str) -> Exchange:
    """A GET with the seller's access token. 429 is a ShopError that says how long to wait."""
    request = Request("GET", f"{shop.base_url}/{path}", tuple(params.items()))
    return (yield from send(shop, request))


def send(shop: Shop, request: Request, *, as_application: bool = False) -> Exchange:
    """Any request with an access token: the seller's, or one that stands for the application alone."""
    key, grant = (APPLICATION_TOKEN, _application(shop)) if as_application else (TOKEN, _seller(shop))
    try:
        return (yield from with_token(shop, key, grant, token_refusal, request))
    except ShopError as error:
        if error.kind != Failure.BUSY or error.retry_after is not None:
            raise
        raise _busy(error.status, error.answer) from None


def _seller(shop: Shop) -> Request:
    """Without a scope the new token has all that the seller agreed to."""
    return _grant(shop, {"grant_type": "refresh_token", "refresh_token": shop.credentials.get("refresh_token", "")})


def _application(shop: Shop) -> Request:
    return _grant(shop, {"grant_type": "client_credentials", "scope": APPLICATION_SCOPE})


def _grant(shop: Shop, wanted: Mapping[str, str]) -> Request:
    form = urlencode(wanted)
    return token_request(
        f"{shop.base_url}/identity/v1/oauth2/token",
        shop.credentials.get("client_id", ""),
        shop.credentials.get("client_secret", ""),
        form.encode(),
    )


def error_id(response: Response) -> int:
    """The first error's number, 0 without one."""
    body = decoded(response)
    errors = body.get("errors") if isinstance(body, dict) else None
    first = errors[0] if isinstance(errors, list) and errors and isinstance(errors[0], dict) else {}
    number = first.get("errorId")
    return number if type(number) is int and 0 < number < 10**9 else 0


def token_refusal(response: Response) -> ShopError:
    body = decoded(response)
    code = body.get("error") if isinstance(body, dict) else None
    known = code if isinstance(code, str) and re.fullmatch(r"[a-z_]{1,60}", code) else ""
    if known == "invalid_grant":
        return _error(
            Failure.CREDENTIALS,
            response.status,
            f"eBay does not take the refresh token: it has expired (after 18 months), was revoked, or belongs to "
            f"another application. {SIGN_IN_AGAIN}",
        )
    if known == "invalid_client" or response.status == 401:
        return _error(
            Failure.CREDENTIALS,
            response.status,
            "eBay does not know this App ID with this Cert ID. Copy both from developer.ebay.com > Application keysets,"
            " from the column Production (or Sandbox, if the address is the sandbox's).",
        )
    if known:
        return _error(Failure.CREDENTIALS, response.status, f"eBay gives no access token ({known}). {SIGN_IN_AGAIN}")
    return refusal(response)


def refusal(response: Response) -> ShopError:
    """The ShopError of an answer that is not a success. Quotes eBay's error number, never its text."""
    status, number = response.status, error_id(response)
    if status == 429 or number == QUOTA:
        return _busy(status, response)
    if status == 401:
        return _error(Failure.CREDENTIALS, status, f"eBay refuses a new access token. {SIGN_IN_AGAIN}")
    if status == 403:
        return _error(
            Failure.CREDENTIALS,
            status,
            f"The seller's consent does not cover this ({number or 'no error number'}). Sign in again with the scopes "
            "sell.fulfillment.readonly and sell.inventory.readonly, and enter the new refresh token.",
        )
    if status == 404 and number:
        return _error(Failure.NOT_FOUND, status, f"eBay does not have what was asked for ({number}).")
    if status == 404:
        return _error(Failure.ADDRESS, status, "There is no eBay API at this address; it is https://api.ebay.com.")
    if status >= 500:
        return _error(Failure.UNAVAILABLE, status, f"eBay has a fault of its own (HTTP {status}).")
    if 200 <= status < 300:
        return _error(Failure.NONSENSE, status, f"eBay answered HTTP {status} with something that is no list.")
    return _error(Failure.REFUSED, status, f"eBay refused the request (HTTP {status}, error {number or 'unknown'}).")


def _busy(status: int | None, answer: Response | None) -> ShopError:
    """Until eBay's midnight where it says that the day's requests are used up (error 2001)."""
    now = clock(answer) if answer is not None and error_id(answer) == QUOTA else None
    return ShopError(
        Failure.BUSY,
        "eBay's number of requests is used up; the daily limit is lifted at midnight Pacific time.",
        status=status,
        retry_after=LONG_WAIT if now is None else _until_midnight(now),
    )


def _until_midnight(now: datetime) -> float:
    there = now.astimezone(PACIFIC)
    midnight = datetime.combine(there.date() + timedelta(days=1), time.min, PACIFIC)
    return max(1.0, (midnight - now).total_seconds())


def _error(kind: Failure, status: int, message: str) -> ShopError:
    return ShopError(kind, message, status=status)
