"""The store's profile: its currency, name, time zone, shipping and payments. Needs the scope read_store_profile."""

from __future__ import annotations

from typing import Any

from integrations.connectors.contract import Shop
from integrations.connectors.ecwid.requests import get, refusal
from integrations.connectors.errors import Failure, PayloadError, ShopError
from integrations.connectors.http import Operation
from integrations.connectors.kit import values
from integrations.connectors.kit.json_answers import decoded, part


def profile(shop: Shop) -> Operation[dict[str, Any]]:
    response = yield get(shop, "profile")
    body = decoded(response)
    if response.status != 200 or not isinstance(body, dict):
        raise refusal(response)
    return body


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
