"""Magento 1 and OpenMage, XML-RPC API. Facts as observed on OpenMage 20, or from its source (20.18.0).

An order comes with everything in it by its number; lists bring the heads of orders alone. There are no webhooks: the
feeds do the work. `updated_at` is not moved by everything, so orders that are open are read again by their numbers.
"""

from __future__ import annotations

from integrations.connectors.contract import Capabilities, Connector, CredentialField, Orders
from integrations.connectors.magento1 import checking, orders, products
from integrations.connectors.magento1.payload import identify, parse
from integrations.connectors.magento1.status import DEFAULT_RULES

CONNECTOR = Connector(
    key="magento1",
    label="Magento 1 / OpenMage",
    rank=75,
    credential_fields=(
        CredentialField(
            "user",
            "User name",
            "Of an API user, made in the shop's admin under System > Web Services > SOAP/XML-RPC - Users, with a role"
            " that may read Sales > Order > Retrieve orders info, products and Catalog Inventory.",
            secret=False,
        ),
        CredentialField("key", "API key", "The key that was entered for this user."),
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
