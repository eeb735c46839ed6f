"""The connection test and the shop's lists."""

from __future__ import annotations

from typing import Any

from integrations.connectors.contract import ConnectionReport, Shop
from integrations.connectors.errors import ShopError
from integrations.connectors.http import Operation, Response
from integrations.connectors.kit import values
from integrations.connectors.kit.clocks import clock
from integrations.connectors.listings import CodeLists, RemoteStatus
from integrations.connectors.shopify import queries
from integrations.connectors.shopify.requests import Data, call, decoded
from integrations.connectors.shopify.status import DEFAULT_RULES


def check(shop: Shop) -> Operation[ConnectionReport]:
    """The shop and the app's scopes, then one order."""
    try:
        data, response = yield from call(shop, queries.CHECK)
        yield from call(shop, queries.ONE_ORDER)
    except ShopError as error:
        return ConnectionReport(False, str(error), hints=_key_hints(shop), failure=error.kind)
    about = _part(data, "shop")
    name = _text(about.get("name"))
    return ConnectionReport(
        ok=True,
        summary=f"Connected to {name or shop.base_url}.",
        shop_name=name,
        version=_text(response.headers.get("x-shopify-api-version", queries.VERSION))[:20],
        clock=clock(response),
        hints=_shop_hints(shop, about, _scopes(data), response),
    )


def _part(data: Data, name: str) -> dict[str, Any]:
    part = decoded(data[name]) if name in data else None
    return part if isinstance(part, dict) else {}


def _text(value: Any) -> str:
    return values.name(value, 200, "", []) if isinstance(value, str) else ""


def _scopes(data: Data) -> set[str]:
    listed = _part(data, "currentAppInstallation").get("accessScopes")
    return {str(each.get("handle")) for each in listed if isinstance(each, dict)} if isinstance(listed, list) else set()


def _key_hints(shop: Shop) -> tuple[str, ...]:
    token = shop.credentials.get("access_token", "").strip()
    if token.startswith("shpss_"):
        return ("This is the app's API secret key (shpss_), not its access token (shpat_).",)
    if token and not token.startswith(("shpat_", "shpca_", "shpua_", "shppa_")):
        return ("An access token begins with shpat_; this one does not.",)
    return ()


def _shop_hints(shop: Shop, about: dict[str, Any], scopes: set[str], response: Response) -> tuple[str, ...]:
    hints = []
    if scopes and "read_all_orders" not in scopes:
        hints.append(
            "Orders older than 60 days stay invisible: the app lacks the scope read_all_orders, which Shopify grants "
            "on request (Dev Dashboard, API access)."
        )
    if scopes and not scopes & {"read_products", "write_products"}:
        hints.append("Products cannot be imported: the app lacks the scope read_products.")
    served = response.headers.get("x-shopify-api-version", queries.VERSION)
    if served != queries.VERSION:
        hints.append(f"Shopify answers as version {served[:20]}, not {queries.VERSION}: an update is due.")
    zone = _text(about.get("ianaTimezone"))
    if zone and zone != shop.zone.key:
        hints.append(f"The shop's own time zone is {zone}, here {shop.zone.key} is set.")
    if not shop.credentials.get("client_secret", "").strip():
        hints.append("Without the app's client secret Shopify's webhooks cannot be checked; orders are polled instead.")
    return tuple(hints)


def code_lists(shop: Shop) -> Operation[CodeLists]:
    """The codes of `status`: Shopify's are the same for all shops. Payments and deliveries have no lists in its API."""
    yield from ()
    return CodeLists(statuses=tuple(RemoteStatus(rule.status, rule.label) for rule in DEFAULT_RULES))
