"""Shopify, Admin GraphQL API 2026-07. Facts from the published schema and docs (none was observed on a live shop).

Shopify does not promise that every change (of metafields, say) moves `updatedAt`.

Written are fulfillments, quantities at one location, payments, the names of documents as additional details, and
orders.
"""

from __future__ import annotations

from integrations.connectors.contract import (
    Capabilities,
    Connector,
    Creation,
    CredentialField,
    Orders,
    Outward,
    Shipments,
    StockLevels,
    Webhooks,
)
from integrations.connectors.shopify import (
    bulk,
    checking,
    creation,
    orders,
    papers,
    products,
    quantities,
    shipments,
    status,
    webhooks,
    windows,
)
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
            "read_orders and read_products, and read_all_orders for orders older than 60 days. Telling the shop of "
            "shipments, stock or orders takes others beside them, which are named where it is switched on.",
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
    outward=Outward(
        echoed=frozenset({"fulfillment_status"}),
        shipments=Shipments(find=shipments.find, send=shipments.send, correct=shipments.correct),
        stock=StockLevels(at_once=quantities.AT_ONCE, send=quantities.send, read=quantities.read, compares=True),
        pay=papers.pay,
        name_paper=papers.name_paper,
        creation=Creation(find=creation.find, create=creation.create),
        rights=(
            "The app needs the scopes write_orders, write_merchant_managed_fulfillment_orders and, for stock,"
            " read_locations and write_inventory; give it those and install it again."
        ),
    ),
)
