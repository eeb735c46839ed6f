"""Calls of the Admin GraphQL API: the token, the request, and what its refusals mean.

Shopify answers most refusals with HTTP 200 and `errors`: a list of `{message, extensions: {code}}` (a text for HTTP
401). A throttled call has the code THROTTLED and says in `extensions.cost` how many points it would have cost, how
many there are and how many come back a second (3-platforms, section 2).
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from math import ceil
from typing import Any
from urllib.parse import urlencode, urlsplit

import msgspec
from msgspec import Raw, Struct

from integrations.connectors.contract import Shop
from integrations.connectors.errors import Failure, ShopError
from integrations.connectors.http import HeaderAuth, Operation, Request, Response
from integrations.connectors.kit.json_documents import repaired, too_deep, utf8
from integrations.connectors.shopify.queries import VERSION

Data = dict[str, Raw]
Call = Operation[tuple[Data, Response]]

HERE = {"127.0.0.1", "localhost", "::1"}
SHORTEST_WAIT, LONGEST_WAIT = 1.0, 900.0
ENTER_KEYS = (
    "Open the app in the shop's admin (Settings > Apps > Develop apps) or in the Dev Dashboard, and enter its access "
    "token, or its client ID and client secret."
)
READING = "Give the app the scopes read_orders and read_products, and install it again."


class TooCostly(ShopError):
    """A question over 1000 points, the most one may cost; asking for less at once helps."""

    def __init__(self) -> None:
        super().__init__(Failure.REFUSED, "The shop finds our question too large, even for one order.", status=200)


class _Answer(Struct):
    data: Data | None = None
    errors: Any = None
    extensions: Any = None


_ANSWER = msgspec.json.Decoder(_Answer)


def call(shop: Shop, query: str, variables: Mapping[str, Any] | None = None, *, changes: bool = False) -> Call:
    """The parts of `data`, undecoded, and the response. A question may be sent again, a change may not.

    A token for client credentials lasts a day: one that is refused is fetched anew, once. So is one in the place of an
    access token that was entered before and is refused now.
    """
    token = str(shop.memory.get("token") or shop.credentials.get("access_token", "")).strip()
    fresh = not token
    if fresh:
        token = yield from _new_token(shop)
    response = yield _request(shop, token, query, variables, changes)
    if response.status == 401 and not fresh and all(_client(shop)):
        shop.memory.pop("token", None)
        token = yield from _new_token(shop)
        response = yield _request(shop, token, query, variables, changes)
    return _data(response), response


def _request(shop: Shop, token: str, query: str, variables: Mapping[str, Any] | None, changes: bool) -> Request:
    return Request(
        "POST",
        f"{shop.base_url}/admin/api/{VERSION}/graphql.json",
        body=msgspec.json.encode({"query": query, "variables": variables or {}}),
        auth=HeaderAuth("X-Shopify-Access-Token", token),
        idempotent=not changes,
    )


def _client(shop: Shop) -> tuple[str, str]:
    return shop.credentials.get("client_id", "").strip(), shop.credentials.get("client_secret", "").strip()


def _new_token(shop: Shop) -> Operation[str]:
    """One for the client credentials (a form; the answer is `{access_token, scope, expires_in: 86399}`)."""
    key, secret = _client(shop)
    if not key or not secret:
        raise ShopError(Failure.CREDENTIALS, f"There is neither an access token nor a client ID. {ENTER_KEYS}")
    address = urlsplit(shop.base_url)
    if address.scheme != "https" and address.hostname not in HERE:
        raise ShopError(Failure.ADDRESS, "Keys are not sent over http as they are. Use the shop's https address.")
    form = {"grant_type": "client_credentials", "client_id": key, "client_secret": secret}
    response = yield Request(
        "POST",
        f"{shop.base_url}/admin/oauth/access_token",
        headers={"Content-Type": "application/x-www-form-urlencoded", "Accept": "application/json"},
        body=urlencode(form).encode(),
        idempotent=True,
    )
    answer = decoded(response.body)
    token = answer.get("access_token") if isinstance(answer, dict) else None
    if response.status != 200 or not isinstance(token, str) or not token:
        raise _no_token(response)
    shop.memory["token"] = token
    return token


def _no_token(response: Response) -> ShopError:
    """Observed texts differ (an HTML page or `{"error": "invalid_client"}`), so the status decides."""
    if response.status == 404:
        return _not_a_shop()
    if response.status in (400, 401, 403):
        return ShopError(
            Failure.CREDENTIALS,
            "Shopify gives no access token for this client ID and client secret. Check both in the Dev Dashboard, and "
            "that the app belongs to the shop's own organisation and is installed in the shop.",
            status=response.status,
        )
    return _by_status(response) or ShopError(
        Failure.NONSENSE, "Shopify's answer holds no access token.", status=response.status
    )


def decoded(body: bytes | Raw) -> Any:
    """Any JSON, or None."""
    try:
        return msgspec.json.decode(body)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return None


def _data(response: Response) -> Data:
    """Raises ShopError for anything but data without errors: an order with parts withheld would be a wrong order."""
    refused = _by_status(response)
    if refused is not None:
        raise refused
    answer = _answer(response)
    if answer.errors:
        raise _refusal(answer, response)
    if answer.data is None:
        raise ShopError(Failure.NONSENSE, "The shop's answer holds no data.", status=response.status)
    return answer.data


def _answer(response: Response) -> _Answer:
    try:
        body = utf8(response.body)
        if too_deep(body):
            raise ValueError("The shop's answer is nested too deeply.")
    except ValueError as error:
        raise ShopError(Failure.NONSENSE, str(error), status=response.status) from None
    for text in (body, repaired(body)):
        try:
            return _ANSWER.decode(text)
        except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
            continue
    raise ShopError(Failure.NONSENSE, "The shop's answer is not the JSON its API documents.", status=response.status)


def _by_status(response: Response) -> ShopError | None:
    """None for 200. The client turns 3xx, 429 and 5xx into ShopErrors itself; they are here for other drivers."""
    status = response.status
    if status == 200:
        return None
    if status == 401:
        message = f"Shopify does not know the access token, or the app was removed from the shop. {ENTER_KEYS}"
        return ShopError(Failure.CREDENTIALS, message, status=status)
    if status == 402:
        message = "The shop is frozen: its owner must settle Shopify's bill first."
        return ShopError(Failure.REFUSED, message, status=status)
    if status == 403:
        return ShopError(Failure.CREDENTIALS, f"The app may not read this. {READING}", status=status)
    if status == 404:
        return _not_a_shop()
    if status == 423:
        return ShopError(Failure.UNAVAILABLE, "The shop is locked by Shopify; its support can say why.", status=status)
    if status in (429, 430):
        return ShopError(Failure.BUSY, "The shop asks us to wait.", status=status)
    if status >= 500:
        return ShopError(Failure.UNAVAILABLE, f"Shopify has a fault of its own (HTTP {status}).", status=status)
    return ShopError(Failure.REFUSED, f"Shopify refused the request (HTTP {status}).", status=status)


def _not_a_shop() -> ShopError:
    return ShopError(
        Failure.ADDRESS,
        "There is no Shopify shop at this address. Enter the address that ends in .myshopify.com; it is shown in the "
        "shop's admin under Settings > Domains.",
        status=404,
    )


def _refusal(answer: _Answer, response: Response) -> ShopError:
    """Quotes codes and scopes, never the shop's text."""
    errors = [error for error in answer.errors if isinstance(error, dict)] if isinstance(answer.errors, list) else []
    extensions = [error.get("extensions") for error in errors]
    codes = {str(each.get("code")) for each in extensions if isinstance(each, dict)}
    if "THROTTLED" in codes:
        message = "The shop asks us to wait: its limit of questions is used up."
        return ShopError(Failure.BUSY, message, status=response.status, retry_after=_wait(answer.extensions))
    if "MAX_COST_EXCEEDED" in codes:
        return TooCostly()
    if "ACCESS_DENIED" in codes:
        return ShopError(Failure.CREDENTIALS, _denied(errors), status=response.status)
    if "SHOP_INACTIVE" in codes:
        return ShopError(Failure.REFUSED, "The shop is not active: its owner must open it in Shopify.")
    if codes & {"INTERNAL_SERVER_ERROR", "TIMEOUT"}:
        return ShopError(Failure.UNAVAILABLE, "Shopify has a fault of its own.", status=response.status)
    named = ", ".join(sorted(code for code in codes if re.fullmatch(r"[A-Za-z_]{1,60}", code) and code != "None"))
    return ShopError(Failure.REFUSED, f"Shopify refused the question ({named or 'no code'}).", status=response.status)


def _wait(extensions: Any) -> float:
    """Seconds until there are as many points as the question costs: (requested - available) / restored a second."""
    points = _points(extensions)
    if points is None:
        return 2 * SHORTEST_WAIT
    requested, available, rate, _ = points
    return float(min(LONGEST_WAIT, max(SHORTEST_WAIT, ceil((requested - available) / rate))))


def _points(extensions: Any) -> tuple[float, float, float, float] | None:
    """What a question costs, how many points there are, come back a second, and fit; None where it is not said."""
    cost = extensions.get("cost") if isinstance(extensions, dict) else None
    status = cost.get("throttleStatus") if isinstance(cost, dict) else None
    if not isinstance(cost, dict) or not isinstance(status, dict):
        return None
    named = [status.get(name) for name in ("currentlyAvailable", "restoreRate", "maximumAvailable")]
    requested, available, rate, most = (
        float(number) if isinstance(number, int | float) and abs(number) < 1e9 else 0.0
        for number in (cost.get("requestedQueryCost"), *named)
    )
    return (requested, available, rate, most) if rate > 0 else None


class _Extended(Struct):
    extensions: Any = None


_EXTENDED = msgspec.json.Decoder(_Extended)
AT_ONCE = 3
"""Questions that several workers may have under way: so many points should be in the bucket."""


def pause_after(response: Response) -> float:
    """Seconds until the bucket holds AT_ONCE more questions like this one, or is half full; 0 where it is so."""
    try:
        points = _points(_EXTENDED.decode(response.body).extensions)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return 0
    if points is None:
        return 0
    requested, available, rate, most = points
    wanted = max(requested, min(AT_ONCE * requested, most / 2))
    return min(LONGEST_WAIT, max(0.0, (wanted - available) / rate))


def _denied(errors: list[dict[str, Any]]) -> str:
    """Protected customer data (names, addresses) needs an approval of its own, beside the scope."""
    texts = " ".join(str(error.get("message"))[:500] for error in errors)
    if "not approved" in texts or "protected" in texts.lower():
        return (
            "The app may read orders, but not the buyers' names and addresses. Grant it protected customer data in the "
            "Dev Dashboard, under the app's API access."
        )
    scopes = sorted(set(re.findall(r"\b(?:read|write)_[a-z_]{1,60}\b", texts)))
    return f"The app lacks the scope {' or '.join(scopes)}. {READING}" if scopes else f"The app may not. {READING}"
