"""Magento 1 and OpenMage, XML-RPC API. Facts as observed on OpenMage 20, or from its source (20.18.0).

An order comes with everything in it by its number; lists bring the heads of orders alone. There are no webhooks: the
feeds do the work. `updated_at` is not moved by everything, so orders that are open are read again by their numbers.

Orders are not made there: the API has carts alone, which are priced by the shop's own rules instead of by what the
buyer paid, and writes to the buyer (`Checkout/Model/Cart/Api.php`).
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
from integrations.connectors.magento1 import checking, orders, payments, products, quantities, shipments
from integrations.connectors.magento1.payload import identify, parse
from integrations.connectors.magento1.status import DEFAULT_RULES
from integrations.connectors.magento1.writing import RIGHTS

CONNECTOR = Connector(
    key="magento1",
    label="Magento 1 / OpenMage",
    rank=75,
    credential_fields=(
        CredentialField(
            "user",
            "User name",
            "Of an API user, made in the shop's admin under System > Web Services > SOAP/XML-RPC - Users, with a role"
            " that may read Sales > Order > Retrieve orders info, products and Catalog Inventory. To send shipments and"
            f" quantities it also needs {RIGHTS}.",
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
    outward=Outward(
        shipments=Shipments(
            find=shipments.find, send=shipments.send, correct=shipments.correct, carriers=shipments.CARRIERS
        ),
        stock=StockLevels(at_once=quantities.AT_ONCE, send=quantities.send, read=quantities.read),
        pay=payments.pay,
        name_paper=payments.name_paper,
        rights=f"The role of the API user needs {RIGHTS}.",
    ),
)
