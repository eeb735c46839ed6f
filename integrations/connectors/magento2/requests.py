"""Requests to the REST API of Magento 2, and what its refusals mean."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Any

import msgspec

from integrations.connectors.contract import Shop
from integrations.connectors.errors import Failure, ShopError
from integrations.connectors.http import Auth, HeaderAuth, OAuth1Auth, Request, Response
from integrations.connectors.kit import offset_paging
from integrations.connectors.kit.json_answers import decoded_object, shaped
from integrations.connectors.kit.refusal_tables import Refusals

# Magento has no limit of its own unless "Web API limits" are switched on, whose default is 300; an order has 10 KB.
LARGEST_PAGE = 100
# Above every id that Magento gives, an unsigned number of 32 bits.
BEHIND_ALL = 2**32 - 1
STORE_CODE = re.compile(r"[A-Za-z][A-Za-z0-9_]{0,31}")
KEYS = ("consumer_key", "consumer_secret", "access_token", "access_token_secret")
NEW_KEYS = (
    "In the shop's admin, make an integration under System > Extensions > Integrations with the resources Sales >"
    " Operations > Orders and Catalog > Inventory > Products, activate it, and enter its four keys."
)
NO_API = (
    Failure.ADDRESS,
    "There is no REST API of Magento 2 at this address. Enter the address of the shop's front page, with its folder if"
    " it lives in one, and check the store code if you entered one.",
)
# Filters that all hold: field, condition, value.
Filters = Iterable[tuple[str, str, str]]

# What Magento itself says, with its values put in; of other texts nothing is repeated, for they may hold anything.
_SAID = re.compile(
    r"Signature method [\w-]{1,30} is not supported|Request does not match any route\.|"
    r'"\w{1,40}" is required\. Enter and try again\.|Maximum SearchCriteria pageSize is \d{1,6}|'
    r"The consumer isn't authorized to access [\w:, -]{1,200}\."
)


def message(response: Response) -> str:
    """The message of a refusal, with its parameters, a list for %1 or an object for %fieldName, put in; "" for none."""
    body = decoded_object(response)
    text, given = body.get("message"), body.get("parameters")
    if not isinstance(text, str):
        return ""
    if isinstance(given, list):
        given = {str(place): value for place, value in enumerate(given, 1)}
    named = given if isinstance(given, dict) else {}
    return re.sub(r"%(\w+)", lambda found: str(named.get(found[1], found[0])), text)


def code_of(response: Response) -> str:
    said = message(response)
    return said if _SAID.fullmatch(said) else ("other" if said else "")


REFUSALS = Refusals(
    "The shop",
    code_of,
    {
        # No key, a wrong one, and one without the right to read this: all alike (observed on 2.4.7).
        (401, None): (Failure.CREDENTIALS, f"The shop refuses the keys, or they may not read this. {NEW_KEYS}"),
        (403, ""): (
            Failure.UNAVAILABLE,
            "A firewall in front of the shop turns us away (HTTP 403). Ask whoever runs the shop to let us through.",
        ),
        (403, None): (Failure.CREDENTIALS, f"The shop knows the keys, but they may not read this. {NEW_KEYS}"),
        (404, "Request does not match any route."): NO_API,
        (404, ""): NO_API,
        (404, None): (Failure.NOT_FOUND, "The shop does not have what was asked for."),
    },
)


def refusal(response: Response) -> ShopError:
    said = code_of(response)
    if said.startswith("Maximum"):
        return ShopError(
            Failure.REFUSED,
            f"The shop lists fewer orders at once than are asked for ({said}). In its admin, set the maximum page size"
            f" to {LARGEST_PAGE} or more under Stores > Configuration > Services > Magento Web API > Web API Limits.",
            status=response.status,
        )
    return REFUSALS.of(response)


def auth(shop: Shop) -> Auth:
    """OAuth 1.0a with the four keys of an integration, or its access token alone as a bearer token."""
    keys = [shop.credentials.get(name, "").strip() for name in KEYS]
    if all(keys):
        return OAuth1Auth(*keys)
    if keys[2] and keys.count("") == 3:
        return HeaderAuth("Authorization", f"Bearer {keys[2]}")
    raise ShopError(
        Failure.CREDENTIALS, f"Enter all four keys of the integration, or the access token alone. {NEW_KEYS}"
    )


def get(shop: Shop, path: str, *params: tuple[str, str]) -> Request:
    """ShopError where keys are missing, or for what is no store code."""
    return ask(shop, "GET", path, params)


def ask(
    shop: Shop, method: str, path: str, params: Iterable[tuple[str, str]] = (), body: dict[str, Any] | None = None
) -> Request:
    """As `get`, for any method, with a body that is sent as JSON."""
    store = shop.credentials.get("store_code", "").strip() or "all"
    if STORE_CODE.fullmatch(store) is None:
        raise ShopError(
            Failure.CREDENTIALS, "A store code has letters, digits and _ only; see Stores > Settings > All Stores."
        )
    written = None if body is None else msgspec.json.encode(body)
    address = f"{shop.base_url}/rest/{store}/V1/{path}"
    return Request(method, address, tuple(params), body=written, auth=auth(shop))


def search(
    shop: Shop, path: str, filters: Filters, size: int, *, by: str = "entity_id", fields: str = "", page: int = 1
) -> Request:
    """A page of the entries that pass all filters, by rising ids. `fields`: the parts that are wanted."""
    params: list[tuple[str, str]] = []
    for place, (field, condition, value) in enumerate(filters):
        group = f"searchCriteria[filter_groups][{place}][filters][0]"
        params += [(f"{group}[field]", field), (f"{group}[value]", value), (f"{group}[condition_type]", condition)]
    params += [
        ("searchCriteria[sortOrders][0][field]", by),
        ("searchCriteria[sortOrders][0][direction]", "ASC"),
        ("searchCriteria[pageSize]", str(size)),
        ("searchCriteria[currentPage]", str(page)),
    ]
    if fields:
        params.append(("fields", f"items[{fields}],total_count"))
    return get(shop, path, *params)


def page_size(shop: Shop) -> int:
    return offset_paging.page_size(shop, LARGEST_PAGE)


class _Listing(msgspec.Struct):
    total_count: int
    # null where nothing is there and `fields` was sent (observed on 2.4.7).
    items: list[msgspec.Raw] | None


_LISTING = msgspec.json.Decoder(_Listing)


def listing(response: Response) -> tuple[tuple[bytes, ...], int]:
    """The entries of a list, byte for byte, and how many it has in all. ShopError for any other answer."""
    if response.status != 200:
        raise refusal(response)
    found = shaped(response, _LISTING, "The shop's answer is not the list that Magento documents.")
    if found.total_count > 0 and not found.items:
        raise ShopError(Failure.NONSENSE, "The shop counts entries and lists none of them.", status=response.status)
    return tuple(bytes(item) for item in found.items or ()), found.total_count
