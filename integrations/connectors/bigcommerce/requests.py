"""Requests to a store's V2 and V3 APIs, and what their refusals mean."""

from __future__ import annotations

import re
from typing import Any

import msgspec

from integrations.connectors.contract import Shop
from integrations.connectors.errors import Failure, ShopError
from integrations.connectors.http import Auth, HeaderAuth, Request, Response
from integrations.connectors.kit.json_documents import repaired, split
from integrations.connectors.kit.throttling import reset_seconds

MOST_ENTRIES = 1000
HASH = re.compile(r"[a-z0-9]{2,30}")
HEADERS = {"Accept": "application/json", "Content-Type": "application/json"}
"""V2 may answer XML without Accept; the OpenAPI file asks for Content-Type on reads, too."""
NEW_ACCOUNT = (
    "Make an API account under Settings > API > Store-level API accounts with Orders, Products and Information "
    "& settings set to read-only, and enter its access token."
)


def auth(shop: Shop) -> Auth:
    return HeaderAuth("X-Auth-Token", shop.credentials.get("access_token", "").strip())


def address(shop: Shop, path: str) -> str:
    """`path` begins with v2/ or v3/. ShopError for what is no store hash."""
    given = shop.credentials.get("store_hash", "").strip()
    pasted = re.search(r"stores/([^/]+)", given)
    store = pasted[1] if pasted else given
    if HASH.fullmatch(store) is None:
        raise ShopError(
            Failure.CREDENTIALS,
            "The store hash is a short code of letters and digits, as in api.bigcommerce.com/stores/abc123/v3/: "
            "enter the part after /stores/.",
        )
    return f"{shop.base_url}/stores/{store}/{path}"


def get(shop: Shop, path: str, **params: str) -> Request:
    """A parameter's colon is written as two underscores: id__greater is `id:greater`."""
    pairs = tuple((name.replace("__", ":"), value) for name, value in params.items())
    return Request("GET", address(shop, path), pairs, HEADERS, auth=auth(shop))


LARGEST_PAGE = 250


def page_size(shop: Shop) -> int:
    """250, the most that is allowed, unless `settings["per_page"]` asks for less: 5 to 250."""
    wanted = shop.settings.get("per_page", LARGEST_PAGE)
    return min(LARGEST_PAGE, max(5, wanted)) if isinstance(wanted, int) else LARGEST_PAGE


def entries(response: Response) -> tuple[bytes, ...]:
    """The JSON documents of a V2 list; nothing for 204, which stands for an empty list."""
    if response.status == 204:
        return ()
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


def data_of(response: Response) -> tuple[list[dict[str, Any]], int | None, bool]:
    """A V3 page: its entries, how many there are in all, and whether more follow. ShopError for any other answer."""
    if response.status == 204:
        return [], None, False
    body = decoded(response)
    listed = body.get("data") if isinstance(body, dict) else None
    if response.status != 200 or not isinstance(listed, list):
        raise refusal(response)
    meta = body.get("meta")
    pages = meta.get("pagination") if isinstance(meta, dict) else None
    pages = pages if isinstance(pages, dict) else {}
    total, current, last = pages.get("total"), pages.get("current_page"), pages.get("total_pages")
    more = type(current) is int and type(last) is int and current < last
    return [entry for entry in listed if isinstance(entry, dict)], total if type(total) is int else None, more


def refusal(response: Response) -> ShopError:
    """The ShopError of an answer that is not a success; never quotes the shop's own text."""
    status = response.status
    if status == 401:
        return _error(
            Failure.CREDENTIALS, status, f"BigCommerce does not know the access token for this store. {NEW_ACCOUNT}"
        )
    if status == 403:
        return _error(
            Failure.CREDENTIALS,
            status,
            f"BigCommerce knows the access token, but it may not read this. {NEW_ACCOUNT}",
        )
    if status == 404:
        return _error(
            Failure.NOT_FOUND,
            status,
            "BigCommerce does not have what was asked for. If it is so for everything, check the store hash.",
        )
    if status == 429:
        wait = reset_seconds(response.headers)
        return ShopError(Failure.BUSY, "BigCommerce asks us to wait.", status=status, retry_after=wait)
    if status >= 500:
        return _error(Failure.UNAVAILABLE, status, f"BigCommerce has a fault of its own (HTTP {status}).")
    if 200 <= status < 300:
        return _error(Failure.NONSENSE, status, f"BigCommerce's answer (HTTP {status}) is not what it documents.")
    return _error(Failure.REFUSED, status, f"BigCommerce refused the request (HTTP {status}).")


def _error(kind: Failure, status: int, message: str) -> ShopError:
    return ShopError(kind, message, status=status)
