"""The connection test and the shop's own lists."""

from __future__ import annotations

from typing import Any

from integrations.connectors.contract import ConnectionReport, Shop
from integrations.connectors.errors import ShopError
from integrations.connectors.http import Operation
from integrations.connectors.kit import values
from integrations.connectors.kit.clocks import clock
from integrations.connectors.kit.json_answers import decoded_list, decoded_object, label, objects, part
from integrations.connectors.kit.remote_lists import code_list, failed, zone_hints
from integrations.connectors.listings import CodeLists, RemoteStatus
from integrations.connectors.magento2.requests import BEHIND_ALL, KEYS, get, listing, page_size, refusal, search
from integrations.connectors.magento2.status import LABELS, Brief, status

# There is no list of statuses, deliveries and payments; the newest orders name those that are in use.
LOOKED_AT = "100"
# Of every list; an order or a product that breaks the shop is none of them.
NOTHING = [("entity_id", "gt", str(BEHIND_ALL))]
IN_USE = (
    "items[status,state,shipping_description,payment[method],items[tax_percent],"
    "extension_attributes[shipping_assignments[shipping[method]],payment_additional_info]]"
)


def check(shop: Shop) -> Operation[ConnectionReport]:
    """Orders, in pages as large as a load's, and products: each is a right of its own. Then the store's settings."""
    try:
        orders = yield search(shop, "orders", NOTHING, page_size(shop))
        listing(orders)
        stores = yield get(shop, "store/storeConfigs")
        catalogue = yield search(shop, "products", NOTHING, 1, fields="id")
        if catalogue.status not in (401, 403, 404):
            listing(catalogue)
    except ShopError as error:
        return failed(error, _key_hints(shop))
    configs = [each for each in decoded_list(stores) if each.get("code") != "admin"]
    zone = label(configs[0].get("timezone")) if configs else ""
    hints = zone_hints(shop, zone)
    if catalogue.status in (401, 403):
        hints.append("The integration has no right to Catalog > Inventory > Products: they cannot be imported.")
    if shop.base_url.startswith("http:"):
        hints.append("The address is not encrypted (http): orders travel in the open. Use https where you can.")
    views = f" with {len(configs)} store view{'' if len(configs) == 1 else 's'}" if configs else ""
    return ConnectionReport(
        ok=True,
        summary=f"Connected to Magento{views}.",
        time_zone=zone,
        clock=clock(orders),
        hints=tuple(hints),
    )


def _key_hints(shop: Shop) -> tuple[str, ...]:
    given = [bool(shop.credentials.get(name, "").strip()) for name in KEYS]
    if given == [False, False, True, False]:
        return (
            "The access token was sent alone. Since 2.4.4 a shop takes that only where bearer tokens are allowed under"
            " Stores > Configuration > Services > OAuth; the four keys together always work.",
        )
    return ()


def code_lists(shop: Shop) -> Operation[CodeLists]:
    response = yield get(
        shop,
        "orders",
        ("searchCriteria[sortOrders][0][field]", "entity_id"),
        ("searchCriteria[sortOrders][0][direction]", "DESC"),
        ("searchCriteria[pageSize]", LOOKED_AT),
        ("searchCriteria[currentPage]", "1"),
        ("fields", IN_USE),
    )
    if response.status != 200:
        raise refusal(response)
    orders = objects(decoded_object(response).get("items"))
    codes = [status(Brief(status=order.get("status"), state=order.get("state"))) for order in orders]
    deliveries = {_delivery(order): label(order.get("shipping_description")) for order in orders}
    payments = {label(part(order, "payment").get("method")): _payment(order) for order in orders}
    return CodeLists(
        code_list({**{code: code.replace("_", " ").capitalize() for code in codes}, **LABELS}),
        code_list(deliveries),
        code_list(payments),
        taxes_of(orders),
        whole=False,
    )


def taxes_of(orders: list[dict[str, Any]]) -> tuple[RemoteStatus, ...]:
    """The rates of their rows, of either Magento."""
    rows = [row for order in orders for row in objects(order.get("items"))]
    return code_list({values.tax_code([("", row.get("tax_percent"))]): "" for row in rows})


def _delivery(order: dict[str, Any]) -> str:
    assigned = objects(part(order, "extension_attributes").get("shipping_assignments"))
    return label(part(assigned[0], "shipping").get("method")) if assigned else ""


def _payment(order: dict[str, Any]) -> str:
    told = objects(part(order, "extension_attributes").get("payment_additional_info"))
    return next((label(each.get("value")) for each in told if each.get("key") == "method_title"), "")
