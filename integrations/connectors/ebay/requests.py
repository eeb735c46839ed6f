"""Requests to the Sell APIs, the access token, and what eBay's refusals mean.

A user's access token lives 2 hours; the refresh token it comes from 18 months. Errors are
`{"errors": [{"errorId", "domain", "category", "message", ...}]}`, those of the token endpoint
`{"error", "error_description"}` (eBay's OAuth guide and the OpenAPI file of Fulfillment v1.20.7).
"""

from __future__ import annotations

from datetime import datetime, time, timedelta
from typing import Any
from urllib.parse import parse_qs, urlsplit
from zoneinfo import ZoneInfo

import msgspec

from integrations.connectors.contract import Shop
from integrations.connectors.errors import Failure, ShopError
from integrations.connectors.http import Request, Response
from integrations.connectors.kit.clocks import clock
from integrations.connectors.kit.json_answers import code_named, decoded_object, objects
from integrations.connectors.kit.refusal_tables import Refusals
from integrations.connectors.kit.tokens import Exchange, client_token, patient, with_token

FULFILLMENT = "sell/fulfillment/v1"
INVENTORY = "sell/inventory/v1"
# Names in the shop's memory.
TOKEN = "ebay_token"  # noqa: S105
APPLICATION_TOKEN = "ebay_application_token"  # noqa: S105
APPLICATION_SCOPE = "https://api.ebay.com/oauth/api_scope"
# The error number of a daily limit that is used up; it is lifted at midnight Pacific time.
QUOTA = 2001
PACIFIC = ZoneInfo("America/Los_Angeles")
# Seconds; for a 429 that does not say whose limit it is.
LONG_WAIT = 900.0
NO_NUMBER = "no error number"
SIGN_IN_AGAIN = (
    "Sign in with the seller's account at developer.ebay.com > User access tokens (or through your own consent page), "
    "and enter the new refresh token."
)


def error_id(response: Response) -> int:
    """The first error's number, 0 without one."""
    number = next((error.get("errorId") for error in objects(decoded_object(response).get("errors"))), 0)
    return number if type(number) is int and 0 < number < 10**9 else 0


def parameter(address: Any, name: str) -> str:
    """A parameter in the address of the next page; "" without one."""
    try:
        return parse_qs(urlsplit(address if isinstance(address, str) else "").query).get(name, [""])[-1]
    except ValueError:
        return ""


def _told(response: Response) -> str:
    number = error_id(response)
    return f"error {number}" if number else NO_NUMBER


_NO_API = (Failure.ADDRESS, "There is no eBay API at this address; it is https://api.ebay.com.")
_OTHER_KEYS = (
    Failure.CREDENTIALS,
    "eBay does not know this App ID with this Cert ID. Copy both from developer.ebay.com > Application keysets,"
    " from the column Production (or Sandbox, if the address is the sandbox's).",
)
REFUSALS = Refusals(
    "eBay",
    _told,
    {
        (401, None): (Failure.CREDENTIALS, f"eBay refuses a new access token. {SIGN_IN_AGAIN}"),
        (403, None): (
            Failure.CREDENTIALS,
            "The seller's consent does not cover this ({code}). Sign in again with the scopes "
            "sell.fulfillment.readonly and sell.inventory.readonly, and enter the new refresh token.",
        ),
        (404, NO_NUMBER): _NO_API,
        (404, None): (Failure.NOT_FOUND, "eBay does not have what was asked for ({code})."),
    },
)
WRITING_REFUSALS = Refusals(
    "eBay",
    _told,
    {
        **REFUSALS.rows,
        (400, "error 32100"): (Failure.NOT_FOUND, "eBay does not have this order."),
        (400, "error 32200"): (Failure.REFUSED, "An item of this shipment is not in the order at eBay."),
        (400, "error 32300"): (
            Failure.REFUSED,
            "eBay does not take this carrier or tracking number. Map the carrier to one of eBay's codes, and check the"
            " tracking number.",
        ),
        (400, "error 34100"): (Failure.REFUSED, "eBay takes no more tracking numbers for this order."),
        (403, None): (
            Failure.CREDENTIALS,
            "The seller's consent does not cover writing ({code}). Sign in again with the scopes sell.fulfillment and"
            " sell.inventory, without .readonly, and enter the new refresh token. Reading goes on all the same.",
        ),
    },
)
TOKEN_REFUSALS = Refusals(
    "eBay",
    code_named("error"),
    {
        (400, "invalid_grant"): (
            Failure.CREDENTIALS,
            "eBay does not take the refresh token: it has expired (after 18 months), was revoked, or belongs to "
            f"another application. {SIGN_IN_AGAIN}",
        ),
        (400, "invalid_client"): _OTHER_KEYS,
        (400, ""): (Failure.REFUSED, "eBay refused to give an access token (HTTP 400)."),
        (400, None): (Failure.CREDENTIALS, f"eBay gives no access token ({{code}}). {SIGN_IN_AGAIN}"),
        (401, None): _OTHER_KEYS,
        (403, None): (Failure.CREDENTIALS, f"eBay gives no access token (HTTP 403). {SIGN_IN_AGAIN}"),
        (404, None): _NO_API,
    },
    LONG_WAIT,
)


def refusal(response: Response) -> ShopError:
    """The ShopError of an answer that is not a success. Quotes eBay's error number, never its text."""
    if response.status == 429 or error_id(response) == QUOTA:
        return _busy(response.status, response)
    return REFUSALS.of(response)


def write_refusal(response: Response) -> ShopError:
    if response.status == 429 or error_id(response) == QUOTA:
        return _busy(response.status, response)
    return WRITING_REFUSALS.of(response)


def post(shop: Shop, path: str, body: object, *, reads: bool = False) -> Exchange:
    """A POST with the seller's access token. `reads`: it changes nothing, so the same one may be sent again."""
    headers = {"Content-Type": "application/json", "Accept": "application/json"}
    url, written = f"{shop.base_url}/{path}", msgspec.json.encode(body)
    request = Request("POST", url, headers=headers, body=written, idempotent=True if reads else None)
    return (yield from send(shop, request))


def ask(shop: Shop, path: str, **params: str) -> Exchange:
    """A GET with the seller's access token. 429 is a ShopError that says how long to wait."""
    return (yield from send(shop, Request("GET", f"{shop.base_url}/{path}", tuple(params.items()))))


def send(shop: Shop, request: Request, *, as_application: bool = False) -> Exchange:
    """Any request with an access token: the seller's, or one that stands for the application alone."""
    if as_application:
        key, form = APPLICATION_TOKEN, {"grant_type": "client_credentials", "scope": APPLICATION_SCOPE}
    else:  # without a scope the new token has all that the seller agreed to
        known = shop.credentials.get("refresh_token", "")
        key, form = TOKEN, {"grant_type": "refresh_token", "refresh_token": known}
    grant = client_token(shop, "identity/v1/oauth2/token", **form)
    exchange = with_token(shop, key, grant, TOKEN_REFUSALS.of, request)
    return (yield from patient(exchange, lambda error: _busy(error.status, error.answer)))


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
