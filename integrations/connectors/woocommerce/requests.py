"""Requests to `wc/v3`, and what its refusals mean."""

from __future__ import annotations

from typing import Any

import msgspec

from integrations.connectors.contract import Shop
from integrations.connectors.errors import Failure
from integrations.connectors.http import Auth, BasicAuth, OAuth1Auth, Request, Response
from integrations.connectors.kit import json_answers, offset_paging
from integrations.connectors.kit.json_answers import code_named
from integrations.connectors.kit.refusal_tables import Refusals

# The most WooCommerce gives, and the least that pages can overlap with: the order read last and the next one.
LARGEST_PAGE, LEAST_PAGE = 100, 2


def auth(shop: Shop) -> Auth:
    """Basic over https. Over plain http WooCommerce takes nothing but OAuth 1.0a (observed on 11.0.1 and 6.7.0)."""
    key, secret = shop.credentials.get("consumer_key", ""), shop.credentials.get("consumer_secret", "")
    return BasicAuth(key, secret) if shop.base_url.startswith("https:") else OAuth1Auth(key, secret)


def address(shop: Shop, path: str) -> str:
    return f"{shop.base_url}/wp-json/wc/v3/{path}"


def get(shop: Shop, path: str, **params: str) -> Request:
    return Request("GET", address(shop, path), tuple(params.items()), auth=auth(shop))


def writing(shop: Shop, method: str, path: str, body: object = None) -> Request:
    """A request that changes something; WooCommerce says of none that the same one again is harmless."""
    sent = None if body is None else msgspec.json.encode(body)
    return Request(method, address(shop, path), body=sent, auth=auth(shop))


def done(response: Response) -> dict[str, Any]:
    """The object that a written request is answered with. ShopError for any other answer."""
    found = json_answers.decoded(response)
    if response.status not in (200, 201) or not isinstance(found, dict):
        raise WRITING_REFUSALS.of(response)
    return found


def page_size(shop: Shop) -> int:
    return offset_paging.page_size(shop, LARGEST_PAGE, LEAST_PAGE)


def entries(response: Response) -> tuple[bytes, ...]:
    """The JSON documents of a list answer; ShopError for any other answer."""
    return json_answers.entries(response, refusal)


NEW_KEYS = "Make a new pair under WooCommerce > Settings > Advanced > REST API (permission: Read) and enter both parts."
_WRONG_SECRET = (Failure.CREDENTIALS, f"The shop refuses the consumer secret. {NEW_KEYS}")

NO_API = (
    Failure.ADDRESS,
    "There is no WooCommerce REST API at this address. Enter the address of the shop's front page, with its folder "
    'if it lives in one, and check in the shop that Settings > Permalinks is not set to "Plain".',
)

# Wrong key and no key: 401 cannot_view; wrong secret: authentication_error (on 11.0.1). 403: no capability.
REFUSALS = Refusals(
    "The shop",
    code_named("code"),
    {
        (401, "woocommerce_rest_authentication_error"): _WRONG_SECRET,
        (403, "woocommerce_rest_authentication_error"): _WRONG_SECRET,
        (401, ""): (Failure.CREDENTIALS, "The web server before the shop asks for a password of its own."),
        (401, None): (
            Failure.CREDENTIALS,
            f"The shop does not know the consumer key, or its server drops the Authorization header. {NEW_KEYS}",
        ),
        (403, ""): (
            Failure.UNAVAILABLE,
            "A firewall in front of the shop turns us away (HTTP 403). Ask whoever runs the shop to let us through.",
        ),
        (403, None): (
            Failure.CREDENTIALS,
            "The shop knows the keys, but the user they belong to may not read this. Give them to a shop manager or "
            "administrator.",
        ),
        (404, "rest_no_route"): (Failure.ADDRESS, "The shop's REST API has no WooCommerce: is the plugin switched on?"),
        (404, ""): NO_API,
        (404, None): (Failure.NOT_FOUND, "The shop does not have what was asked for ({code})."),
    },
)
refusal = REFUSALS.of

MAY_NOT_WRITE = (
    Failure.CREDENTIALS,
    "The shop's keys may only read. Make a pair with the permission Read/Write under WooCommerce > Settings >"
    " Advanced > REST API, for a shop manager or administrator, and enter both parts. Reading goes on all the same.",
)
_GONE = (Failure.NOT_FOUND, "The shop does not have this order any more ({code}).")

# A key that may only read is refused with the 401 of a wrong one (on 11.0.1); what was read before had the right keys.
WRITING_REFUSALS = Refusals(
    "The shop",
    code_named("code"),
    {
        **REFUSALS.rows,
        (401, "woocommerce_rest_authentication_error"): MAY_NOT_WRITE,
        (401, None): MAY_NOT_WRITE,
        (403, "woocommerce_rest_authentication_error"): MAY_NOT_WRITE,
        (403, None): MAY_NOT_WRITE,
        (400, "woocommerce_rest_shop_order_invalid_id"): _GONE,  # 400 where one writes, 404 where one reads
        (404, "woocommerce_rest_order_invalid_id"): _GONE,
    },
)
