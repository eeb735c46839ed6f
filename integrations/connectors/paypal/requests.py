"""Requests to PayPal, the access token, and what its refusals mean.

Errors are `{"name", "message", "details": [{"issue", ...}], "debug_id"}`, those of the token endpoint
`{"error", "error_description"}` (PayPal's OpenAPI files; a token lives about nine hours).
"""

from __future__ import annotations

from dataclasses import replace

from integrations.connectors.contract import Shop
from integrations.connectors.errors import Failure, ShopError
from integrations.connectors.http import Request
from integrations.connectors.kit.json_answers import code_named
from integrations.connectors.kit.refusal_tables import Refusals
from integrations.connectors.kit.tokens import Exchange, client_token, patient, with_token

# A name in the shop's memory.
TOKEN = "paypal_token"  # noqa: S105
# Seconds. PayPal publishes no rate and asks to poll no more often than every 5 to 15 minutes.
LONG_WAIT = 300.0
_OTHER_KEYS = (
    Failure.CREDENTIALS,
    "PayPal does not know this client ID with this secret. Copy both from developer.paypal.com > Apps & "
    "Credentials, from the side Live (or Sandbox, if the address is the sandbox's).",
)

error_name = code_named("name", "error")
REFUSALS = Refusals(
    "PayPal",
    error_name,
    {
        (401, None): (Failure.CREDENTIALS, "PayPal refuses a new access token. Make a new secret for the app."),
        (403, None): (
            Failure.CREDENTIALS,
            "The PayPal app may not read transactions. At developer.paypal.com > Apps & Credentials, open the app and "
            "switch on Transaction search under Features; it can take some hours until PayPal honours it.",
        ),
        (404, None): (Failure.ADDRESS, "There is no PayPal API here; its address is https://api-m.paypal.com."),
    },
    LONG_WAIT,
)
TOKEN_REFUSALS = replace(REFUSALS, rows={**REFUSALS.rows, (400, None): _OTHER_KEYS, (401, None): _OTHER_KEYS})
refusal = REFUSALS.of


def send(shop: Shop, request: Request) -> Exchange:
    """Any request with the app's access token. 429 is a ShopError that says how long to wait."""
    grant = client_token(shop, "v1/oauth2/token", grant_type="client_credentials")
    response = yield from patient(with_token(shop, TOKEN, grant, TOKEN_REFUSALS.of, request), _busy)
    if response.status == 403:
        shop.memory.pop(TOKEN, None)  # a token keeps the permissions of the moment it was made
    return response


def _busy(error: ShopError) -> ShopError:
    return ShopError(Failure.BUSY, "PayPal asks us to wait.", status=error.status, retry_after=LONG_WAIT)
