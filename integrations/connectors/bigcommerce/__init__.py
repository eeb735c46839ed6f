"""BigCommerce: orders by the V2 API with consignments; refunds, products and webhooks by V3.

Facts from the OpenAPI files of github:bigcommerce/docs unless it says otherwise. There is no filter for many ids: near
ones share a request, so a hundred cost between one request and a hundred. Which changes move date_modified is not
documented.
"""

from __future__ import annotations

from integrations.choices import ImportAction
from integrations.connectors.bigcommerce import checking, orders, products, webhooks
from integrations.connectors.bigcommerce.payload import identify, parse
from integrations.connectors.contract import Capabilities, Connector, CredentialField, DefaultRule, Webhooks
from integrations.connectors.kit.throttling import pause_of_window

CONNECTOR = Connector(
    key="bigcommerce",
    label="BigCommerce",
    rank=30,
    default_base_url="https://api.bigcommerce.com",
    credential_fields=(
        CredentialField(
            "store_hash",
            "Store hash",
            "The part after /stores/ in the API path, which is shown when the API account is made.",
            secret=False,
        ),
        CredentialField(
            "access_token",
            "Access token",
            "Made in the store under Settings > API > Store-level API accounts, with Orders, Products and Information "
            "& settings read-only. Shown once.",
        ),
        CredentialField(
            "client_secret", "Client secret", "Shown once, beside the access token. BigCommerce signs webhooks with it."
        ),
    ),
    capabilities=Capabilities(orders_by_ids=orders.MOST_IDS),
    # Partly shipped and partly refunded orders wait for a person: some of their goods are no longer to be sent.
    default_rules=(
        DefaultRule("1", "Pending", ImportAction.SKIP, retry=True),
        DefaultRule("7", "Awaiting Payment", ImportAction.SKIP, retry=True),
        DefaultRule("11", "Awaiting Fulfillment", ImportAction.VALID, retry=False),
        DefaultRule("9", "Awaiting Shipment", ImportAction.VALID, retry=False),
        DefaultRule("8", "Awaiting Pickup", ImportAction.VALID, retry=False),
        DefaultRule("12", "Manual Verification Required", ImportAction.HOLD, retry=False),
        DefaultRule("13", "Disputed", ImportAction.HOLD, retry=False),
        DefaultRule("3", "Partially Shipped", ImportAction.HOLD, retry=False),
        DefaultRule("14", "Partially Refunded", ImportAction.HOLD, retry=False),
        DefaultRule("2", "Shipped", ImportAction.HISTORY, retry=False),
        DefaultRule("10", "Completed", ImportAction.HISTORY, retry=False),
        DefaultRule("5", "Cancelled", ImportAction.SKIP, retry=False),
        DefaultRule("6", "Declined", ImportAction.SKIP, retry=False),
        DefaultRule("4", "Refunded", ImportAction.SKIP, retry=False),
    ),
    check=checking.check,
    code_lists=checking.code_lists,
    orders_in_window=orders.orders_in_window,
    orders_by_ids=orders.orders_by_ids,
    order_by_number=orders.order_by_number,
    parse=parse,
    identify=identify,
    products=products.products,
    pause_after=pause_of_window,
    webhooks=Webhooks(
        verify=webhooks.is_signed, read=webhooks.read, registered=webhooks.webhooks, register=webhooks.register
    ),
)
