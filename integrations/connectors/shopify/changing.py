"""Asking for a change: what the shop says to it, and how refusals inside an answer become errors."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import Any

from integrations.connectors.contract import Shop
from integrations.connectors.errors import Failure, ShopError
from integrations.connectors.http import Operation
from integrations.connectors.kit.json_answers import objects
from integrations.connectors.kit.lookups import is_whole_number
from integrations.connectors.shopify.requests import call, read_part, unless_null

CODE = re.compile(r"[A-Za-z_]{1,60}")


def gid(kind: str, own: str) -> str:
    return f"gid://shopify/{kind}/{own}"


def asked(shop: Shop, query: str, name: str, variables: Mapping[str, Any]) -> Operation[dict[str, Any]]:
    """The part `name` of the answer to a question; empty where the shop has no such thing."""
    data, _ = yield from call(shop, query, variables)
    return read_part(unless_null(data.get(name)), dict[str, Any])


def order(shop: Shop, query: str, order_id: str) -> Operation[dict[str, Any]]:
    """ShopError NOT_FOUND where the shop does not have it."""
    if not is_whole_number(order_id):
        raise ShopError(Failure.NOT_FOUND, "The shop does not have this order.")
    found = yield from asked(shop, query, "order", {"id": gid("Order", order_id)})
    if not found:
        raise ShopError(Failure.NOT_FOUND, "The shop does not have this order.")
    return found


def changed(
    shop: Shop, mutation: str, name: str, variables: Mapping[str, Any], *, repeatable: bool = False
) -> Operation[tuple[dict[str, Any], list[dict[str, Any]]]]:
    """What the shop says of a change, and its `userErrors`. `repeatable`: it bears an idempotency key."""
    data, _ = yield from call(shop, mutation, variables, changes=not repeatable)
    payload = read_part(unless_null(data.get(name)), dict[str, Any])
    return payload, objects(payload.get("userErrors"))


def refused(errors: Iterable[Mapping[str, Any]], what: str) -> ShopError:
    """Names fields and codes, never the shop's text."""
    named = []
    for error in errors:
        field = error.get("field")
        words = [*(field if isinstance(field, list) else []), error.get("code")]
        named += [str(word) for word in words if CODE.fullmatch(str(word)) and str(word) != "None"]
    return ShopError(Failure.REFUSED, f"Shopify refused {what} ({', '.join(dict.fromkeys(named)) or 'no field'}).")


def nodes(value: Any) -> list[dict[str, Any]]:
    """Of a connection."""
    return objects(value.get("nodes")) if isinstance(value, dict) else []


def quoted(text: str) -> str:
    """A value of a search: in quotes, with those in it escaped (Shopify API search syntax)."""
    escaped = text.replace("\\", "\\\\").replace("'", "\\'")
    return f"'{escaped}'"
