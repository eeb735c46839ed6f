"""The connection test and the shop's own lists."""

from __future__ import annotations

from integrations.connectors.contract import ConnectionReport, Shop
from integrations.connectors.ecwid.orders import INCOMPLETE
from integrations.connectors.ecwid.payload import ALONE, status
from integrations.connectors.ecwid.requests import currency_of, error_code, get, listing, object_of, profile
from integrations.connectors.errors import ShopError
from integrations.connectors.http import Operation
from integrations.connectors.kit.clocks import clock
from integrations.connectors.kit.json_answers import label, objects, part
from integrations.connectors.kit.remote_lists import code_list, failed, zone_hints
from integrations.connectors.listings import CodeLists


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
        return failed(error, _token_hints(shop))
    name = label(part(body, "settings").get("storeName")) or label(part(body, "generalInfo").get("storeUrl"))
    zone = label(part(body, "formatsAndUnits").get("timezone"))
    hints = zone_hints(shop, zone)
    if error_code(catalogue) == "INSUFFICIENT_APP_SCOPE":
        hints.append("The token has no scope read_catalog: products cannot be imported.")
    return ConnectionReport(
        ok=True,
        summary=f"Connected to {name or 'the Ecwid store'}, which sells in {code}.",
        shop_name=name,
        time_zone=zone,
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
    body = object_of((yield get(shop, "profile/order_statuses")))
    named: dict[str, dict[str, str]] = {"PAYMENT_STATUS": {}, "FULFILLMENT_STATUS": {}}
    for entry in objects(body.get("items")):
        code, kind = entry.get("statusId"), entry.get("orderStatusType")
        if isinstance(code, str) and kind in named and entry.get("enabled") is not False:
            named[str(kind)][code[:50]] = label(entry.get("name")) or code[:100].replace("_", " ").capitalize()
    statuses = {
        status(payment, fulfilment): name if payment in ALONE else f"{name} / {state}"
        for payment, name in named["PAYMENT_STATUS"].items()
        for fulfilment, state in named["FULFILLMENT_STATUS"].items()
        if payment != INCOMPLETE
    }
    store = yield from profile(shop)
    shipping = objects(part(store, "shipping").get("shippingOptions"))
    payments = [label(entry.get("checkoutTitle")) for entry in objects(part(store, "payment").get("paymentOptions"))]
    return CodeLists(
        code_list(statuses),
        code_list({str(entry.get("id") or ""): label(entry.get("title")) for entry in shipping}),
        code_list({title: title for title in payments}),
    )
