"""Access tokens: the one that was entered, or one for the app's client credentials, which lasts a day."""

from __future__ import annotations

from dataclasses import replace
from urllib.parse import urlencode

from integrations.connectors.contract import Shop
from integrations.connectors.errors import Failure, ShopError
from integrations.connectors.http import Operation, Request
from integrations.connectors.kit.json_answers import decoded_object
from integrations.connectors.kit.tokens import FORM, is_safe
from integrations.connectors.shopify.errors import ENTER_KEYS, REFUSALS

_REFUSED = (
    Failure.CREDENTIALS,
    "Shopify gives no access token for this client ID and client secret. Check both in the Dev Dashboard, and that the "
    "app belongs to the shop's own organisation and is installed in the shop.",
)
_NONE = (Failure.NONSENSE, "Shopify's answer holds no access token.")
# Observed texts differ (an HTML page or `{"error": "invalid_client"}`), so the status decides.
_REFUSALS = replace(
    REFUSALS,
    rows={**REFUSALS.rows, (200, None): _NONE, **dict.fromkeys([(400, None), (401, None), (403, None)], _REFUSED)},
)


def known_token(shop: Shop) -> str:
    """The one that was fetched or, before that, entered; "" for neither."""
    return str(shop.memory.get("token") or shop.credentials.get("access_token", "")).strip()


def client(shop: Shop) -> tuple[str, str]:
    """Client ID and client secret; "" where they are not entered."""
    return shop.credentials.get("client_id", "").strip(), shop.credentials.get("client_secret", "").strip()


def new_token(shop: Shop) -> Operation[str]:
    """One for the client credentials (a form; the answer is `{access_token, scope, expires_in: 86399}`)."""
    key, secret = client(shop)
    if not key or not secret:
        raise ShopError(Failure.CREDENTIALS, f"There is neither an access token nor a client ID. {ENTER_KEYS}")
    if not is_safe(shop.base_url):
        raise ShopError(Failure.ADDRESS, "Keys are not sent over http as they are. Use the shop's https address.")
    form = {"grant_type": "client_credentials", "client_id": key, "client_secret": secret}
    response = yield Request(
        "POST",
        f"{shop.base_url}/admin/oauth/access_token",
        headers={**FORM, "Accept": "application/json"},
        body=urlencode(form).encode(),
        idempotent=True,
    )
    token = decoded_object(response).get("access_token")
    if response.status != 200 or not isinstance(token, str) or not token:
        raise _REFUSALS.of(response)
    shop.memory["token"] = token
    return token
