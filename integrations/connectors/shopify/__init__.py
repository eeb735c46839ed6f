"""Shopify, Admin GraphQL API 2026-07. Facts from the published schema and docs (none was observed on a live shop).

Shopify does not promise that every change (of metafields, say) moves `updatedAt`.
"""

from __future__ import annotations

from integrations.connectors.contract import Capabilities, Connector, CredentialField, Orders, Webhooks
from integrations.connectors.shopify import bulk, checking, orders, products, status, webhooks, windows
from integrations.connectors.shopify.costs import pause_after
from integrations.connectors.shopify.payload import identify, parse

CONNECTOR = Connector(
    key="shopify",
    label="Shopify",
    rank=20,
    credential_fields=(
        CredentialField(
            "access_token",
            "Access token",
            "Of an app made in the shop's admin (Settings > Apps > Develop apps). Begins with shpat_. Leave it empty "
            "for an app of the Dev Dashboard.",
            required=False,
        ),
        CredentialField(
            "client_id",
            "Client ID",
            "Of an app of the Dev Dashboard (Settings), where there is no access token. It needs the scopes "
            "read_orders and read_products, and read_all_orders for orders older than 60 days.",
            secret=False,
            required=False,
        ),
        CredentialField(
            "client_secret",
            "Client secret",
            "Beside the client ID; in an older app the API secret key. Webhooks are signed with it too.",
            required=False,
        ),
    ),
    check=checking.check,
    pause_after=pause_after,
    code_lists=checking.code_lists,
    products=products.products,
    default_rules=status.DEFAULT_RULES,
    orders=Orders(
        windows.orders_in_window,
        orders.orders_by_ids,
        orders.order_by_number,
        windows.past_a_fault,
        abandon=bulk.abandon,
    ),
    parse=parse,
    identify=identify,
    capabilities=Capabilities(orders_by_ids=orders.MOST_IDS),
    webhooks=Webhooks(
        verify=webhooks.is_signed, read=webhooks.read, registered=webhooks.webhooks, register=webhooks.register
    ),
)
