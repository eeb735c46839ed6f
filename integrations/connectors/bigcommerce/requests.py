"""Requests to a store's V2 and V3 APIs, and what their refusals mean."""

from __future__ import annotations

import re
from typing import Any

import msgspec

from integrations.connectors.contract import Shop
from integrations.connectors.errors import Failure, ShopError
from integrations.connectors.http import Auth, HeaderAuth, Operation, Request, Response
from integrations.connectors.kit import json_answers, offset_paging
from integrations.connectors.kit.json_answers import decoded_object, objects, part
from integrations.connectors.kit.refusal_tables import Refusals
from integrations.connectors.kit.throttling import reset_seconds

LARGEST_PAGE = 250
# Requests left for those that other workers have under way, and for the other apps of the shop.
FEW_LEFT = 10
HASH = re.compile(r"[a-z0-9]{2,30}")
# V2 may answer XML without Accept; the OpenAPI file asks for Content-Type on reads, too.
HEADERS = {"Accept": "application/json", "Content-Type": "application/json"}
NEW_ACCOUNT = (
    "Make an API account under Settings > API > Store-level API accounts with Orders, Products and Information "
    "& settings set to read-only, and enter its access token."
)
# Lists there are in every store, empty ones too.
NO_STORE = (
    Failure.CREDENTIALS,
    "BigCommerce knows no store with this store hash. It is the part after /stores/ in the API path that is shown with"
    " the access token.",
)
REFUSALS = Refusals(
    "BigCommerce",
    None,
    {
        (401, None): (Failure.CREDENTIALS, f"BigCommerce does not know the access token for this store. {NEW_ACCOUNT}"),
        (403, None): (
            Failure.CREDENTIALS,
            f"BigCommerce knows the access token, but it may not read this. {NEW_ACCOUNT}",
        ),
        (404, None): (
            Failure.NOT_FOUND,
            "BigCommerce does not have what was asked for. If it is so for everything, check the store hash.",
        ),
    },
)
refusal = REFUSALS.of

WRITING_REFUSALS = Refusals(
    "BigCommerce",
    None,
    {
        **REFUSALS.rows,
        (403, None): (
            Failure.CREDENTIALS,
            "The access token may not write. Make an API account with Orders and Products set to modify (Settings > API"
            " > Store-level API accounts), and enter its access token. Reading goes on all the same.",
        ),
        (404, None): (Failure.NOT_FOUND, "BigCommerce does not have this order any more."),
    },
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


def writing(shop: Shop, method: str, path: str, body: object) -> Request:
    """A request that changes something; BigCommerce says of none that the same one again is harmless."""
    return Request(method, address(shop, path), headers=HEADERS, body=msgspec.json.encode(body), auth=auth(shop))


def done(response: Response) -> dict[str, Any]:
    """The object that a written request is answered with. ShopError for any other answer."""
    found = json_answers.decoded(response)
    if response.status not in (200, 201) or not isinstance(found, dict):
        raise WRITING_REFUSALS.of(response)
    return found


def pause_after(response: Response) -> float:
    """Seconds until BigCommerce counts anew, once few of the requests of its window are left; else 0."""
    headers = response.headers
    left = headers.get("x-rate-limit-requests-left", "").strip()
    if not left.isascii() or not left.isdigit() or int(left[:9]) > FEW_LEFT:
        return 0
    return reset_seconds({"x-rate-limit-time-reset-ms": headers.get("x-rate-limit-time-reset-ms", "")}) or 0


def page_size(shop: Shop) -> int:
    return offset_paging.page_size(shop, LARGEST_PAGE)


def entries(response: Response) -> tuple[bytes, ...]:
    """The JSON documents of a V2 list; nothing for 204, which stands for an empty list."""
    if response.status == 404:
        raise ShopError(*NO_STORE, status=404)
    return () if response.status == 204 else json_answers.entries(response, refusal)


def data_of(response: Response) -> tuple[list[dict[str, Any]], int | None, bool]:
    """A V3 page: its entries, how many there are in all, and whether more follow. ShopError for any other answer."""
    if response.status == 204:
        return [], None, False
    body = decoded_object(response)
    if response.status != 200 or not isinstance(body.get("data"), list):
        raise refusal(response)
    pages = part(part(body, "meta"), "pagination")
    total, current, last = pages.get("total"), pages.get("current_page"), pages.get("total_pages")
    more = type(current) is int and type(last) is int and current < last
    return objects(body["data"]), total if type(total) is int else None, more


def all_data(shop: Shop, path: str, most: int, **params: str) -> Operation[list[dict[str, Any]]]:
    """The entries of a V3 list, of at most `most` pages; none where there is no such list (404)."""
    found: list[dict[str, Any]] = []
    for page in range(1, most + 1):
        response = yield get(shop, path, **params, limit="250", page=str(page))
        if response.status == 404:
            break
        listed, _, more = data_of(response)
        found += listed
        if not more:
            break
    return found
