"""The connection test and the shop's own lists."""

from __future__ import annotations

from typing import Any

from integrations.connectors.bigcommerce.orders import INCOMPLETE
from integrations.connectors.bigcommerce.payload import status
from integrations.connectors.bigcommerce.requests import data_of, decoded, entries, get, refusal
from integrations.connectors.contract import ConnectionReport, Shop
from integrations.connectors.errors import Failure, ShopError
from integrations.connectors.http import Operation, Response
from integrations.connectors.kit import values
from integrations.connectors.kit.clocks import clock
from integrations.connectors.listings import CodeLists, RemoteStatus

MOST_ZONES = 20
LONGEST_HASH = 20
"""Hashes were seen with 7 to 10 characters; tokens have 31."""


def check(shop: Shop) -> Operation[ConnectionReport]:
    """One order with the token, then what the store says of itself, and whether the catalogue may be read."""
    try:
        orders = yield get(shop, "v2/orders", limit="1", sort="id:desc")
        if orders.status == 404:
            raise ShopError(
                Failure.CREDENTIALS,
                "BigCommerce knows no store with this store hash. It is the part after /stores/ in the API path that is"
                " shown with the access token.",
                status=404,
            )
        entries(orders)
        told = yield get(shop, "v2/store")
        catalogue = yield get(shop, "v3/catalog/products", limit="1", include_fields="name")
        if catalogue.status not in (403, 404):
            data_of(catalogue)
    except ShopError as error:
        return ConnectionReport(False, str(error), hints=_hints_of_keys(shop), failure=error.kind)
    body = decoded(told)
    store = body if told.status == 200 and isinstance(body, dict) else {}
    name = _text(store.get("name"))
    return ConnectionReport(
        ok=True,
        summary=f"Connected to {name or 'the BigCommerce store'}.",
        shop_name=name,
        version=_text(store.get("plan_name"))[:20],
        clock=clock(orders),
        hints=_hints(shop, store, told.status, catalogue.status),
    )


def _hints_of_keys(shop: Shop) -> tuple[str, ...]:
    store = shop.credentials.get("store_hash", "").strip()
    if len(store) > LONGEST_HASH and "/" not in store:
        return ("The store hash is short and the access token long: the two look swapped.",)
    return ()


def _hints(shop: Shop, store: dict[str, Any], told: int, catalogue: int) -> tuple[str, ...]:
    hints = []
    zone = store.get("timezone")
    name = _text(zone.get("name")) if isinstance(zone, dict) else ""
    if name and name != shop.zone.key:
        hints.append(f"The shop's own time zone is {name}, here {shop.zone.key} is set.")
    if told in (401, 403):
        hints.append(
            "The access token may not read Information & settings: the shop's name, its deliveries and payments stay"
            " unknown."
        )
    if catalogue in (401, 403):
        hints.append("The access token may not read Products: they cannot be imported.")
    return tuple(hints)


def _text(value: Any) -> str:
    return values.name(value, 200, "", []) if isinstance(value, str) else ""


def code_lists(shop: Shop) -> Operation[CodeLists]:
    """Deliveries and payments need the scope Information & settings; without it those lists stay empty.

    Orders name both by their display names, so names are the codes.
    """
    response = yield get(shop, "v2/order_statuses")
    if response.status not in (200, 204):
        raise refusal(response)
    statuses = {
        status(entry.get("id")): _text(entry.get("custom_label")) or _text(entry.get("name"))
        for entry in _objects(response)
    }
    deliveries = yield from _deliveries(shop)
    payments = yield get(shop, "v2/payments/methods")
    return CodeLists(
        tuple(RemoteStatus(code, label or code) for code, label in statuses.items() if code not in ("", INCOMPLETE)),
        deliveries,
        _named(_objects(payments)),
    )


def _deliveries(shop: Shop) -> Operation[tuple[RemoteStatus, ...]]:
    zones = yield get(shop, "v2/shipping/zones")
    methods: list[dict[str, Any]] = []
    for zone in _objects(zones)[:MOST_ZONES]:
        if type(zone.get("id")) is int:
            response = yield get(shop, f"v2/shipping/zones/{zone['id']}/methods")
            methods += _objects(response)
    return _named(methods)


def _objects(response: Response) -> list[dict[str, Any]]:
    listed = decoded(response)
    if response.status != 200 or not isinstance(listed, list):
        return []
    return [entry for entry in listed if isinstance(entry, dict)]


def _named(found: list[dict[str, Any]]) -> tuple[RemoteStatus, ...]:
    names = dict.fromkeys(name for entry in found if (name := _text(entry.get("name"))))
    return tuple(RemoteStatus(name[:100], name) for name in names)
