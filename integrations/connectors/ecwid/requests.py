"""Requests to a store's REST API v3, and what its refusals mean."""

from __future__ import annotations

import re
from typing import Any

import msgspec

from integrations.connectors.contract import Shop
from integrations.connectors.errors import Failure, PayloadError, ShopError
from integrations.connectors.http import Auth, HeaderAuth, Operation, Request, Response
from integrations.connectors.kit import values
from integrations.connectors.kit.json_answers import code_named, decoded, part, shaped
from integrations.connectors.kit.refusal_tables import Refusals

LARGEST_PAGE = 100
NEW_APP = (
    "In the Ecwid admin, open Apps > My apps > the custom app > Details (or my.ecwid.com/#develop-apps), give it the"
    " scopes read_orders, read_catalog and read_store_profile, and enter its secret token, which begins with secret_."
)
_WRONG_TOKEN = (Failure.CREDENTIALS, f"Ecwid does not know the token for this store. {NEW_APP}")

error_code = code_named("errorCode")
REFUSALS = Refusals(
    "Ecwid",
    error_code,
    {
        (401, None): _WRONG_TOKEN,
        (402, None): (Failure.CREDENTIALS, "Ecwid has suspended this store, or its plan has no API access."),
        (403, "INSUFFICIENT_APP_SCOPE"): (Failure.CREDENTIALS, f"The app's token may not read this. {NEW_APP}"),
        (403, None): _WRONG_TOKEN,
        (404, None): (
            Failure.NOT_FOUND,
            "Ecwid does not have what was asked for. If it is so for everything, check the store id.",
        ),
    },
)
refusal = REFUSALS.of

WRITING_REFUSALS = Refusals(
    "Ecwid",
    error_code,
    {
        **REFUSALS.rows,
        (403, "INSUFFICIENT_APP_SCOPE"): (
            Failure.CREDENTIALS,
            "The app's token may not write. In the Ecwid admin, open Apps > My apps > the custom app > Details, give it"
            " the scopes update_orders, create_orders and update_catalog, and enter its secret token. Reading goes on"
            " all the same.",
        ),
        (404, None): (Failure.NOT_FOUND, "Ecwid does not have this order any more."),
    },
)


def auth(shop: Shop) -> Auth:
    return HeaderAuth("Authorization", f"Bearer {shop.credentials.get('access_token', '').strip()}")


def get(shop: Shop, path: str, **params: str) -> Request:
    """ShopError for what is no store id."""
    return Request("GET", _address(shop, path), tuple(params.items()), auth=auth(shop))


def writing(shop: Shop, method: str, path: str, body: object) -> Request:
    """A request that changes something; Ecwid says of none that the same one again is harmless."""
    return Request(method, _address(shop, path), body=msgspec.json.encode(body), auth=auth(shop))


def _address(shop: Shop, path: str) -> str:
    store = shop.credentials.get("store_id", "").strip()
    if re.fullmatch(r"[0-9]{1,15}", store, re.ASCII) is None:
        raise ShopError(
            Failure.CREDENTIALS, "The store id is a number; Ecwid shows it at the bottom of every page of its admin."
        )
    return f"{shop.base_url}/api/v3/{store}/{path}"


class _Listing(msgspec.Struct):
    items: list[msgspec.Raw]
    total: int


_LISTING = msgspec.json.Decoder(_Listing)


def listing(response: Response) -> tuple[tuple[bytes, ...], int]:
    """The JSON documents of a list, byte for byte, and how many there are in all. ShopError for any other answer."""
    if response.status != 200:
        raise refusal(response)
    found = shaped(response, _LISTING, "Ecwid's answer is not the list it documents.")
    return tuple(bytes(item) for item in found.items), found.total


def object_of(response: Response) -> dict[str, Any]:
    """The JSON object of an answer. ShopError for any other."""
    body = decoded(response)
    if response.status != 200 or not isinstance(body, dict):
        raise refusal(response)
    return body


def written(response: Response) -> dict[str, Any]:
    """The object that a written request is answered with. ShopError for any other."""
    body = decoded(response)
    if response.status not in (200, 201) or not isinstance(body, dict):
        raise WRITING_REFUSALS.of(response)
    return body


def profile(shop: Shop) -> Operation[dict[str, Any]]:
    """The store's currency, name, time zone, shipping and payments. Needs the scope read_store_profile."""
    return object_of((yield get(shop, "profile")))


def currency(shop: Shop) -> Operation[str]:
    """The code all amounts of the store are in: orders do not say it."""
    return currency_of((yield from profile(shop)))


def currency_of(body: dict[str, Any]) -> str:
    """ShopError where the profile has no known currency."""
    code = part(body, "formatsAndUnits").get("currency")
    try:
        return values.currency(code if isinstance(code, str) else "")[0]
    except PayloadError:
        raise ShopError(Failure.NONSENSE, "Ecwid's store profile does not name a currency we know.") from None
