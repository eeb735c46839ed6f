"""The connection test and the shop's own lists."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from integrations.connectors.contract import ConnectionReport, Shop
from integrations.connectors.errors import Failure, ShopError
from integrations.connectors.http import Operation, Response
from integrations.connectors.kit.clocks import clock, told_clock
from integrations.connectors.kit.json_answers import decoded, label, objects, part
from integrations.connectors.kit.remote_lists import code_list, failed
from integrations.connectors.listings import CodeLists, RemoteStatus
from integrations.connectors.prestashop import zones
from integrations.connectors.prestashop.companions import CONVERSATIONS, SAID, SILENT
from integrations.connectors.prestashop.requests import KEYS, ask, entries

NEEDED = (
    "orders", "order_details", "order_slip", "order_payments", "order_cart_rules", "messages", "customers", "addresses",
    "countries", "states", "currencies", "carriers",
)  # fmt: skip
# What is missed without the right to read them.
WISHED = {
    "order_states": "its statuses stay without names",
    "tax_rule_groups": "its taxes stay without names",
    CONVERSATIONS: "what buyers write about their orders stays unread",
    SAID: "what buyers write about their orders stays unread",
    "configurations": "its own time zone stays unknown, so see that the one set here is right",
    "products": "products cannot be imported",
    "combinations": "products cannot be imported",
    "product_option_values": "products cannot be imported",
    "stock_availables": "products cannot be imported",
}
ONE = {"display": "[id]", "limit": "1"}
SWITCHED_OFF = f"If it stays so: {KEYS} look whether the webservice is enabled."


def check(shop: Shop) -> Operation[ConnectionReport]:
    """One order with the key, then what else the key may read; each list that is missing is named."""
    shop.memory.pop(SILENT, None)
    zone = ""
    try:
        orders = yield from ask(shop, "orders", ONE)
        entries(orders, "orders")
        refused = yield from _refused(shop)
        settings = yield from zones.told(shop)
        zone = next(iter(settings.get("PS_TIMEZONE", ())), "")
        zones.compare(shop, settings, told_clock(orders))
    except ShopError as error:
        return replace(failed(error, (SWITCHED_OFF,) if error.status == 503 else ()), time_zone=zone)
    missing = [resource for resource in NEEDED if resource in refused]
    if missing:
        summary = f"The key may not read {', '.join(missing)}. {KEYS} edit the key and tick View (GET) for each."
        return failed(ShopError(Failure.CREDENTIALS, summary))
    name = next(iter(settings.get("PS_SHOP_NAME", ())), "")
    hints = [f"The key may not read {resource}: {WISHED[resource]}." for resource in WISHED if resource in refused]
    return ConnectionReport(
        ok=True,
        summary=f"Connected to {name or shop.base_url}.",
        shop_name=name,
        version=orders.headers.get("psws-version", "")[:20],
        time_zone=zone,
        clock=clock(orders),
        hints=tuple(hints),
    )


def _refused(shop: Shop) -> Operation[set[str]]:
    """What the key may not read. What the list of resources does not name is asked for, to be sure."""
    listed = decoded((yield from ask(shop, "", {})))
    allowed = {*listed} if isinstance(listed, list) and all(isinstance(each, str) for each in listed) else set()
    refused = set()
    for resource in (*NEEDED, *WISHED):
        if resource not in allowed:
            try:
                entries((yield from ask(shop, resource, ONE)), resource)
            except ShopError as error:
                if error.kind != Failure.CREDENTIALS:
                    raise
                refused.add(resource)
    return refused


def _objects(response: Response, resource: str) -> list[dict[str, Any]]:
    return objects(part(decoded(response)).get(resource))


def translated(value: Any) -> str:
    """A name, which a shop of several languages has as `[{"id": "1", "value": "Shipped"}, ...]`: the first there is."""
    names = [entry.get("value") for entry in objects(value)] if isinstance(value, list) else [value]
    return next(filter(None, map(label, names)), "")


def code_lists(shop: Shop) -> Operation[CodeLists]:
    """Statuses are states by their ids; carriers go by `id_reference`, which stays when one is changed."""
    states = yield from ask(shop, "order_states", {"display": "[id,name,color]", "sort": "[id_ASC]"})
    entries(states, "order_states")
    carriers = yield from ask(shop, "carriers", {"display": "[id,id_reference,name]", "filter[deleted]": "[0]"})
    entries(carriers, "carriers")
    taxes = yield from _taxes(shop)
    listed = _objects(states, "order_states")
    return CodeLists(
        code_list(
            {str(entry.get("id")): translated(entry.get("name")) for entry in listed},
            {str(entry.get("id")): entry.get("color") for entry in listed},
        ),
        code_list(
            {
                str(entry.get("id_reference") or entry.get("id")): label(entry.get("name"))
                for entry in _objects(carriers, "carriers")
            }
        ),
        taxes=taxes,
    )


def _taxes(shop: Shop) -> Operation[tuple[RemoteStatus, ...]]:
    """The groups of tax rules; none where the key may not read them."""
    try:
        response = yield from ask(shop, "tax_rule_groups", {"display": "[id,name]", "filter[deleted]": "[0]"})
        entries(response, "tax_rule_groups")
    except ShopError as error:
        if error.kind != Failure.CREDENTIALS:
            raise
        return ()
    groups = _objects(response, "tax_rule_groups")
    return code_list({str(entry.get("id")): label(entry.get("name")) for entry in groups})
