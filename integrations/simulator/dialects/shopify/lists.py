"""Shopify's connections with their cursors, and its search syntax."""

from __future__ import annotations

import json
import re
from base64 import b64decode, b64encode
from binascii import Error as Base64Error
from collections.abc import Callable
from datetime import datetime
from functools import lru_cache
from operator import eq, ge, gt, le, lt
from typing import Any

from integrations.simulator.dialects.shopify.graphql import GraphQLError, Json
from integrations.simulator.sales import Change, Sale

MOST = 250
Place = list[Any]
RELATIONS = {">=": ge, "<=": le, ">": gt, "<": lt, "": eq}
_TERM = re.compile(r"""(-?)(\w+):(>=|<=|>|<)?("[^"]*"|'[^']*'|\S+)""")


def connection(kind: str, nodes: list[Any], given: Json, place: Callable[[Any], Place] | None = None) -> Json:
    """A page of `nodes`, which are sorted by `place`; a cursor names the place after which to go on, not a count."""
    first = given.get("first")
    if not isinstance(first, int) or not 0 < first <= MOST:
        raise GraphQLError(f"you must provide one of first or last, at most {MOST}", "BAD_REQUEST")
    where = place or (lambda node: [node.get("id") or nodes.index(node)])
    if given.get("after") is not None:
        after = _read_cursor(given["after"])
        if place is None:
            known = [where(node) for node in nodes]
            nodes = nodes[known.index(after) + 1 :] if after in known else nodes
        else:
            nodes = [node for node in nodes if where(node) > after]
    shown = nodes[:first]
    return {
        "__typename": f"{kind}Connection",
        "pageInfo": {
            "__typename": "PageInfo",
            "hasNextPage": len(nodes) > first,
            "endCursor": _cursor(where(shown[-1])) if shown else None,
        },
        "nodes": shown,
    }


def _cursor(place: Place) -> str:
    return b64encode(json.dumps({"last_id": place[-1], "last_value": place}).encode()).decode()


def _read_cursor(text: Any) -> Place:
    try:
        place: Place = json.loads(b64decode(str(text), validate=True))["last_value"]
    except (Base64Error, ValueError, KeyError, TypeError):
        raise GraphQLError(f"Invalid cursor for current pagination sort: {text!r}", "BAD_REQUEST") from None
    return place


def has_sku(node: Json, query: str | None) -> bool:
    """Whether a variant or an article is found by `sku:'A' OR sku:'B'`; like a word, whatever its case."""
    skus = [value.strip("\"'").lower() for _, name, _, value in _TERM.findall(query or "") if name == "sku"]
    return not skus or str(node["sku"]).lower() in skus


def matches(sale: Sale, state: Change, query: str | None) -> bool:
    """Whether a sale in this state is found. Terms side by side must all hold, around OR one of them. A field that does
    not exist is ignored, as Shopify's search does; so a typing error brings everything."""
    if not query:
        return True
    return any(all(_holds(sale, state, *term) for term in group) for group in _terms(query))


@lru_cache(maxsize=100)
def _terms(query: str) -> tuple[tuple[tuple[str, str, str, str], ...], ...]:
    return tuple(tuple(_TERM.findall(group)) for group in re.split(r"\bOR\b", query))


def _holds(sale: Sale, state: Change, negated: str, name: str, relation: str, value: str) -> bool:
    value = value.strip("\"'")
    if name == "updated_at":
        held = _compared(state.at, relation, _moment(value))
    elif name in ("created_at", "processed_at"):
        held = _compared(sale.placed_at, relation, _moment(value))
    elif name == "id":
        held = value.isdigit() and _compared(sale.id, relation, int(value))
    elif name == "name":
        held = sale.number.lower() == value.lstrip("#").lower()
    elif name == "source_identifier":
        held = bool(sale.given and sale.given.reference == value)
    elif name == "status":
        cancelled = state.status == "cancelled"
        held = {"open": not cancelled, "cancelled": cancelled}.get(value, True)
    else:
        return True
    return held != bool(negated)


@lru_cache(maxsize=100)
def _moment(text: str) -> datetime | None:
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        return None
    return moment if moment.tzinfo else None


def _compared(left: Any, relation: str, right: Any) -> bool:
    if left is None or right is None:
        return True
    return bool(RELATIONS[relation](left, right))
