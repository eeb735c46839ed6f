"""eBay: the Sell Fulfillment API v1 (orders) and the Inventory API v1 (products). Facts as documented by eBay.

What moves "modified" is nowhere documented.

Written are shipments and quantities. A payment is eBay's own affair, its API has no notes of an order, and orders come
from buyers alone: `pay`, `name_paper` and `creation` are None. A shipment cannot be corrected either.
"""

from __future__ import annotations

from integrations.connectors.contract import (
    Capabilities,
    Connector,
    CredentialField,
    Orders,
    Outward,
    Shipments,
    SigningKeys,
    StockLevels,
    Webhooks,
)
from integrations.connectors.ebay import (
    checking,
    notifications,
    orders,
    products,
    quantities,
    shipments,
    subscribing,
)
from integrations.connectors.ebay.payload import identify, parse
from integrations.connectors.ebay.status import DEFAULT_RULES

CONNECTOR = Connector(
    key="ebay",
    label="eBay",
    rank=40,
    credential_fields=(
        CredentialField(
            "client_id",
            "App ID (client ID)",
            "From developer.ebay.com > Your account > Application keysets, column Production.",
            secret=False,
        ),
        CredentialField("client_secret", "Cert ID (client secret)", "From the same keyset."),
        CredentialField(
            "refresh_token",
            "Refresh token",
            "Of the seller: developer.ebay.com > User access tokens > OAuth, with the scopes sell.fulfillment.readonly"
            " and sell.inventory.readonly (and commerce.notification.subscription to be told of new orders);"
            " without .readonly where eBay is to be told of shipments and stock. It is valid for 18 months.",
        ),
        CredentialField(
            "alert_email",
            "Alert e-mail address",
            "Only for webhooks: eBay writes here when it cannot reach this site.",
            secret=False,
            required=False,
        ),
    ),
    default_base_url="https://api.ebay.com",
    check=checking.check,
    code_lists=checking.code_lists,
    products=products.products,
    default_rules=DEFAULT_RULES,
    orders=Orders(orders.orders_in_window, orders.orders_by_ids, orders.order_by_number, orders.past_a_fault),
    parse=parse,
    identify=identify,
    capabilities=Capabilities(orders_by_ids=orders.MOST_IDS, least_page=orders.LEAST_PAGE),
    webhooks=Webhooks(
        verify=notifications.verify,
        signing_keys=SigningKeys(notifications.signing_key, notifications.public_key),
        answer_challenge=notifications.answer_challenge,
        read=notifications.read,
        registered=subscribing.webhooks,
        register=subscribing.register,
        note="eBay tells of orders that are paid and shipped, and of people who close their account and must be"
        " forgotten. Cancellations and refunds come with the feeds.",
    ),
    outward=Outward(
        shipments=Shipments(find=shipments.find, send=shipments.send),
        stock=StockLevels(at_once=quantities.AT_ONCE, send=quantities.send, read=quantities.read),
        rights=(
            "The seller's consent must cover the scopes sell.fulfillment and sell.inventory, without .readonly; sign in"
            " again with them and enter the new refresh token."
        ),
    ),
)
