"""The connection test and the shop's own lists."""

from __future__ import annotations

from typing import Any

from integrations.connectors.contract import ConnectionReport, Shop
from integrations.connectors.ecwid.orders import INCOMPLETE
from integrations.connectors.ecwid.payload import ALONE, status
from integrations.connectors.ecwid.profile import currency_of, part, profile, text_of
from integrations.connectors.ecwid.requests import decoded, error_code, get, listing, refusal
from integrations.connectors.errors import ShopError
from integrations.connectors.http import Operation
from integrations.connectors.kit.clocks import clock
from integrations.connectors.listings import CodeLists, RemoteStatus


def check(shop: Shop) -> Operation[ConnectionReport]:
    """The store's profile, whose currency orders need, then one order and one product with the token."""
    try:
        body = yield from profile(shop)
        code = currency_of(body)
        orders = yield get(shop, "orders", limit="1", offset="0")
        listing(orders)
        catalogue = yield get(shop, "products", limit="1", offset="0")
        if catalogue.status != 403:
            listing(catalogue)
    except ShopError as error:
        return ConnectionReport(False, str(error), hints=_token_hints(shop), failure=error.kind)
    name = text_of(part(body, "settings").get("storeName")) or text_of(part(body, "generalInfo").get("storeUrl"))
    hints = []
    zone = text_of(part(body, "formatsAndUnits").get("timezone"))
    if zone and zone != shop.zone.key:
        hints.append(f"The shop's own time zone is {zone}, here {shop.zone.key} is set.")
    if error_code(catalogue) == "INSUFFICIENT_APP_SCOPE":
        hints.append("The token has no scope read_catalog: products cannot be imported.")
    return ConnectionReport(
        ok=True,
        summary=f"Connected to {name or 'the Ecwid store'}, which sells in {code}.",
        shop_name=name,
        clock=clock(orders),
        hints=tuple(hints),
    )


def _token_hints(shop: Shop) -> tuple[str, ...]:
    token = shop.credentials.get("access_token", "").strip()
    if token.startswith("public_"):
        return ("This is the app's public token, which cannot read orders. The secret one begins with secret_.",)
    return ()


def code_lists(shop: Shop) -> Operation[CodeLists]:
    """Statuses are pairs of a payment and a fulfilment status, of those that are switched on."""
    response = yield get(shop, "profile/order_statuses")
    body = decoded(response)
    if response.status != 200 or not isinstance(body, dict):
        raise refusal(response)
    named: dict[str, dict[str, str]] = {"PAYMENT_STATUS": {}, "FULFILLMENT_STATUS": {}}
    for entry in _objects(body.get("items")):
        code, kind = entry.get("statusId"), entry.get("orderStatusType")
        if isinstance(code, str) and kind in named and entry.get("enabled") is not False:
            named[str(kind)][code[:50]] = text_of(entry.get("name")) or _words(code)
    statuses = {
        status(payment, fulfilment): label if payment in ALONE else f"{label} / {state}"
        for payment, label in named["PAYMENT_STATUS"].items()
        for fulfilment, state in named["FULFILLMENT_STATUS"].items()
        if payment != INCOMPLETE
    }
    store = yield from profile(shop)
    deliveries = _objects(part(store, "shipping").get("shippingOptions"))
    payments = _objects(part(store, "payment").get("paymentOptions"))
    return CodeLists(
        _statuses(statuses),
        _statuses({str(entry.get("id") or ""): text_of(entry.get("title")) for entry in deliveries}),
        _statuses({title: title for entry in payments if (title := text_of(entry.get("checkoutTitle")))}),
    )


def _objects(value: Any) -> list[dict[str, Any]]:
    return [entry for entry in value if isinstance(entry, dict)] if isinstance(value, list) else []


def _words(code: str) -> str:
    return code[:100].replace("_", " ").capitalize()


def _statuses(named: dict[str, str]) -> tuple[RemoteStatus, ...]:
    return tuple(RemoteStatus(code[:100], label or code) for code, label in named.items() if code)
