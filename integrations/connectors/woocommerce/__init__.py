"""WooCommerce, REST API v3. Facts as observed on 11.0.1 (HPOS) and 6.7.0 unless it says otherwise."""

from __future__ import annotations

from integrations.choices import ImportAction
from integrations.connectors.contract import Capabilities, Connector, CredentialField, DefaultRule, Webhooks
from integrations.connectors.woocommerce import checking, orders, products, webhooks
from integrations.connectors.woocommerce.payload import identify, parse
from integrations.connectors.woocommerce.requests import LEAST_PAGE

CONNECTOR = Connector(
    key="woocommerce",
    label="WooCommerce",
    rank=10,
    credential_fields=(
        CredentialField(
            "consumer_key",
            "Consumer key",
            "Made in the shop under WooCommerce > Settings > Advanced > REST API, permission Read. Begins with ck_.",
            secret=False,
        ),
        CredentialField("consumer_secret", "Consumer secret", "Shown once, beside the consumer key. Begins with cs_."),
    ),
    capabilities=Capabilities(orders_by_ids=orders.MOST_IDS, least_page=LEAST_PAGE),
    default_rules=(
        DefaultRule("pending", "Pending payment", ImportAction.SKIP, retry=True),
        DefaultRule("processing", "Processing", ImportAction.VALID, retry=False),
        DefaultRule("on-hold", "On hold", ImportAction.HOLD, retry=False),
        DefaultRule("completed", "Completed", ImportAction.HISTORY, retry=False),
        DefaultRule("cancelled", "Cancelled", ImportAction.SKIP, retry=False),
        DefaultRule("refunded", "Refunded", ImportAction.SKIP, retry=False),
        DefaultRule("failed", "Failed", ImportAction.SKIP, retry=False),
    ),
    check=checking.check,
    code_lists=checking.code_lists,
    orders_in_window=orders.orders_in_window,
    orders_by_ids=orders.orders_by_ids,
    order_by_number=orders.order_by_number,
    parse=parse,
    identify=identify,
    products=products.products,
    past_a_fault=orders.past_a_fault,
    webhooks=Webhooks(
        verify=webhooks.is_signed,
        read=webhooks.read,
        is_ping=webhooks.is_ping,
        registered=webhooks.webhooks,
        register=webhooks.register,
    ),
)
