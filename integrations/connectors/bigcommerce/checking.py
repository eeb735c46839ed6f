"""The connection test and the shop's own lists."""

from __future__ import annotations

from typing import Any

from integrations.connectors.bigcommerce.orders import INCOMPLETE
from integrations.connectors.bigcommerce.payload import status
from integrations.connectors.bigcommerce.requests import data_of, entries, get, refusal
from integrations.connectors.contract import ConnectionReport, Shop
from integrations.connectors.errors import ShopError
from integrations.connectors.http import Operation
from integrations.connectors.kit.clocks import clock
from integrations.connectors.kit.json_answers import decoded_list, decoded_object, label, part
from integrations.connectors.kit.remote_lists import code_list, failed, zone_hints
from integrations.connectors.listings import CodeLists, RemoteStatus

MOST_ZONES = 20
# Hashes were seen with 7 to 10 characters; tokens have 31.
LONGEST_HASH = 20


def check(shop: Shop) -> Operation[ConnectionReport]:
    """One order with the token, then what the store says of itself, and whether the catalogue may be read."""
    try:
        orders = yield get(shop, "v2/orders", limit="1", sort="id:desc")
        entries(orders)
        told = yield get(shop, "v2/store")
        catalogue = yield get(shop, "v3/catalog/products", limit="1", include_fields="name")
        if catalogue.status not in (403, 404):
            data_of(catalogue)
    except ShopError as error:
        return failed(error, _hints_of_keys(shop))
    store = decoded_object(told) if told.status == 200 else {}
    name = label(store.get("name"))
    return ConnectionReport(
        ok=True,
        summary=f"Connected to {name or 'the BigCommerce store'}.",
        shop_name=name,
        version=label(store.get("plan_name"))[:20],
        time_zone=label(part(store, "timezone").get("name")),
        clock=clock(orders),
        hints=_hints(shop, store, told.status, catalogue.status),
    )


def _hints_of_keys(shop: Shop) -> tuple[str, ...]:
    store = shop.credentials.get("store_hash", "").strip()
    if len(store) > LONGEST_HASH and "/" not in store:
        return ("The store hash is short and the access token long: the two look swapped.",)
    return ()


def _hints(shop: Shop, store: dict[str, Any], told: int, catalogue: int) -> tuple[str, ...]:
    hints = zone_hints(shop, label(part(store, "timezone").get("name")))
    if told in (401, 403):
        hints.append(
            "The access token may not read Information & settings: the shop's name, its deliveries and payments stay"
            " unknown."
        )
    if catalogue in (401, 403):
        hints.append("The access token may not read Products: they cannot be imported.")
    return tuple(hints)


def code_lists(shop: Shop) -> Operation[CodeLists]:
    """Shipping methods and payments need the scope Information & settings; without it those lists stay empty.

    Orders name both by their display names, so names are the codes.
    """
    response = yield get(shop, "v2/order_statuses")
    if response.status not in (200, 204):
        raise refusal(response)
    statuses = {
        status(entry.get("id")): label(entry.get("custom_label")) or label(entry.get("name"))
        for entry in decoded_list(response)
    }
    statuses.pop(INCOMPLETE, None)
    shipping_methods = yield from _shipping_methods(shop)
    payments = yield get(shop, "v2/payments/methods")
    return CodeLists(code_list(statuses), shipping_methods, _named(decoded_list(payments)))


def _shipping_methods(shop: Shop) -> Operation[tuple[RemoteStatus, ...]]:
    zones = yield get(shop, "v2/shipping/zones")
    methods: list[dict[str, Any]] = []
    for zone in decoded_list(zones)[:MOST_ZONES]:
        if type(zone.get("id")) is int:
            methods += decoded_list((yield get(shop, f"v2/shipping/zones/{zone['id']}/methods")))
    return _named(methods)


def _named(found: list[dict[str, Any]]) -> tuple[RemoteStatus, ...]:
    names = [label(entry.get("name")) for entry in found]
    return code_list({name: name for name in names})
