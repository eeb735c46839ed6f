"""The connection test and the shop's lists."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from integrations.connectors.contract import ConnectionReport, Shop
from integrations.connectors.errors import ShopError
from integrations.connectors.http import Operation
from integrations.connectors.kit.clocks import clock
from integrations.connectors.kit.json_answers import decoded_object, label, objects, part
from integrations.connectors.kit.remote_lists import code_list, failed, zone_hints
from integrations.connectors.listings import CodeLists
from integrations.connectors.shopify import queries
from integrations.connectors.shopify.requests import call
from integrations.connectors.shopify.status import DEFAULT_RULES


def check(shop: Shop) -> Operation[ConnectionReport]:
    """The shop and the app's scopes, then one order."""
    try:
        _, response = yield from call(shop, queries.CHECK)
        yield from call(shop, queries.ONE_ORDER)
    except ShopError as error:
        return failed(error, _key_hints(shop))
    data = part(decoded_object(response), "data")
    about = part(data, "shop")
    name = label(about.get("name"))
    version = response.headers.get("x-shopify-api-version", queries.VERSION)[:20]
    granted = {str(each.get("handle")) for each in objects(part(data, "currentAppInstallation").get("accessScopes"))}
    return ConnectionReport(
        ok=True,
        summary=f"Connected to {name or shop.base_url}.",
        shop_name=name,
        version=version,
        time_zone=label(about.get("ianaTimezone")),
        clock=clock(response),
        hints=(*_app_hints(granted, version), *_shop_hints(shop, about)),
    )


def _key_hints(shop: Shop) -> tuple[str, ...]:
    token = shop.credentials.get("access_token", "").strip()
    if token.startswith("shpss_"):
        return ("This is the app's API secret key (shpss_), not its access token (shpat_).",)
    if token and not token.startswith(("shpat_", "shpca_", "shpua_", "shppa_")):
        return ("An access token begins with shpat_; this one does not.",)
    return ()


def _app_hints(scopes: set[str], version: str) -> Iterator[str]:
    if scopes and "read_all_orders" not in scopes:
        yield (
            "Orders older than 60 days stay invisible: the app lacks the scope read_all_orders, which Shopify grants "
            "on request (Dev Dashboard, API access)."
        )
    if scopes and not scopes & {"read_products", "write_products"}:
        yield "Products cannot be imported: the app lacks the scope read_products."
    if version != queries.VERSION:
        yield f"Shopify answers as version {version}, not {queries.VERSION}: an update is due."


def _shop_hints(shop: Shop, about: dict[str, Any]) -> Iterator[str]:
    yield from zone_hints(shop, label(about.get("ianaTimezone")))
    if not shop.credentials.get("client_secret", "").strip():
        yield "Without the app's client secret Shopify's webhooks cannot be checked; orders are polled instead."


def code_lists(shop: Shop) -> Operation[CodeLists]:
    """The codes of `status`: Shopify's are the same for all shops. Payments and shipping methods have no lists."""
    yield from ()
    return CodeLists(code_list({rule.status: rule.label for rule in DEFAULT_RULES}))
