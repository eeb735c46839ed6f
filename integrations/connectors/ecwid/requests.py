"""Requests to a store's REST API v3, and what its refusals mean."""

from __future__ import annotations

import re
from typing import Any

import msgspec

from integrations.connectors.contract import Shop
from integrations.connectors.errors import Failure, ShopError
from integrations.connectors.http import Auth, HeaderAuth, Request, Response
from integrations.connectors.kit.json_documents import repaired, too_deep, utf8
from integrations.connectors.kit.throttling import reset_seconds

LARGEST_PAGE = 100
NEW_APP = (
    "In the Ecwid admin, open Apps > My apps > the custom app > Details (or my.ecwid.com/#develop-apps), give it the"
    " scopes read_orders, read_catalog and read_store_profile, and enter its secret token, which begins with secret_."
)


def auth(shop: Shop) -> Auth:
    return HeaderAuth("Authorization", f"Bearer {shop.credentials.get('access_token', '').strip()}")


def get(shop: Shop, path: str, **params: str) -> Request:
    """ShopError for what is no store id."""
    store = shop.credentials.get("store_id", "").strip()
    if re.fullmatch(r"[0-9]{1,15}", store, re.ASCII) is None:
        raise ShopError(
            Failure.CREDENTIALS, "The store id is a number; Ecwid shows it at the bottom of every page of its admin."
        )
    return Request("GET", f"{shop.base_url}/api/v3/{store}/{path}", tuple(params.items()), auth=auth(shop))


class Listing(msgspec.Struct):
    """A list answer: `total` entries in all, of which these are some."""

    items: list[msgspec.Raw]
    total: int


_LISTING = msgspec.json.Decoder(Listing)


def listing(response: Response) -> tuple[tuple[bytes, ...], int]:
    """The JSON documents of a list, byte for byte, and how many there are in all. ShopError for any other answer."""
    if response.status != 200:
        raise refusal(response)
    try:
        body = utf8(response.body)
        if too_deep(body):
            raise ValueError("Ecwid's answer is nested too deeply to be a list.")
        try:
            found = _LISTING.decode(body)
        except msgspec.DecodeError:
            found = _LISTING.decode(repaired(body))
    except (msgspec.DecodeError, ValueError):
        raise ShopError(Failure.NONSENSE, "Ecwid's answer is not the list it documents.", status=200) from None
    return tuple(bytes(item) for item in found.items), found.total


def decoded(response: Response) -> Any:
    """The JSON of any answer, fit to be stored, or None."""
    try:
        return msgspec.json.decode(repaired(response.body.removeprefix(b"\xef\xbb\xbf")))
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return None


def error_code(response: Response) -> str:
    body = decoded(response)
    code = body.get("errorCode") if isinstance(body, dict) else None
    return code if isinstance(code, str) and re.fullmatch(r"[A-Z0-9_]{1,80}", code) else ""


def refusal(response: Response) -> ShopError:
    """The ShopError of an answer that is not a success; quotes the error code, never the text."""
    status, code = response.status, error_code(response)
    if status == 402:
        return _error(Failure.CREDENTIALS, status, "Ecwid has suspended this store, or its plan has no API access.")
    if status == 403 and code == "INSUFFICIENT_APP_SCOPE":
        return _error(Failure.CREDENTIALS, status, f"The app's token may not read this. {NEW_APP}")
    if status in (401, 403):
        return _error(Failure.CREDENTIALS, status, f"Ecwid does not know the token for this store. {NEW_APP}")
    if status == 404:
        return _error(
            Failure.NOT_FOUND,
            status,
            "Ecwid does not have what was asked for. If it is so for everything, check the store id.",
        )
    if status == 429:
        wait = reset_seconds(response.headers)
        return ShopError(Failure.BUSY, "Ecwid asks us to wait.", status=status, retry_after=wait)
    if status >= 500:
        return _error(Failure.UNAVAILABLE, status, f"Ecwid has a fault of its own (HTTP {status}).")
    if 200 <= status < 300:
        return _error(Failure.NONSENSE, status, f"Ecwid's answer (HTTP {status}) is not what it documents.")
    return _error(Failure.REFUSED, status, f"Ecwid refused the request (HTTP {status}, {code or 'no code'}).")


def _error(kind: Failure, status: int, message: str) -> ShopError:
    return ShopError(kind, message, status=status)
