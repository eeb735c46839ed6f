"""What refusals mean: those by HTTP status, and those of a question.

A question is refused with HTTP 200 and `errors`: a list of `{message, extensions: {code}}`.
"""

from __future__ import annotations

import re
from typing import Any

from integrations.connectors.errors import Failure, ShopError
from integrations.connectors.kit.json_answers import objects, part
from integrations.connectors.kit.refusal_tables import Refusals
from integrations.connectors.shopify import costs

ENTER_KEYS = (
    "Open the app in the shop's admin (Settings > Apps > Develop apps) or in the Dev Dashboard, and enter its access "
    "token, or its client ID and client secret."
)
READING = "Give the app the scopes read_orders and read_products, and install it again."
PROTECTED = (
    "The app may read orders, but not the buyers' names and addresses. Grant it protected customer data in the Dev "
    "Dashboard, under the app's API access."
)
_WAIT = (Failure.BUSY, "The shop asks us to wait.")

REFUSALS = Refusals(
    "Shopify",
    None,
    {
        (401, None): (
            Failure.CREDENTIALS,
            f"Shopify does not know the access token, or the app was removed from the shop. {ENTER_KEYS}",
        ),
        (402, None): (Failure.REFUSED, "The shop is frozen: its owner must settle Shopify's bill first."),
        (403, None): (Failure.CREDENTIALS, f"The app may not read this. {READING}"),
        (404, None): (
            Failure.ADDRESS,
            "There is no Shopify shop at this address. Enter the address that ends in .myshopify.com; it is shown in "
            "the shop's admin under Settings > Domains.",
        ),
        (423, None): (Failure.UNAVAILABLE, "The shop is locked by Shopify; its support can say why."),
        (429, None): _WAIT,
        (430, None): _WAIT,
    },
)
_FAULT = (Failure.UNAVAILABLE, "Shopify has a fault of its own.")
QUESTIONS = {
    "SHOP_INACTIVE": (Failure.REFUSED, "The shop is not active: its owner must open it in Shopify."),
    "INTERNAL_SERVER_ERROR": _FAULT,
    "TIMEOUT": _FAULT,
}
CODE = re.compile(r"[A-Za-z_]{1,60}")


class TooCostly(ShopError):
    """A question over 1000 points, the most one may cost; asking for less at once helps."""

    def __init__(self) -> None:
        super().__init__(Failure.REFUSED, "The shop finds our question too large, even for one order.", status=200)


def refused_question(errors: Any, extensions: Any) -> ShopError:
    """Quotes codes and scopes, never the shop's text."""
    listed = objects(errors)
    codes = {str(part(error, "extensions").get("code")) for error in listed}
    if "THROTTLED" in codes:
        message = "The shop asks us to wait: its limit of questions is used up."
        return ShopError(Failure.BUSY, message, status=200, retry_after=costs.wait(extensions))
    if "MAX_COST_EXCEEDED" in codes:
        return TooCostly()
    if "ACCESS_DENIED" in codes:
        return ShopError(Failure.CREDENTIALS, _denied(listed), status=200)
    named = ", ".join(sorted(code for code in codes if CODE.fullmatch(code) and code != "None"))
    otherwise = (Failure.REFUSED, f"Shopify refused the question ({named or 'no code'}).")
    kind, message = next((row for code, row in QUESTIONS.items() if code in codes), otherwise)
    return ShopError(kind, message, status=200)


def _denied(errors: list[dict[str, Any]]) -> str:
    """Protected customer data (names, addresses) needs an approval of its own, beside the scope."""
    texts = " ".join(str(error.get("message"))[:500] for error in errors)
    if "not approved" in texts or "protected" in texts.lower():
        return PROTECTED
    scopes = sorted(set(re.findall(r"\b(?:read|write)_[a-z_]{1,60}\b", texts)))
    if any(scope.startswith("write_") for scope in scopes):
        return f"The app lacks the scope {' or '.join(scopes)}. Give it that scope, and install it again."
    return f"The app lacks the scope {' or '.join(scopes)}. {READING}" if scopes else f"The app may not. {READING}"
