"""The store's profile: its currency, name, time zone, deliveries and payments. Needs the scope read_store_profile."""

from __future__ import annotations

from typing import Any

from integrations.connectors.contract import Shop
from integrations.connectors.ecwid.requests import decoded, get, refusal
from integrations.connectors.errors import Failure, PayloadError, ShopError
from integrations.connectors.http import Operation
from integrations.connectors.kit import values


def profile(shop: Shop) -> Operation[dict[str, Any]]:
    response = yield get(shop, "profile")
    body = decoded(response)
    if response.status != 200 or not isinstance(body, dict):
        raise refusal(response)
    return body


def part(body: dict[str, Any], name: str) -> dict[str, Any]:
    found = body.get(name)
    return found if isinstance(found, dict) else {}


def text_of(value: Any) -> str:
    return values.name(value, 200, "", []) if isinstance(value, str) else ""


def currency(shop: Shop) -> Operation[str]:
    """The code all amounts of the store are in: orders do not say it."""
    body = yield from profile(shop)
    return currency_of(body)


def currency_of(body: dict[str, Any]) -> str:
    """ShopError where the profile has no known currency."""
    code = part(body, "formatsAndUnits").get("currency")
    try:
        return values.currency(code if isinstance(code, str) else "")[0]
    except PayloadError:
        raise ShopError(Failure.NONSENSE, "Ecwid's store profile does not name a currency we know.") from None
