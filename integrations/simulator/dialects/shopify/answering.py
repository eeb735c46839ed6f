"""Shopify's Admin GraphQL API 2026-07, and what goes with it: tokens, points, lists, webhooks.

The client ID and client secret are the shop's key and secret; `access_token(shop)` is that of an older app.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import cache, partial
from math import log10
from typing import Any
from urllib.parse import parse_qs
from weakref import WeakKeyDictionary

from integrations.simulator.dialects.shopify import changing, webhooks
from integrations.simulator.dialects.shopify.bulk import Operations
from integrations.simulator.dialects.shopify.graphql import (
    Document,
    GraphQLError,
    Json,
    Selection,
    Variable,
    pick,
    read,
)
from integrations.simulator.dialects.shopify.lists import MOST, connection, has_sku, matches
from integrations.simulator.dialects.shopify.orders import order_document
from integrations.simulator.dialects.shopify.stocked import inventory_items, location_gid, variant_documents
from integrations.simulator.dialects.shopify.words import order_gid
from integrations.simulator.messages import Answered, Asked, as_json
from integrations.simulator.sales import Change, Sale
from integrations.simulator.shop import SimulatedShop

# A sale and the state it is in.
Sought = tuple[Sale, Change]

VERSIONS = ("2025-10", "2026-01", "2026-04", "2026-07", "2026-10")
HIDDEN = {"checkout-draft", "trash"}
TOKEN_LASTS = 86399
MOST_COST = 1000
VISIBLE = timedelta(days=60)


@dataclass
class State:
    """What Shopify keeps of an app in a shop. Tests may change it."""

    points: float = 2000
    most_points: float = 2000
    restored: float = 100
    """Points a second."""
    filled_at: datetime | None = None
    scopes: list[str] = field(default_factory=lambda: ["read_orders", "read_all_orders", "read_products"])
    tokens: dict[str, datetime] = field(default_factory=dict)
    most_cost: float = MOST_COST
    bulk: Operations = field(default_factory=Operations)


_STATES: WeakKeyDictionary[SimulatedShop, State] = WeakKeyDictionary()


def state_of(shop: SimulatedShop) -> State:
    return _STATES.setdefault(shop, State())


def access_token(shop: SimulatedShop) -> str:
    return f"shpat_{shop.secret[-32:]}"


def too_many(shop: SimulatedShop) -> Answered:
    """Beside points Shopify limits requests, too; by how many it does not say."""
    return as_json({"errors": "Exceeded rate limit."}, 429, headers={"Retry-After": "2.0"})


def answer(shop: SimulatedShop, asked: Asked) -> Answered:
    if asked.path == "/admin/oauth/access_token" and asked.method == "POST":
        return _new_token(shop, asked)
    if asked.path.startswith("/bulk/"):
        return state_of(shop).bulk.serve(asked, shop.now())
    parts = asked.path.strip("/").split("/")
    if len(parts) != 4 or parts[:2] != ["admin", "api"] or parts[3] != "graphql.json":
        return as_json({"errors": "Not Found"}, 404)
    if not _may_enter(shop, asked):
        message = "[API] Invalid API key or access token (unrecognized login or wrong password)"
        return as_json({"errors": message}, 401)
    if asked.method != "POST":
        return as_json({"errors": "Method Not Allowed"}, 405)
    served = {"X-Shopify-API-Version": parts[2] if parts[2] in VERSIONS else VERSIONS[0]}
    try:
        question = json.loads(asked.body)
        document, variables = read(question["query"]), question.get("variables") or {}
    except (ValueError, KeyError, TypeError):
        return as_json({"errors": {"query": "Required parameter missing or invalid"}}, 400, headers=served)
    except GraphQLError as error:
        return as_json({"errors": [error.written]}, headers=served)
    host = f"{'https' if asked.secure else 'http'}://{asked.host}"
    return _execute(shop, document, variables, served, host)


def _new_token(shop: SimulatedShop, asked: Asked) -> Answered:
    form = {name: values[-1] for name, values in parse_qs(asked.body.decode(errors="replace")).items()}
    if form.get("grant_type") != "client_credentials" or (form.get("client_id"), form.get("client_secret")) != (
        shop.key,
        shop.secret,
    ):
        message = {"error": "invalid_client", "error_description": "Client authentication failed"}
        return as_json(message, 400)
    state = state_of(shop)
    token = f"shpca_{shop.seed:08x}{len(state.tokens):024x}"
    state.tokens[token] = shop.now() + timedelta(seconds=TOKEN_LASTS)
    return as_json({"access_token": token, "scope": ",".join(state.scopes), "expires_in": TOKEN_LASTS})


def _may_enter(shop: SimulatedShop, asked: Asked) -> bool:
    token = asked.headers.get("x-shopify-access-token", "")
    return token == access_token(shop) or state_of(shop).tokens.get(token, shop.now()) > shop.now()


def _execute(shop: SimulatedShop, document: Document, variables: Json, served: dict[str, str], host: str) -> Answered:
    """Points are asked for before, and what the answer really cost is taken after."""
    state, now = state_of(shop), shop.now()
    passed = (now - (state.filled_at or now)).total_seconds()
    state.points, state.filled_at = min(state.most_points, state.points + passed * state.restored), now
    wanted = round(_cost(document, document.parts, variables))
    costs: Json = {"requestedQueryCost": wanted, "actualQueryCost": None}
    errors: list[Json] = []
    data: Json | None = None
    if wanted > state.most_cost:
        message = f"Query cost is {wanted}, which exceeds the single query max cost limit ({MOST_COST})."
        errors = [GraphQLError(message, "MAX_COST_EXCEEDED", cost=wanted, maxCost=MOST_COST).written]
    elif wanted > state.points:
        errors = [GraphQLError("Throttled", "THROTTLED").written]
    else:
        try:
            data = pick(document, _root(shop, document, host), variables)
        except GraphQLError as error:
            errors = [error.written]
        costs["actualQueryCost"] = min(wanted, 2 + round(len(json.dumps(data)) / 400))
        state.points -= costs["actualQueryCost"]
    costs["throttleStatus"] = {
        "maximumAvailable": state.most_points,
        "currentlyAvailable": int(state.points),
        "restoreRate": state.restored,
    }
    body: Json = ({"errors": errors} if errors else {}) | ({} if data is None else {"data": data})
    return as_json({**body, "extensions": {"cost": costs}}, ids=_order_ids(data), headers=served)


def _cost(document: Document, parts: list[Selection], variables: Json) -> float:
    """One point an object, and lists grow slowly with `first` (Shopify's formula is its own; these are its sizes)."""
    cost = 0.0
    for part in parts:
        if part.kind != "field":
            spread = document.fragments.get(part.name, part) if part.kind == "fragment" else part
            cost += _cost(document, spread.parts, variables)
        elif part.parts:
            first, ids = (
                variables.get(value.name) if isinstance(value, Variable) else value
                for value in (part.arguments.get("first"), part.arguments.get("ids"))
            )
            count = first if isinstance(first, int) else len(ids) if isinstance(ids, list) else 0
            inner = 1 + _cost(document, part.parts, variables)
            cost += 2 + inner * log10(count + 1) if count > 1 else inner
    return cost


def _order_ids(data: Json | None) -> tuple[int, ...]:
    found = []
    for part in (data or {}).values():
        nodes = part.get("nodes", []) if isinstance(part, dict) else part if isinstance(part, list) else []
        gids = [str(node.get("id")) for node in nodes if isinstance(node, dict)]
        found += [int(gid.rsplit("/", 1)[1]) for gid in gids if gid.startswith("gid://shopify/Order/")]
    return tuple(found)


def _orders(shop: SimulatedShop) -> list[Sought]:
    """Without read_all_orders only those of the last 60 days."""
    state, now = state_of(shop), shop.now()
    if "read_orders" not in state.scopes:
        message = "Access denied for orders field. Required access: `read_orders` access scope."
        raise GraphQLError(message, "ACCESS_DENIED", requiredAccess="`read_orders` access scope.")
    oldest = datetime.min.replace(tzinfo=now.tzinfo) if "read_all_orders" in state.scopes else now - VISIBLE
    found = [(sale, sale.state(now)) for sale in shop.visible() if sale.placed_at >= oldest]
    return [(sale, state) for sale, state in found if state.status not in HIDDEN]


def _root(shop: SimulatedShop, document: Document, host: str) -> Json:
    bulk, now = state_of(shop).bulk, shop.now()
    if document.operation == "mutation":
        return {
            "__typename": "Mutation",
            "webhookSubscriptionCreate": partial(webhooks.create, shop),
            "bulkOperationRunQuery": lambda given: bulk.run(given, partial(_in_bulk, shop), now),
            "bulkOperationCancel": lambda given: bulk.cancel(given, now),
            **changing.mutations(shop, lambda: {order_gid(sale): sale for sale, _ in _orders(shop)}),
        }
    state = state_of(shop)

    @cache
    def found(query: str | None) -> list[Sought]:
        return [each for each in _orders(shop) if matches(*each, query)]

    return {
        "__typename": "QueryRoot",
        "shop": {
            "__typename": "Shop",
            "id": f"gid://shopify/Shop/{shop.seed}",
            "name": shop.name,
            "myshopifyDomain": "simulated.myshopify.com",
            "currencyCode": shop.currency,
            "ianaTimezone": str(shop.zone),
            "taxesIncluded": shop.seed % 2 == 0,
        },
        "currentAppInstallation": {
            "__typename": "AppInstallation",
            "accessScopes": [{"__typename": "AccessScope", "handle": scope} for scope in state.scopes],
        },
        "orders": lambda given: _list(shop, given, found(given.get("query"))),
        "ordersCount": lambda given: _count(given, found(given.get("query"))),
        "bulkOperation": lambda given: bulk.one(given.get("id"), host, now),
        "currentBulkOperation": bulk.document(bulk.all[-1], host, now) if bulk.all else None,
        "order": lambda given: _node(shop, given.get("id")),
        "nodes": lambda given: _nodes(shop, given["ids"]),
        "productVariants": lambda given: connection(
            "ProductVariant",
            [node for node in variant_documents(shop) if has_sku(node, given.get("query"))],
            given,
            lambda node: [int(node["legacyResourceId"])],
        ),
        "location": lambda given: {
            "__typename": "Location",
            "id": location_gid(shop),
            "name": shop.name,
            "isActive": True,
        },
        "inventoryItems": lambda given: connection(
            "InventoryItem",
            [node for node in inventory_items(shop) if has_sku(node, given.get("query"))],
            given,
            lambda node: [node["id"]],
        ),
        "webhookSubscriptions": lambda given: connection(
            "WebhookSubscription", webhooks.documents(shop.webhooks), given
        ),
    }


def _list(shop: SimulatedShop, given: Json, found: list[Sought]) -> Json:
    keys: dict[str, Callable[[Sought], list[Any]]] = {
        "ID": lambda each: [each[0].id],
        "UPDATED_AT": lambda each: [each[1].at.isoformat(), each[0].id],
        "CREATED_AT": lambda each: [each[0].placed_at.isoformat(), each[0].id],
        "PROCESSED_AT": lambda each: [each[0].placed_at.isoformat(), each[0].id],
    }
    key = given.get("sortKey", "PROCESSED_AT")
    if key not in keys:
        raise GraphQLError(f"Argument 'sortKey' has an invalid value ({key}).", "argumentLiteralsIncompatible")
    page = connection("Order", sorted(found, key=keys[key], reverse=bool(given.get("reverse"))), given, keys[key])
    return {**page, "nodes": [order_document(shop, sale) for sale, _ in page["nodes"]]}


def _in_bulk(shop: SimulatedShop, given: Json) -> list[Json]:
    found = [sale for sale, state in _orders(shop) if matches(sale, state, given.get("query"))]
    return [order_document(shop, sale) for sale in found]


def _count(given: Json, found: list[Sought]) -> Json:
    count, limit = len(found), given.get("limit") or 10_000
    return {
        "__typename": "Count",
        "count": min(count, limit),
        "precision": "EXACT" if count <= limit else "AT_LEAST",
    }


def _node(shop: SimulatedShop, gid: Any) -> Json | None:
    return _nodes(shop, [gid])[0]


def _nodes(shop: SimulatedShop, gids: Any) -> list[Json | None]:
    if not isinstance(gids, list) or len(gids) > MOST:
        raise GraphQLError(f"The input array size is greater than the maximum allowed of {MOST}.", "MAX_INPUT_SIZE")
    items = (
        {item["id"]: item for item in inventory_items(shop)} if any("/InventoryItem/" in gid for gid in gids) else {}
    )
    known = {order_gid(sale): sale for sale, _ in _orders(shop)}
    return [order_document(shop, known[gid]) if gid in known else items.get(gid) for gid in gids]
