"""WooCommerce, REST API v3. Facts as observed on 11.0.1 (HPOS) and 6.7.0 unless it says otherwise.

"Modified" is not moved by every change: on 6.7.0 neither by an address, a line, extras nor a refund, on 11.0.1 not by
an order note.

Written are shipments (entries of the plugin Shipment Tracking where a shop has it, else notes to the customer),
quantities, payments, the names of documents as notes, and orders.
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
from integrations.connectors.woocommerce import (
    checking,
    creation,
    notes,
    orders,
    products,
    quantities,
    shipments,
    webhooks,
)
from integrations.connectors.woocommerce.payload import identify, parse
from integrations.connectors.woocommerce.requests import LEAST_PAGE
from integrations.connectors.woocommerce.status import DEFAULT_RULES

CONNECTOR = Connector(
    key="woocommerce",
    label="WooCommerce",
    rank=10,
    credential_fields=(
        CredentialField(
            "consumer_key",
            "Consumer key",
            "Made in the shop under WooCommerce > Settings > Advanced > REST API, permission Read; Read/Write where the"
            " shop is to be told of shipments, stock or anything else. Begins with ck_.",
            secret=False,
        ),
        CredentialField("consumer_secret", "Consumer secret", "Shown once, beside the consumer key. Begins with cs_."),
    ),
    check=checking.check,
    code_lists=checking.code_lists,
    products=products.products,
    default_rules=DEFAULT_RULES,
    orders=Orders(
        orders.orders_in_window,
        orders.orders_by_ids,
        orders.order_by_number,
        orders.past_a_fault,
        looked_through=f"its newest {orders.SCANNED_PAGES * orders.MOST_IDS} orders",
    ),
    parse=parse,
    identify=identify,
    capabilities=Capabilities(orders_by_ids=orders.MOST_IDS, least_page=LEAST_PAGE),
    webhooks=Webhooks(
        verify=webhooks.is_signed,
        is_ping=webhooks.is_ping,
        read=webhooks.read,
        registered=webhooks.webhooks,
        register=webhooks.register,
    ),
    outward=Outward(
        shipments=Shipments(find=shipments.find, send=shipments.send, correct=shipments.correct),
        stock=StockLevels(at_once=quantities.AT_ONCE, send=quantities.send, read=quantities.read),
        pay=notes.pay,
        name_paper=notes.name_paper,
        creation=Creation(find=creation.find, create=creation.create),
        rights="The keys need the permission Read/Write, and must belong to a shop manager or an administrator.",
    ),
)
