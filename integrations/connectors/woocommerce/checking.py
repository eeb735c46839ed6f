"""The connection test and the shop's own lists."""

from __future__ import annotations

import re
from typing import Any

from integrations.connectors.contract import ConnectionReport, Shop
from integrations.connectors.errors import Failure, ShopError
from integrations.connectors.http import Operation, Request, Response
from integrations.connectors.kit.clocks import clock
from integrations.connectors.kit.json_answers import decoded, decoded_list, decoded_object, label, part
from integrations.connectors.kit.remote_lists import code_list, failed, zone_hints
from integrations.connectors.listings import CodeLists, RemoteStatus
from integrations.connectors.woocommerce.requests import NO_API, entries, get, refusal
from integrations.connectors.woocommerce.status import LABELS, NOT_ORDERS, status

NO_SUCH_STATUS = "no-such-status"
INDEX_FIELDS = (("_fields", "name,namespaces,timezone_string"),)


def check(shop: Shop) -> Operation[ConnectionReport]:
    """Site index (open to all), then one order with the keys."""
    try:
        site, response = yield from _site(shop)
        orders = yield get(shop, "orders", per_page="1", orderby="id", order="desc")
        entries(orders)
    except ShopError as error:
        return failed(error, _key_hints(shop))
    shop_name = label(site.get("name"))
    return ConnectionReport(
        ok=True,
        summary=f"Connected to {shop_name or shop.base_url}.",
        shop_name=shop_name,
        version=label(next(iter(decoded_list(orders)), {}).get("version"))[:20],
        time_zone=label(site.get("timezone_string")),
        clock=clock(orders) or clock(response),
        hints=_site_hints(shop, site, orders),
    )


def _site(shop: Shop) -> Operation[tuple[dict[str, Any], Response]]:
    response = yield Request("GET", f"{shop.base_url}/wp-json/", INDEX_FIELDS)
    site = decoded(response)
    if response.status == 200 and not isinstance(site, dict):
        # A page where JSON was asked for, or a notice before it: the orders say what a load would be told.
        entries((yield get(shop, "orders", per_page="1", orderby="id", order="desc")))
        return {}, response
    if isinstance(site, dict) and response.status == 200:
        if "wc/v3" not in (site.get("namespaces") or ()):
            raise ShopError(Failure.ADDRESS, "WordPress answers, but WooCommerce is not switched on there.")
        return site, response
    if response.status in (401, 403):
        return {}, response  # closed to strangers; the keys may open it
    plain = yield Request("GET", f"{shop.base_url}/", (("rest_route", "/"), *INDEX_FIELDS))
    if isinstance(decoded(plain), dict) and plain.status == 200:
        raise ShopError(
            Failure.ADDRESS,
            "The shop uses plain permalinks, which its REST API cannot be used with. In the shop, choose any other "
            "form under Settings > Permalinks.",
        )
    raise ShopError(*NO_API, status=response.status)


def _key_hints(shop: Shop) -> tuple[str, ...]:
    key, secret = shop.credentials.get("consumer_key", ""), shop.credentials.get("consumer_secret", "")
    if key.startswith("cs_") or secret.startswith("ck_"):
        return ("The consumer key and the consumer secret look swapped: the key begins with ck_, the secret with cs_.",)
    if not key.startswith("ck_") or not secret.startswith("cs_"):
        return ("A consumer key begins with ck_ and a consumer secret with cs_; these do not.",)
    return ()


def _site_hints(shop: Shop, site: dict[str, Any], orders: Response) -> tuple[str, ...]:
    hints = zone_hints(shop, label(site.get("timezone_string")))
    if shop.base_url.startswith("http:"):
        hints.append("The address is not encrypted (http): orders travel in the open. Use https where you can.")
    if "x-wp-total" not in orders.headers:
        hints.append("The shop does not say how many orders it has (no X-WP-Total header); a proxy may remove it.")
    return tuple(hints)


def code_lists(shop: Shop) -> Operation[CodeLists]:
    """All but the statuses need a user who may manage the shop; without, those lists stay empty."""
    statuses = yield from _statuses(shop)
    shipping_methods = yield from _titles(shop, "shipping_methods")
    payments = yield from _titles(shop, "payment_gateways")
    taxes = yield from _titles(shop, "taxes/classes")
    return CodeLists(statuses, shipping_methods, payments, taxes)


def _statuses(shop: Shop) -> Operation[tuple[RemoteStatus, ...]]:
    """`/orders/statuses` (11.0; 404 on 6.7), else the list in the refusal of an unknown status."""
    response = yield get(shop, "orders/statuses")
    if response.status in (401, 403):
        raise refusal(response)
    if response.status == 200 and isinstance(decoded(response), list):
        found = {status(entry.get("slug")): label(entry.get("name")) for entry in decoded_list(response)}
    else:
        refused = yield get(shop, "orders", status=NO_SUCH_STATUS, per_page="1")
        found = LABELS | {code: "" for code in _named_in(refused) if code not in LABELS}
    hidden = NOT_ORDERS | {"trash", "any"}
    return code_list(
        {
            code: name or LABELS.get(code) or code.replace("-", " ").capitalize()
            for code, name in found.items()
            if code not in hidden
        }
    )


def _named_in(response: Response) -> list[str]:
    """The codes in "status[0] is not one of any, trash, pending, ... and failed." of a 400 rest_invalid_param."""
    sentence = part(part(decoded_object(response), "data"), "params").get("status")
    if response.status != 400 or not isinstance(sentence, str):
        return []
    _, _, names = sentence.partition(" is not one of ")
    return [status(code) for code in re.findall(r"[\w-]+", names[:5000]) if code != "and"]


def _titles(shop: Shop, path: str) -> Operation[tuple[RemoteStatus, ...]]:
    """Tax classes have a slug and a name, the others an id and titles."""
    listed = decoded_list((yield get(shop, path)))
    found = [(entry.get("id") or entry.get("slug"), entry) for entry in listed]
    return code_list(
        {
            code[:100]: label(entry.get("title")) or label(entry.get("method_title")) or label(entry.get("name"))
            for code, entry in found
            if isinstance(code, str)
        }
    )
