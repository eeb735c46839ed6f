"""eBay: the Sell Fulfillment API v1 (orders) and the Inventory API v1 (products). Facts as documented by eBay.

What moves "modified" is nowhere documented.
"""

from __future__ import annotations

from integrations.choices import ImportAction
from integrations.connectors.contract import Capabilities, Connector, CredentialField, DefaultRule, Webhooks
from integrations.connectors.ebay import checking, notifications, orders, products, subscribing
from integrations.connectors.ebay.payload import identify, parse
from integrations.connectors.ebay.status import STATUSES

_ACTIONS = {
    "paid/not_started": (ImportAction.VALID, False),
    "paid/in_progress": (ImportAction.VALID, False),
    "paid/fulfilled": (ImportAction.HISTORY, False),
    "partially_refunded/not_started": (ImportAction.HOLD, False),
    "partially_refunded/in_progress": (ImportAction.HOLD, False),
    "partially_refunded/fulfilled": (ImportAction.HISTORY, False),
    "pending": (ImportAction.SKIP, True),
    "cancel_requested": (ImportAction.HOLD, False),
    "failed": (ImportAction.SKIP, False),
    "fully_refunded": (ImportAction.SKIP, False),
    "canceled": (ImportAction.SKIP, False),
}


CONNECTOR = Connector(
    key="ebay",
    label="eBay",
    rank=40,
    default_base_url="https://api.ebay.com",
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
            " and sell.inventory.readonly (and commerce.notification.subscription to be told of new orders). It is"
            " valid for 18 months.",
        ),
        CredentialField(
            "alert_email",
            "Alert e-mail address",
            "Only for webhooks: eBay writes here when it cannot reach this site.",
            secret=False,
            required=False,
        ),
    ),
    capabilities=Capabilities(orders_by_ids=orders.MOST_IDS),
    default_rules=tuple(DefaultRule(code, STATUSES[code], *effect) for code, effect in _ACTIONS.items()),
    check=checking.check,
    code_lists=checking.code_lists,
    orders_in_window=orders.orders_in_window,
    orders_by_ids=orders.orders_by_ids,
    order_by_number=orders.order_by_number,
    parse=parse,
    identify=identify,
    products=products.products,
    webhooks=Webhooks(
        verify=notifications.verify,
        read=notifications.read,
        registered=subscribing.webhooks,
        register=subscribing.register,
        signing_key=notifications.signing_key,
        fetch_signing_key=notifications.public_key,
        answer_challenge=notifications.answer_challenge,
        note="eBay tells of orders that are paid and shipped, and of people who close their account and must be"
        " forgotten. Cancellations and refunds come with the feeds.",
    ),
)
