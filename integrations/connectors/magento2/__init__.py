"""Magento 2 and Adobe Commerce, REST API. Facts as observed on 2.4.7, or from the schemas of 2.4.9 and the source.

`updated_at` is not moved by every change: neither by an address, by a comment, nor by tracking that is added later. The
Open Source edition has no webhooks, those of Adobe Commerce are not read: the feeds do the work.

Orders are not made there. `PUT orders/create` saves one as it is: nothing reserves its goods, and once it is shipped or
cancelled, Magento gives back a reservation that was never made, and sells more than there is
(`InventorySales/Plugin/Sales/OrderManagement`). Carts have prices of the shop's own instead of what the buyer paid.
"""

from __future__ import annotations

from integrations.connectors.contract import (
    Capabilities,
    Connector,
    CredentialField,
    Orders,
    Outward,
    Shipments,
    StockLevels,
)
from integrations.connectors.magento2 import checking, orders, payments, products, quantities, shipments
from integrations.connectors.magento2.payload import identify, parse
from integrations.connectors.magento2.status import DEFAULT_RULES
from integrations.connectors.magento2.writing import RIGHTS

CONNECTOR = Connector(
    key="magento2",
    label="Magento 2",
    rank=70,
    credential_fields=(
        CredentialField(
            "consumer_key",
            "Consumer key",
            "Of an integration, made in the shop's admin under System > Extensions > Integrations with the resources"
            " Sales > Operations > Orders and Catalog > Inventory > Products, and activated there. To send shipments"
            f" and quantities it also needs {RIGHTS}.",
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
        CredentialField(
            "source_code",
            "Source code",
            "Of the source whose quantities are read and set, and from which goods are shipped; see Stores > Inventory"
            " > Sources. May stay empty where no product has more than one.",
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
    outward=Outward(
        shipments=Shipments(
            find=shipments.find, send=shipments.send, correct=shipments.correct, carriers=shipments.CARRIERS
        ),
        stock=StockLevels(at_once=quantities.AT_ONCE, send=quantities.send, read=quantities.read),
        pay=payments.pay,
        name_paper=payments.name_paper,
        rights=f"The integration in the shop's admin needs the resources {RIGHTS}, and to be reauthorized with them.",
    ),
)
