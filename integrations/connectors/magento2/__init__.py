"""Magento 2 and Adobe Commerce, REST API. Facts as observed on 2.4.7, or from the schemas of 2.4.9 and the source.

`updated_at` is not moved by every change: neither by an address, by a comment, nor by tracking that is added later. The
Open Source edition has no webhooks, those of Adobe Commerce are not read: the feeds do the work.
"""

from __future__ import annotations

from integrations.connectors.contract import Capabilities, Connector, CredentialField, Orders
from integrations.connectors.magento2 import checking, orders, products
from integrations.connectors.magento2.payload import identify, parse
from integrations.connectors.magento2.status import DEFAULT_RULES

CONNECTOR = Connector(
    key="magento2",
    label="Magento 2",
    rank=70,
    credential_fields=(
        CredentialField(
            "consumer_key",
            "Consumer key",
            "Of an integration, made in the shop's admin under System > Extensions > Integrations with the resources"
            " Sales > Operations > Orders and Catalog > Inventory > Products, and activated there.",
            secret=False,
            required=False,
        ),
        CredentialField("consumer_secret", "Consumer secret", required=False),
        CredentialField(
            "access_token",
            "Access token",
            "The other three keys may stay empty where the shop takes this one alone, as a bearer token.",
        ),
        CredentialField("access_token_secret", "Access token secret", required=False),
        CredentialField(
            "store_code",
            "Store code",
            "Of the store view in whose words the shop answers; empty: all. Orders are those of all stores.",
            secret=False,
            required=False,
        ),
    ),
    check=checking.check,
    code_lists=checking.code_lists,
    products=products.products,
    default_rules=DEFAULT_RULES,
    orders=Orders(orders.orders_in_window, orders.orders_by_ids, orders.order_by_number, orders.past_a_fault),
    parse=parse,
    identify=identify,
    capabilities=Capabilities(orders_by_ids=orders.MOST_IDS),
)
